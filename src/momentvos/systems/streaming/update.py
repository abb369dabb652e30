"""What is known of a sentence in one frame of a stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentvos.moment import Moment
from momentvos.results.masks import Box


@dataclass(frozen=True, eq=False)
class Update:
    """One sentence in one frame, as soon as it is known.

    Attributes:
        frame: number of the frame in the stream, from 0.
        time: its start in seconds.
        name: what the sentence is called in the stream.
        sentence: what was asked.
        mask: bool [H, W], the target's pixels; it stands, whatever comes later.
        confidence: of the mask, 0..1.
        relevance: of the frame, 0..1; it stands too.
        inside: whether the frame belongs to the moment.
        moment: the moment so far; of a long stream its latest spans.
        open: whether the last span reaches this frame, so that its end is not known yet.
        presence: how sure it is that the target occurs, 0..1, by what came so far.
        found: whether that is enough; it may still become true.
        delay: frames that had come after this one when it was known.
    """

    frame: int
    time: float
    name: str
    sentence: str
    mask: NDArray[np.bool_]
    confidence: float
    relevance: float
    inside: bool
    moment: Moment
    open: bool
    presence: float
    found: bool
    delay: int

    @property
    def box(self) -> Box | None:
        """(left, top, right, bottom) around the mask, right and bottom excluded; None: no mask."""
        rows, columns = np.flatnonzero(self.mask.any(1)), np.flatnonzero(self.mask.any(0))
        if not len(rows):
            return None
        return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dumps`; the mask as COCO RLE, or None where it is empty."""
        from momentvos.masklet import Masklet

        height, width = self.mask.shape
        masklet = Masklet((height, width))
        masklet.set(0, self.mask)
        return {
            "frame": self.frame,
            "time": round(self.time, 6),
            "name": self.name,
            "sentence": self.sentence,
            "inside": self.inside,
            "relevance": round(self.relevance, 6),
            "moment": self.moment.to_list(),
            "open": self.open,
            "found": self.found,
            "presence": round(self.presence, 6),
            "confidence": round(self.confidence, 6),
            "box": self.box,
            "mask": masklet.rle(0),
            "delay": self.delay,
        }

    def __repr__(self) -> str:
        """One line."""
        where = "inside" if self.inside else "outside"
        return (
            f"<Update {self.name!r} in frame {self.frame} ({self.time:.2f} s): {where}, "
            f"{int(self.mask.sum())} pixels, confidence {self.confidence:.2f}, "
            f"{self.delay} frames later>"
        )
