"""The result of a grounder: when a sentence holds in a video."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from momentvos.moment import Moment

if TYPE_CHECKING:
    from momentvos.media import Video
    from momentvos.results.prediction import Prediction

SCHEMA = 1


@dataclass(frozen=True)
class Grounding:
    """The grounding of one sentence in one video.

    relevance: per frame, 0..1. moment: M+, empty where the sentence holds nowhere.
    frames: the most relevant frames of the moment, best first. answer: a language model's,
    word for word. notes: for the user.
    """

    sentence: str
    grounder: str
    relevance: tuple[float, ...]
    moment: Moment
    frames: tuple[int, ...]
    answer: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        curve = tuple(min(max(round(float(value), 6), 0.0), 1.0) for value in self.relevance)
        object.__setattr__(self, "relevance", curve)
        if self.moment.clip(len(curve)) != self.moment:
            raise ValueError(f"{self.moment} in a video of {len(curve)} frames")
        if len(set(self.frames)) != len(self.frames) or any(
            frame not in self.moment for frame in self.frames
        ):
            raise ValueError(f"frames {self.frames} of {self.moment}")

    @property
    def found(self) -> bool:
        """Whether the sentence holds anywhere."""
        return bool(self.moment)

    def informing(self, prediction: Prediction) -> Prediction:
        """A prediction inside this moment, with the relevance and the notes of this grounding."""
        notes = tuple(dict.fromkeys((*prediction.notes, *self.notes)))
        return replace(prediction, relevance=self.relevance, notes=notes)

    def to_json(self, video: Video) -> dict[str, Any]:
        """Plain values for `json.dumps`; `video` is the one of this grounding."""
        return {
            "schema": SCHEMA,
            "video": asdict(video.facts),
            "sentence": self.sentence,
            "grounder": self.grounder,
            "found": self.found,
            "moment": self.moment.to_list(),
            "seconds": [
                [round(start, 6), round(end, 6)]
                for start, end in self.moment.seconds(video.times, video.durations)
            ],
            "frames": [
                {
                    "frame": frame,
                    "second": round(video.times[frame], 6),
                    "relevance": self.relevance[frame],
                }
                for frame in self.frames
            ],
            "relevance": list(self.relevance),
            "answer": self.answer,
            "notes": list(self.notes),
        }
