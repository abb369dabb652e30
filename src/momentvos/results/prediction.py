"""What a model answers for one video and one sentence."""

from __future__ import annotations

import math
import os
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentvos.errors import (
    ArgumentError,
    MomentError,
    MomentVOSError,
    OutputError,
    PredictionError,
)
from momentvos.json_text import from_text
from momentvos.masklet import Masklet
from momentvos.media.facts import VideoFacts
from momentvos.moment import Moment
from momentvos.ranges import shown
from momentvos.regular_file import read_text
from momentvos.results.masks import Box, Masks

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import supervision as sv
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from momentvos.media import Video
    from momentvos.media.video import VideoLike

SCHEMA = 2
READABLE = (1, 2)
"""Schemas that can be read; the first had no `method` and no `domain`."""
MAX_FRAMES = 10_000_000
MAX_TEXT = 1_000_000
MAX_BYTES = 1 << 30


@dataclass(frozen=True, repr=False)
class Prediction:
    """When the sentence holds and which pixels it means.

    found: whether the target occurs at all; presence: how sure that is, 0..1.
    moment, seconds: the same spans in frames and in seconds.
    relevance: per frame, 0..1; scores: confidence of the mask per frame, 0..1; both are kept to
    six decimals. notes: what the user should know ("truncated: 40 of 60 frames decode").
    method: the published method that answered ("TGL", "TGL, with track selection"). domain: what
    the model's weights know ("MomentWorld sprites"), None where nobody says. in_domain: whether the
    video shows that; False: the answer means little, and "not found" nothing at all; None where the
    model cannot tell.
    source: the video itself, for pictures of the answer; None once it was stored and loaded.
    """

    video: VideoFacts
    sentence: str
    model: str
    found: bool
    presence: float
    moment: Moment
    seconds: tuple[tuple[float, float], ...]
    relevance: tuple[float, ...]
    scores: tuple[float, ...]
    masklet: Masklet
    notes: tuple[str, ...] = ()
    method: str = ""
    domain: str | None = None
    in_domain: bool | None = None
    source: Video | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "presence", round(float(self.presence), 6))
        for name in ("relevance", "scores"):
            values = tuple(round(float(value), 6) for value in getattr(self, name))
            object.__setattr__(self, name, values)
        seconds = tuple((round(float(a), 6), round(float(b), 6)) for a, b in self.seconds)
        object.__setattr__(self, "seconds", seconds)
        if self.masklet.size != (self.video.height, self.video.width):
            raise ValueError(f"masks are {self.masklet.size}, the video is {self.video}")
        if not len(self.relevance) == len(self.scores) == self.video.length:
            raise ValueError("relevance and scores need one value per frame")
        figures = (self.presence, *self.relevance, *self.scores)
        if not all(map(math.isfinite, figures)):
            raise PredictionError(
                "The answer holds values that are no finite numbers: the model's weights are "
                "damaged, or its precision does not hold them (try --device cpu)."
            )
        if len(self.seconds) != len(self.moment.spans):
            raise ValueError("seconds need one pair per span of the moment")

    @property
    def verdict(self) -> str:
        """Whether the target occurs, in words for a picture."""
        if self.found:
            return "found"
        return "cannot tell" if self.in_domain is False else "not found"

    @property
    def masks(self) -> Masks:
        """A mask per frame, as a list has them: `masks[3]`, `masks[-1]`, `for mask in masks`."""
        return Masks(self.masklet, self.video.length)

    @property
    def times(self) -> tuple[float, ...]:
        """Start of each frame in seconds; without `source` spread evenly over the duration."""
        if self.source is not None and len(self.source) == self.video.length:
            return tuple(self.source.times)
        step = self.video.duration / self.video.length
        return tuple(frame * step for frame in range(self.video.length))

    def array(self) -> NDArray[np.bool_]:
        """All masks as bool [T, H, W]; see `Masks.array`."""
        return self.masks.array()

    def boxes(self) -> list[Box | None]:
        """A box per frame, None where there is no mask; see `Masks.boxes`."""
        return self.masks.boxes()

    def to_dataframe(self) -> pd.DataFrame:
        """One row a frame, as a table of pandas (extra `notebook`).

        The index is the frame; columns are second, in_moment, relevance, score, area, and left,
        top, right, bottom of the box around the mask, missing where there is no mask.
        Raises ExtraError without pandas.
        """
        from momentvos.results.tables import to_dataframe

        return to_dataframe(self)

    def to_supervision(self) -> list[sv.Detections]:
        """One `supervision.Detections` a frame (extra `notebook`), empty where there is no mask.

        Each has one detection: box, mask, score as confidence, class 0 named by the sentence, and
        track 1. Raises ExtraError without supervision, ArgumentError for masks of over 4 GiB;
        `momentvos.results.tables.detections` makes those of one frame.
        """
        from momentvos.results.tables import all_detections

        return all_detections(self)

    def plot(self, frames: int = 8) -> Figure:
        """A figure of matplotlib: at most `frames` frames with their masks, and the timeline.

        `plot().savefig("answer.png")` stores it. Frames that cannot be read any more are left out.
        Raises ArgumentError for a number of frames below 1 or above 64.
        """
        from momentvos.results.figure import figure

        return figure(self, frames)

    def show(self) -> None:
        """Show the answer: in a notebook below the cell, else in a window of matplotlib.

        Raises OutputError where there is neither; then `plot` makes a picture to store.
        """
        from momentvos.results.figure import show

        show(self)

    def __repr__(self) -> str:
        """One line, however long the video is."""
        when = "nowhere"
        if self.moment:
            spans = [f"{start:.2f}-{end:.2f} s" for start, end in self.seconds[:3]]
            more = f" and {len(self.seconds) - 3} more" if len(self.seconds) > 3 else ""
            when = ", ".join(spans) + more
        name = textwrap.shorten(self.sentence, 60, placeholder=" …")
        return (
            f"<Prediction {name!r} in {Path(self.video.path).name!r}: {self.verdict} "
            f"(presence {self.presence:.2f}), {when}, {len(self.moment)} of {self.video.length} "
            f"frames, by {self.model}>"
        )

    def _repr_html_(self) -> str:
        """What notebooks show: the verdict, frames with their masks, and the timeline."""
        from momentvos.results.html import to_html

        return to_html(self)

    def __getstate__(self) -> dict[str, Any]:
        """Without the video, which other processes open by its path."""
        return {**self.__dict__, "source": None}

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dumps`; masks as one COCO RLE or None per frame."""
        return {
            "schema": SCHEMA,
            "video": asdict(self.video),
            "sentence": self.sentence,
            "model": self.model,
            "method": self.method,
            "domain": self.domain,
            **({} if self.in_domain is None else {"in_domain": self.in_domain}),
            "found": self.found,
            "presence": self.presence,
            "moment": self.moment.to_list(),
            "seconds": [list(span) for span in self.seconds],
            "relevance": list(self.relevance),
            "scores": list(self.scores),
            "masks": self.masklet.to_json(self.video.length),
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, data: Any) -> Prediction:
        """Back from `to_json`. Raises PredictionError that names the field at fault."""
        fields = _Fields(data, "The prediction")
        schema = fields.whole("schema")
        if schema not in READABLE:
            raise PredictionError(
                f"The prediction has schema {schema}; this version of momentvos reads "
                f"{' and '.join(map(str, READABLE))}."
            )
        later = schema > 1
        video = _Fields(fields.value("video"), "The prediction's video")
        facts = VideoFacts(
            path=video.text("path"),
            width=video.whole("width", 1),
            height=video.whole("height", 1),
            fps=video.number("fps"),
            length=video.whole("length", 1),
            duration=video.number("duration"),
        )
        spans = fields.items("moment")
        try:
            moment = Moment(spans)
        except MomentError as error:
            raise PredictionError(f"The prediction's 'moment' is malformed: {error}") from None
        if moment.to_list() != spans or moment.clip(facts.length) != moment:
            raise PredictionError(
                "The prediction's 'moment' must be sorted, disjoint spans inside the video."
            )
        found = fields.value("found")
        if not isinstance(found, bool):
            raise PredictionError("The prediction's 'found' must be true or false.")
        in_domain = data.get("in_domain")
        if in_domain is not None and not isinstance(in_domain, bool):
            raise fields.wrong("in_domain", "true or false")
        masks = fields.items("masks", facts.length)
        return cls(
            video=facts,
            sentence=fields.text("sentence"),
            model=fields.text("model"),
            found=found,
            presence=fields.number("presence", high=1.0),
            moment=moment,
            seconds=tuple(_pair(span) for span in fields.items("seconds", len(spans))),
            relevance=fields.numbers("relevance", facts.length),
            scores=fields.numbers("scores", facts.length),
            masklet=Masklet.from_json(masks, (facts.height, facts.width)),
            notes=tuple(fields.texts("notes")),
            method=fields.text("method") if later else "",
            domain=fields.text("domain") if later and fields.value("domain") is not None else None,
            in_domain=in_domain,
        )

    @classmethod
    def load(cls, path: str | Path) -> Prediction:
        """Read a prediction.json, or the one in a folder written by `save`.

        Raises PredictionError for what is no such file.
        """
        path = _path(path, PredictionError)
        path = path / "prediction.json" if path.is_dir() else path
        try:
            if path.stat().st_size > MAX_BYTES:
                raise PredictionError(f"'{path}' is over {MAX_BYTES >> 30} GiB; not a prediction.")
            data = from_text(read_text(path, MAX_BYTES))
        except OSError as error:
            raise PredictionError(f"'{path}' cannot be read: {error.strerror}.") from None
        except ValueError:
            raise PredictionError(f"'{path}' is not a JSON file.") from None
        return cls.from_json(data)

    def save(
        self,
        folder: str | Path,
        video: VideoLike | None = None,
        progress: Callable[[int, int], None] | None = None,
        style: str = "highlight",
    ) -> Path:
        """Write prediction.json, overlay.mp4, masks/ and timeline.png into `folder`.

        The overlay of one picture is overlay.png. style: of the overlay: highlight, contour, fill,
        spotlight, blur or cutout.

        video: where the frames for the overlay come from; by default the video that was asked
        about, and where that is gone the overlay is left out and a note says so. progress: called
        with (frames done, frames in all). Earlier results in the folder are replaced when all new
        ones are complete, and stay as they are when anything fails. Returns the folder. Raises
        OutputError, and VideoError when `video` is not the video of this prediction.
        """
        from momentvos.results.folder import save_prediction

        if progress is not None and not callable(progress):
            raise ArgumentError(
                f"`progress` is a function of (done, total), not {shown(progress)}."
            )
        folder = _path(folder, OutputError)
        return save_prediction(self, folder, video=video, progress=progress, style=style)


def _path(path: Any, kind: type[MomentVOSError]) -> Path:
    """A path that a caller gives. Raises an error of `kind` for what is none."""
    if not isinstance(path, str | os.PathLike) or not str(path) or "\0" in str(path):
        raise kind(f"{shown(path)} is no path; give a text or a Path.")
    return Path(path)


class _Fields:
    """Typed access to a JSON object; each method raises PredictionError by the field's name."""

    def __init__(self, data: Any, name: str) -> None:
        if not isinstance(data, Mapping):
            raise PredictionError(f"{name} must be a JSON object.")
        self.data, self.name = data, name

    def value(self, key: str) -> Any:
        if key not in self.data:
            raise PredictionError(f"{self.name} has no '{key}'.")
        return self.data[key]

    def wrong(self, key: str, wanted: str) -> PredictionError:
        return PredictionError(f"{self.name}'s '{key}' must be {wanted}.")

    def whole(self, key: str, low: int = 0) -> int:
        value = self.value(key)
        if type(value) is not int or not low <= value <= MAX_FRAMES:
            raise self.wrong(key, f"a whole number from {low} to {MAX_FRAMES}")
        return value

    def number(self, key: str, high: float = 1e9) -> float:
        value = self.value(key)
        if not _is_number(value, high):
            raise self.wrong(key, f"a number from 0 to {high:g}")
        return float(value)

    def text(self, key: str) -> str:
        value = self.value(key)
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            raise self.wrong(key, f"text of at most {MAX_TEXT} characters")
        return value

    def items(self, key: str, length: int | None = None) -> list[Any]:
        value = self.value(key)
        if not isinstance(value, list) or len(value) > MAX_FRAMES:
            raise self.wrong(key, "a list")
        if length is not None and len(value) != length:
            raise self.wrong(key, f"a list of {length} entries, not {len(value)}")
        return value

    def numbers(self, key: str, length: int) -> tuple[float, ...]:
        values = self.items(key, length)
        if not all(_is_number(value, 1.0) for value in values):
            raise self.wrong(key, "a list of numbers from 0 to 1")
        return tuple(float(value) for value in values)

    def texts(self, key: str) -> list[str]:
        values = self.items(key)
        if not all(isinstance(value, str) and len(value) <= MAX_TEXT for value in values):
            raise self.wrong(key, "a list of texts")
        return values


def _is_number(value: Any, high: float) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and 0 <= value <= high  # NaN is neither
    )


def _pair(span: Any) -> tuple[float, float]:
    if not (isinstance(span, list) and len(span) == 2 and all(_is_number(v, 1e9) for v in span)):
        raise PredictionError("The prediction's 'seconds' must be pairs [start, end].")
    return float(span[0]), float(span[1])
