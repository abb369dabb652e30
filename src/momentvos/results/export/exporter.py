"""What an exporter is, and the options that a user can set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from momentvos.errors import OutputError

if TYPE_CHECKING:
    from momentvos.media.video import Video
    from momentvos.results.prediction import Prediction

MOST_PIXELS = 500
"""Largest `feather`, `grow` and shrinking, in pixels."""


@dataclass(frozen=True)
class Options:
    """What a user may set; an exporter names those that it reads in `Exporter.options`.

    Attributes:
        video: where frames and times come from: an open video, a file, or a folder of files with
            the names of the videos; by default the file that was asked about.
        feather: width in pixels of the soft edge of masks, half of it inside.
        grow: pixels by which masks grow; negative: shrink.
        moment_only: leave out masks outside of the moment; a timeline is cut to the moments.
        background: colour behind a cutout, as CSS writes it (``#00ff00``, ``white``).
        images: write the frames beside the annotations too, as JPEG.
        values: words of `Exporter.choices` by their keys.
        progress: called with (frames done, frames in all) for each prediction.

    Raises:
        OutputError: for a number that is out of bounds.
    """

    video: Video | str | Path | None = None
    feather: float = 0.0
    grow: float = 0.0
    moment_only: bool = False
    background: str | None = None
    images: bool = False
    values: Mapping[str, str] = field(default_factory=dict)
    progress: Callable[[int, int], None] | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.feather <= MOST_PIXELS:
            raise OutputError(
                f"A feather of {self.feather:g} pixels is out of bounds; give 0 to {MOST_PIXELS}."
            )
        if not -MOST_PIXELS <= self.grow <= MOST_PIXELS:
            raise OutputError(
                f"Masks cannot grow by {self.grow:g} pixels; give {-MOST_PIXELS} to {MOST_PIXELS}."
            )

    @property
    def given(self) -> set[str]:
        """Names of the options that differ from their defaults, without `video`."""
        names = ("feather", "grow", "moment_only", "background", "images")
        return {name for name in names if getattr(self, name)} | set(self.values)

    def report(self, done: int, total: int) -> None:
        """Call `progress`, where there is one."""
        if self.progress is not None:
            self.progress(done, total)


Write = Callable[["Sequence[Prediction]", Path, Options], "Iterable[str] | None"]


@dataclass(frozen=True)
class Exporter:
    """A format that predictions are written in, known before anything heavy is imported.

    Attributes:
        title: one line for people: what it is, and who opens it.
        write: function ``package.module:function``; it takes a list of predictions, the path to
            write (a new file, or a new empty folder) and `Options`, and returns notes for the
            user or None. It raises a MomentVOSError for what a user can mend.
        suffixes: endings of its files, the default first; an empty one stands for a folder.
        holds: what one output takes: every sentence about any ``videos``, every sentence about
            one ``video``, or one ``sentence``.
        options: fields of `Options` that it reads, beside `video` and `progress`.
        choices: its own options: key to the words that it takes, the default first; none: any text.
        ours: regular expression for the paths below a folder, with slashes, that it writes and
            may replace; with an empty one the folder must be new or empty.
        requires: modules that it imports, if they are no part of MomentVOS.
        extra: extra of MomentVOS that installs them, or what else to install.
    """

    title: str
    write: str
    suffixes: tuple[str, ...]
    holds: Literal["videos", "video", "sentence"] = "videos"
    options: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ours: str = ""
    requires: tuple[str, ...] = ()
    extra: str = ""

    @property
    def is_folder(self) -> bool:
        """Whether its output is a folder, unless a name with a suffix is given."""
        return self.suffixes[0] == ""

    def load(self) -> Write:
        """Import the function. Raises OutputError where it cannot be."""
        module, _, attribute = self.write.partition(":")
        try:
            function: Any = getattr(import_module(module), attribute)
        except (ImportError, AttributeError, ValueError) as error:
            raise OutputError(f"{self.title} ({self.write}) cannot be imported: {error}.") from None
        written: Write = function
        return written

    def check(self, name: str, options: Options, suffix: str = "") -> None:
        """Raise OutputError for options that mean nothing here and for libraries that lack.

        suffix: of the output, where it is known.
        """
        takes = {*self.options, *self.choices}
        for given in sorted(options.given - takes):
            flag = f"--{given.replace('_', '-')}" if hasattr(options, given) else f"--set {given}"
            said = ", ".join(one.replace("_", "-") for one in sorted(takes)) or "none"
            raise OutputError(f"{flag} means nothing for {name}; its options: {said}.")
        for key, value in options.values.items():
            if self.choices[key] and value not in self.choices[key]:
                words = " or ".join(self.choices[key])
                raise OutputError(f"{key}={value} is unknown to {name}; {key} is {words}.")
        lacking = [one for one in self.requires if find_spec(one) is None]
        if lacking:
            raise OutputError(
                f"{name} needs the package {lacking[0]}, which is not installed: "
                f"pip install {self.extra or lacking[0]}"
            )

    def choice(self, key: str, options: Options) -> str:
        """The word that a user chose for one of `choices`, or the default."""
        return options.values.get(key, next(iter(self.choices[key]), ""))
