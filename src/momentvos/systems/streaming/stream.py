"""A stream: frames in, one by one; what is known of each sentence out, a bounded time later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import torch

from momentvos.errors import ArgumentError, ModelError
from momentvos.guard import MISFITS, guarded
from momentvos.ranges import shown
from momentvos.sam2.family import title
from momentvos.sentence import check, check_no_path
from momentvos.systems import domain
from momentvos.systems.loading import evaluating
from momentvos.systems.streaming.answer import LiveAnswer
from momentvos.systems.streaming.domain_so_far import DomainSoFar
from momentvos.systems.streaming.given import Given, GivenFollower
from momentvos.systems.streaming.intake import Intake
from momentvos.systems.streaming.masks import LiveMasks
from momentvos.systems.streaming.session import Due, Follower, StreamSession
from momentvos.systems.streaming.update import Update

if TYPE_CHECKING:
    from momentvos.results.prediction import Prediction

KEEP = 108_000
"""Frames of a sentence whose answers are kept for its prediction: an hour at 30 a second."""
SENTENCES = 64
"""Most sentences at once."""
FRAMES_FIRST = (
    "give frames in front of sentences, stream(momentvos.Video.open(path), sentences), or push them"
)


class Stream:
    """What `System.stream` gives: a context manager, and an iterator where it was given frames.

    Not for several threads at once.

    Attributes:
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
        self._session, self._source = session, frames
        self._keep, self._name = keep, name
        self._masks = LiveMasks(session)
        self._answers: dict[str, LiveAnswer] = {}
        self._intake = Intake(name, session.fps, size)
        self._objects = 0
        self._domain = DomainSoFar(session)
        self._finished = self._closed = False
        self._notes = (*notes, *(f"streamed: {one}" for one in session.deviations))
        self.method, self.fps = session.method, session.fps
        self.predictions: list[Prediction] = []

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know, such as how it differs from the run of a whole video."""
        if self.in_domain is not False:
            return self._notes
        return (domain.note(self._session.config.domain), *self._notes)

    @property
    def in_domain(self) -> bool | None:
        """Whether the stream shows what the model knows; None where nobody can tell, or not yet."""
        return self._domain.holds

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
        return {"frames": len(self._session.frames), "memories": len(self._masks)}

    def __len__(self) -> int:
        """Number of frames that have come."""
        return self._intake.count

    def add(
        self,
        sentence: str,
        name: str | None = None,
        *,
        mask: Any = None,
        box: Sequence[float] | None = None,
    ) -> str:
        """Ask for a sentence from the next frame on, and return its name.

        Args:
            sentence: what to find.
            name: what it is called in updates and by `drop`; by default the sentence itself.
            mask, box: where it is in the next frame, if you know: an array [H, W], or (left, top,
                right, bottom) in pixels. It is then followed by SAM2 alone, without delay, and the
                sentence is only its label; every system can do that.

        Raises:
            SentenceError: the sentence is empty or too long, or a path without a mask or box.
            ModelError: the system cannot stream sentences.
            ArgumentError: the name is taken, there are too many, or the mask or box is none.
        """
        self._check_open()
        check(sentence)
        if mask is None and box is None:  # else it is only a label
            check_no_path(sentence, FRAMES_FIRST)
        if name is None:
            name = self._free_name(sentence)
        elif not isinstance(name, str) or not name:
            raise ArgumentError(f"The name of a sentence is text, not {shown(name)}.")
        elif name in self._answers:
            raise ArgumentError(f"There is a sentence named '{name}' already; drop it first.")
        if len(self._answers) >= SENTENCES:
            raise ArgumentError(f"There are {SENTENCES} sentences already; drop one first.")
        obj_id, start, session = self._objects, self._intake.count, self._session
        given = Given.of(mask, box)
        method, threshold = session.method, float(session.config.presence_threshold)
        follower: Follower
        if given is not None:
            if self._intake.size is not None:
                given.check(self._intake.size)
            follower = GivenFollower(obj_id, sentence, given, start)
            method, threshold = title(session.model.sam), 0.0
        else:
            with self._working():
                follower = session.follow(obj_id, sentence, start)
        self._objects += 1
        self._masks.begin(obj_id, follower)
        self._answers[name] = LiveAnswer(
            name, sentence, obj_id, method, start, follower, self._keep, threshold
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
        with self._working():
            answer.follower.finish()
            self._advance([answer])
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
        number, rgb = self._intake.count, self._intake.take(frame, time)
        if number == 0:
            self._masks.check_size((rgb.shape[0], rgb.shape[1]))
        self._session.push(number, rgb)
        with self._working():
            self._domain.push(rgb)
            for answer in self._answers.values():
                answer.follower.push(number)
            return self._advance(list(self._answers.values()))

    def finish(self) -> list[Update]:
        """Take note that no frame follows; return the last updates."""
        if self._finished or self._closed:
            return []
        with self._working():
            for answer in self._answers.values():
                answer.follower.finish()
            updates = self._advance(list(self._answers.values()))
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
        if isinstance(error, KeyboardInterrupt):
            self._finished = True  # it may have come in the midst of a frame
        if error is None or self._finished:
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
        return f"<Stream by {self.method} for {asked}: {len(self)} frames, delay {self.delay}>"

    def _advance(self, answers: list[LiveAnswer]) -> list[Update]:
        """Segment what is due for some sentences, frame by frame, all of them in one batch."""
        updates: list[Update] = []
        turns: dict[str, Due] = {}
        while True:
            for one in answers:
                if one.name not in turns and (due := one.follower.next()) is not None:
                    turns[one.name] = due
            if not turns:
                break
            frame = min(due.frame for due in turns.values())
            behind = {name for name, due in turns.items() if due.frame == frame}
            now = [(one, turns.pop(one.name)) for one in answers if one.name in behind]
            masks = self._masks.segment(now)
            time, delay = self._intake.time(frame), self._intake.count - 1 - frame
            for (answer, due), mask in zip(now, masks, strict=True):
                updates.append(answer.add(due, time, mask, delay))
        needed = (one.follower.needs for one in self._answers.values())
        first = min(needed, default=self._intake.count)
        self._session.forget(first)
        self._intake.forget(first)
        return updates

    def _end(self, answer: LiveAnswer) -> Prediction | None:
        """A sentence's prediction, after which nothing is held of it."""
        made = None
        if answer.complete:
            made = answer.prediction(
                self._session, self._session.frames.size, self._name, self.notes, self.in_domain
            )
        answer.close()
        self._masks.end(answer.obj_id)
        self._session.end(answer.obj_id)
        return made

    def _release(self) -> None:
        for answer in self._answers.values():
            answer.close()
        self._answers.clear()
        self._session.forget(self._intake.count)
        self._closed = True

    def _check_open(self) -> None:
        if self._closed or self._finished:
            raise ArgumentError("The stream is closed; begin another one: model.stream(...).")

    def _free_name(self, sentence: str) -> str:
        name, number = sentence, 2
        while name in self._answers:
            name, number = f"{sentence} ({number})", number + 1
        return name

    @contextmanager
    def _working(self) -> Iterator[None]:
        """Where the model computes: without gradients; parts that do not fit are its own fault."""
        model = self._session.model
        sentence = f"The model '{model.name}' cannot work on this"
        # To look through all modules at every frame takes as long as a small model's frame.
        still = evaluating(model) if model.training else torch.inference_mode()
        with still, guarded(ModelError, sentence, MISFITS):
            yield
