"""What a model answers for one video and one sentence."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentvos.errors import MomentError, PredictionError
from momentvos.json_text import from_text
from momentvos.masklet import Masklet
from momentvos.media.facts import VideoFacts
from momentvos.moment import Moment
from momentvos.regular_file import read_text

if TYPE_CHECKING:
    from momentvos.media import Video

SCHEMA = 2
READABLE = (1, 2)
"""Schemas that can be read; the first had no `method` and no `domain`."""
MAX_FRAMES = 10_000_000
MAX_TEXT = 1_000_000
MAX_BYTES = 1 << 30


@dataclass(frozen=True)
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
        """Read a prediction.json, or the one in a folder written by `save`."""
        path = Path(path)
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
        video: Video | str | Path | None = None,
        progress: Callable[[int, int], None] | None = None,
        style: str = "highlight",
    ) -> Path:
        """Write prediction.json, overlay.mp4, masks/ and timeline.png into `folder`.

        The overlay of one picture is overlay.png. style: of the overlay: highlight, contour, fill,
        spotlight, blur or cutout.

        video: where the frames for the overlay come from; by default the file that was asked
        about, and where that is gone the overlay is left out and a note says so. progress: called
        with (frames done, frames in all). Earlier results in the folder are replaced when all new
        ones are complete, and stay as they are when anything fails. Returns the folder. Raises
        OutputError, and VideoError when `video` is not the video of this prediction.
        """
        from momentvos.results.folder import save_prediction

        return save_prediction(self, folder, video=video, progress=progress, style=style)


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
