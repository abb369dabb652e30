"""The benchmarks by name: which files, which split, which figures, which server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from momentvos.errors import BenchmarkError

if TYPE_CHECKING:
    from momentvos.data.sample import Sample


@dataclass(frozen=True)
class Layout:
    """How a server wants masks: ``folder/video/expression/frame.png``, each 8 bit grey, 0 or 255,
    of the frame's own size.

    folder: what the video folders lie in; "" is the root of the zip. about: where it goes.
    """

    folder: str
    about: str

    def files(self, sample: Sample, frames: Sequence[str]) -> list[str]:
        """Path of every frame's picture. Raises BenchmarkError for names that leave the zip."""
        place = PurePosixPath(self.folder, sample.video_id, sample.expression_id)
        paths = [place / f"{frame}.png" for frame in frames]
        if any(path.is_absolute() or ".." in path.parts for path in paths):
            raise BenchmarkError(f"'{place}' cannot be a folder of a submission.")
        return [str(path) for path in paths]


@dataclass(frozen=True)
class Benchmark:
    """A data set with its protocol.

    splits: their names, the one that is used by default first. layout: of a submission, None
    where there is neither a server nor an official program that reads one.
    """

    name: str
    about: str
    splits: tuple[str, ...]
    read: Callable[[Path, str], Sequence[Sample]]
    layout: Layout | None = None

    def videos(self, root: Path, split: str | None = None) -> list[list[Sample]]:
        """The samples of a split, grouped by video, in the data set's order.

        Raises BenchmarkError for a split there is not, DataError for what is missing or broken.
        """
        if split is not None and split not in self.splits:
            raise BenchmarkError(
                f"{self.name} has no split '{split}'; choose {', '.join(self.splits)}."
            )
        samples = self.read(root, split or self.splits[0])
        order = {name: row for row, name in enumerate(dict.fromkeys(s.video_id for s in samples))}
        ordered = sorted(samples, key=lambda sample: order[sample.video_id])
        return [list(group) for _, group in groupby(ordered, key=lambda sample: sample.video_id)]

    @property
    def submission(self) -> Layout:
        """The layout of a submission. Raises BenchmarkError where there is none."""
        if self.layout is None:
            raise BenchmarkError(f"{self.name} takes no submissions; leave out --submit.")
        return self.layout


def frame_names(sample: Sample) -> Sequence[str]:
    """What the data set calls a sample's frames; their numbers where it has files of its own."""
    images = getattr(sample, "images", None)
    if images is not None:
        return [path.stem for path in images]
    return [f"{number:05d}" for number in range(sample.length)]


def has_truth(sample: Sample) -> bool:
    """Whether the masks of a sample are there; those of a server's split are not."""
    return bool(getattr(sample, "annotated", True))


def _mevis(root: Path, split: str) -> Sequence[Sample]:
    from momentvos.data.formats.mevis import read

    return read(root, split)


BENCHMARKS = {
    one.name: one
    for one in (
        Benchmark(
            "mevis",
            "motion expressions; mean over expressions",
            ("valid_u", "valid", "train"),
            _mevis,
            Layout("", "the MeViS server"),
        ),
        Benchmark(
            "momentworld",
            "what `momentvos world make` has written",
            ("test", "val", "train"),
            _mevis,
            Layout("", "no server; as MeViS"),
        ),
    )
}


def benchmark(name: str) -> Benchmark:
    """The benchmark of a name. Raises BenchmarkError where there is none."""
    if name not in BENCHMARKS:
        raise BenchmarkError(
            f"There is no benchmark '{name}'; choose one of {', '.join(sorted(BENCHMARKS))}."
        )
    return BENCHMARKS[name]
