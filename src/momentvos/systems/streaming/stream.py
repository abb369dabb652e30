"""A stream: frames in, one by one; what is known of each sentence out, a bounded time later."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from momentvos.errors import ArgumentError, ModelError, VideoError
from momentvos.guard import MISFITS, guarded
from momentvos.media.frame import Frame, check_size
from momentvos.media.frame_pixels import pixels_of
from momentvos.propagation.live import LiveRun
from momentvos.ranges import shown
from momentvos.selection import mask_confidence
from momentvos.sentence import check
from momentvos.systems import domain
from momentvos.systems.loading import evaluating
from momentvos.systems.streaming.answer import LiveAnswer
from momentvos.systems.streaming.domain_so_far import DomainSoFar
from momentvos.systems.streaming.session import Due, StreamSession
from momentvos.systems.streaming.update import Update

if TYPE_CHECKING:
    from momentvos.propagation import Segmented
    from momentvos.results.prediction import Prediction

KEEP = 108_000
"""Frames of a sentence whose answers are kept for its prediction: an hour at 30 a second."""
SENTENCES = 64
"""Most sentences at once."""


class Stream:
    """What `System.stream` gives: a context manager, and an iterator where it was given frames.

    Not for several threads at once.

    Attributes:
        notes: what the user should know, such as how it differs from the run of a whole video.
        method: the published method, in a few words.
        fps: frames a second.
        predictions: of all sentences that are still there when the stream is closed.

    Args:
        session: the system at work.
        frames: as in `System.stream`, or None.
        size: (height, width) of all frames; None: of the first one.
        keep: most frames whose answers are kept.
        name: stands in for the path of a video in predictions.
    """

    def __init__(
        self,
        session: StreamSession,
        frames: Iterable[Any] | None = None,
        size: tuple[int, int] | None = None,
        keep: int = KEEP,
        name: str = "stream",
        notes: tuple[str, ...] = (),
    ) -> None:
        self._session, self._source, self._size = session, frames, size
        self._keep, self._name = keep, name
        self._run = LiveRun(
            session.model.sam,
            session.features,
            session.prompts,
            session.decoder_options,
            session.memory_mask_hook(),
        )
        self._answers: dict[str, LiveAnswer] = {}
        self._count = self._objects = 0
        self._times: dict[int, float] = {}
        self._origin = 0.0
        self._domain = DomainSoFar(session)
        self._finished = self._closed = False
        self.notes = (*notes, *(f"streamed: {one}" for one in session.deviations))
        self.method, self.fps = session.method, session.fps
        self.predictions: list[Prediction] = []

    @property
    def delay(self) -> int:
        """Most frames that come after a frame before all that is asked about it is known."""
        return max((one.follower.delay for one in self._answers.values()), default=0)

    @property
    def names(self) -> list[str]:
        """Names of the sentences, in the order in which they were added."""
        return list(self._answers)

    @property
    def held(self) -> dict[str, int]:
        """What is held at present: numbers of "frames" and of "memories"; bounded for ever."""
        return {"frames": len(self._session.frames), "memories": len(self._run)}

    def __len__(self) -> int:
        """Number of frames that have come."""
        return self._count

    def add(self, sentence: str, name: str | None = None) -> str:
        """Ask for a sentence from the next frame on, and return its name.

        name: what it is called in updates and by `drop`; by default the sentence itself.
        Raises SentenceError, and ArgumentError for a name that is taken and for too many.
        """
        self._check_open()
        check(sentence)
        if name is None:
            name = self._free_name(sentence)
        elif not isinstance(name, str) or not name:
            raise ArgumentError(f"The name of a sentence is text, not {shown(name)}.")
        elif name in self._answers:
            raise ArgumentError(f"There is a sentence named '{name}' already; drop it first.")
        if len(self._answers) >= SENTENCES:
            raise ArgumentError(f"There are {SENTENCES} sentences already; drop one first.")
        obj_id, session = self._objects, self._session
        with evaluating(session.model), self._guarded():
            follower = session.follow(obj_id, sentence, self._count)
        self._objects += 1
        self._run.begin(obj_id, follower.reads)
        threshold = float(session.config.presence_threshold)
        self._answers[name] = LiveAnswer(
            name, sentence, obj_id, self._count, follower, self._keep, threshold
        )
        return name

    def drop(self, name: str) -> Prediction | None:
        """Ask no more for a sentence, and return its prediction up to the latest frame.

        None where no frame came since it was added, or where more came than are kept.
        Raises ArgumentError for a name that there is not.
        """
        self._check_open()
        if name not in self._answers:
            known = ", ".join(f"'{one}'" for one in self._answers) or "none"
            raise ArgumentError(f"There is no sentence named {shown(name)}; there are {known}.")
        answer = self._answers[name]
        answer.follower.finish()
        for _ in self._advance([answer]):
            pass
        del self._answers[name]
        return self._end(answer)

    def push(self, frame: Any, time: float | None = None) -> list[Update]:
        """Take the next frame; return what is known now and was not known before.

        Updates come in the order of frames, at most `delay` frames after their own; `finish`
        returns the last ones.

        Args:
            frame: uint8 or float 0..1 as [H, W, 3], [3, H, W] or grey [H, W], a Pillow image, or a
                :class:`momentvos.media.Frame`. Colours are red, green, blue.
            time: its start in seconds by any clock, after that of the frame before; by default
                that of a `Frame`, else by `fps`. In updates the first frame's is 0.

        Raises:
            VideoError: it is no frame, or of another size than the first one.
            ArgumentError: the time does not follow the one before.
        """
        self._check_open()
        rgb = pixels_of(frame, self._count)
        self._check_size(rgb)
        if time is None and isinstance(frame, Frame):
            time = frame.time
        self._times[self._count] = self._time(time)
        number, self._count = self._count, self._count + 1
        self._session.frames.push(number, rgb)
        with evaluating(self._session.model), self._guarded():
            self._domain.push(rgb)
            for answer in self._answers.values():
                answer.follower.push(number)
        return list(self._advance(list(self._answers.values())))

    def finish(self) -> list[Update]:
        """Take note that no frame follows; return the last updates."""
        if self._finished or self._closed:
            return []
        with evaluating(self._session.model), self._guarded():
            for answer in self._answers.values():
                answer.follower.finish()
        updates = list(self._advance(list(self._answers.values())))
        self._finished = True
        return updates

    def close(self) -> list[Prediction]:
        """End the stream, and return a prediction for each sentence, in order.

        Sentences of which more frames came than are kept, or none, are left out.
        """
        if not self._closed:
            self.finish()
            ended = [self._end(answer) for answer in self._answers.values()]
            self.predictions = [one for one in ended if one is not None]
            self._release()
        return self.predictions

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:
            self._release()

    def __iter__(self) -> Iterator[Update]:
        """Updates of the frames that the stream was given, as they come; closes it at their end.

        Raises ArgumentError where it was given none: then `push` takes them.
        """
        if self._source is None:
            raise ArgumentError(
                "This stream was made without frames: write stream(frames, sentences), or push "
                "them: stream.push(frame)."
            )
        source, self._source = iter(self._source), iter(())
        for frame in source:
            yield from self.push(frame)
        yield from self.finish()
        self.close()

    def __repr__(self) -> str:
        """One line."""
        asked = ", ".join(repr(one) for one in self._answers) or "nothing"
        return f"<Stream of {self.method} for {asked}: {self._count} frames, delay {self.delay}>"

    def _advance(self, answers: list[LiveAnswer]) -> Iterator[Update]:
        """Segment what is due for some sentences, frame by frame, all of them in one batch."""
        session, turns = self._session, dict[str, Due]()
        while True:
            with evaluating(session.model), self._guarded():
                for one in answers:
                    if one.name not in turns and (due := one.follower.next()) is not None:
                        turns[one.name] = due
                if not turns:
                    break
                frame = min(due.frame for due in turns.values())
                now = [one for one in answers if one.name in turns]
                now = [one for one in now if turns[one.name].frame == frame]
                updates = self._segment(frame, [(one, turns.pop(one.name)) for one in now])
            yield from updates
        needed = (one.follower.needs for one in self._answers.values())
        first = min(needed, default=self._count)
        session.forget(first)
        for old in [frame for frame in self._times if frame < min(first, self._count - 1)]:
            del self._times[old]

    def _segment(self, frame: int, turns: list[tuple[LiveAnswer, Due]]) -> list[Update]:
        """Masks of one frame."""
        session, radius = self._session, self._session.config.guided_radius
        known: dict[int, tuple[NDArray[np.bool_], float]] = {}
        steps = tuple(due.step for _, due in turns if due.step is not None)
        by_object = {answer.obj_id: answer for answer, _ in turns}
        for part in self._run.stage(steps):
            for step, mask, confidence, probability in self._masks(part, radius):
                known[step.obj_id] = (mask, confidence)
                if session.counts(step):
                    by_object[step.obj_id].count(probability)
        empty = (np.zeros(session.frames.size, dtype=bool), 0.0)
        time, delay = self._times[frame], self._count - 1 - frame
        return [
            answer.add(due, time, *known.get(answer.obj_id, empty), delay) for answer, due in turns
        ]

    def _masks(
        self, part: Segmented, radius: int
    ) -> Iterator[tuple[Any, NDArray[np.bool_], float, float]]:
        rows = zip(part.steps, part.decoded.logits, part.decoded.score, strict=True)
        for step, logits, score in rows:
            probability = float(score.float().sigmoid())
            mask = self._session.frames.mask(logits, step.frame, radius)
            yield step, mask, probability * mask_confidence(logits), probability

    def _end(self, answer: LiveAnswer) -> Prediction | None:
        """A sentence's prediction, after which nothing is held of it."""
        made = None
        if answer.complete:
            in_domain = self._domain.holds
            known = self._session.config.domain
            notes = self.notes if in_domain is not False else (domain.note(known), *self.notes)
            made = answer.prediction(
                self._session, self._session.frames.size, self._name, notes, in_domain
            )
        answer.close()
        self._run.end(answer.obj_id)
        self._session.end(answer.obj_id)
        return made

    def _release(self) -> None:
        for answer in self._answers.values():
            answer.close()
        self._answers.clear()
        self._session.forget(self._count)
        self._closed = True

    def _check_open(self) -> None:
        if self._closed or self._finished:
            raise ArgumentError("The stream is closed; begin another one: model.stream(...).")

    def _check_size(self, rgb: NDArray[np.uint8]) -> None:
        size = (rgb.shape[0], rgb.shape[1])
        if self._size is None:
            check_size(self._name, *size)
            self._size = size
        if size != self._size:
            (height, width), before = self._size, "frame 0 is" if self._count else "they were to be"
            raise VideoError(
                f"Frame {self._count} is {size[1]} x {size[0]} pixels, but {before} {width} x "
                f"{height}; all frames of a stream must be alike: scale it, or begin another stream."
            )

    def _time(self, time: float | None) -> float:
        """Start of the next frame, in seconds after that of the first one."""
        before = self._times.get(self._count - 1)
        if time is None:
            regular = self._count / self.fps
            return regular if before is None or before < regular else before + 1 / self.fps
        if isinstance(time, bool) or not isinstance(time, int | float | np.number):
            raise ArgumentError(f"The time of a frame is in seconds, not {shown(time)}.")
        if not math.isfinite(time):
            raise ArgumentError(f"The time of frame {self._count} is {time}.")
        if before is None:
            self._origin = float(time)
        made = float(time) - self._origin
        if before is not None and made <= before:
            raise ArgumentError(
                f"The time of frame {self._count}, {float(time):g} s, does not follow that of the "
                f"frame before it, {before + self._origin:g} s."
            )
        return made

    def _free_name(self, sentence: str) -> str:
        name, number = sentence, 2
        while name in self._answers:
            name, number = f"{sentence} ({number})", number + 1
        return name

    def _guarded(self) -> Any:
        return guarded(
            ModelError, f"The model '{self._session.model.name}' cannot work on this", MISFITS
        )
