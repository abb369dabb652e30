"""What a clip costs: seconds of whatever does the work, and bytes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cost:
    """What one clip costs with all its sentences.

    Attributes:
        load: seconds until a worker is ready; once a worker.
        fetched, written: bytes.
        decode: seconds of a core.
        model: seconds of the device, with the files that are written of it.
        record: seconds of the run's one driver to write the clip's lines.
        conclude: seconds of the driver at the end, for the page and the table.
    """

    load: float = 0.0
    fetched: float = 0.0
    written: float = 0.0
    decode: float = 0.0
    model: float = 0.0
    record: float = 0.0
    conclude: float = 0.0


@dataclass(frozen=True, slots=True)
class Rates:
    """What was measured, from which the cost of any clip of that kind follows.

    Attributes:
        load: seconds until a worker is ready.
        fetched: bytes a frame. written: bytes a sentence.
        decode: core seconds a frame.
        first, further: seconds of the device a frame, of the first and each further sentence.
        record, conclude: seconds of the driver a line, when it comes and at the end.
    """

    load: float
    fetched: float
    written: float
    decode: float
    first: float
    further: float
    record: float
    conclude: float

    def clip(self, frames: float, sentences: int = 1) -> Cost:
        """The cost of a clip of so many frames, in proportion."""
        return Cost(
            load=self.load,
            fetched=self.fetched * frames,
            written=self.written * sentences,
            decode=self.decode * frames,
            model=(self.first + (sentences - 1) * self.further) * frames,
            record=self.record * sentences,
            conclude=self.conclude * sentences,
        )
