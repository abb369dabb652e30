"""What is kept in a journal of sentences that go through a video together, and of their answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from momentvos.errors import PredictionError
from momentvos.masklet import Masklet
from momentvos.moment import Moment
from momentvos.notice import warn
from momentvos.propagation import Checkpoint
from momentvos.results.journal import NO_JOURNAL, UNUSABLE, Journal, resumed
from momentvos.results.prediction import Prediction
from momentvos.results.record import State
from momentvos.systems.question import question
from momentvos.systems.session import InferenceSession, Request

if TYPE_CHECKING:
    from momentvos.systems.answer import Answer
    from momentvos.systems.base import System


class KeptGroup:
    """The checkpoints of a group: masks in parts, each with what has come since the one before.

    Args:
        journal: keeps them.
        first: row of the group's first sentence.
        answers: of the group, by row.
    """

    def __init__(self, journal: Journal, first: int, answers: Mapping[int, Answer]) -> None:
        self._journal, self._key, self._answers = journal, f"group-{first}", answers
        self._parts = 0
        self._start: State | None = None
        self._ways: dict[str, str] = {}

    def begin(self, ways: Mapping[str, str]) -> None:
        """Take over what was kept, if it is of these ways of making masks.

        ways: by name, a digest of what is walked.
        """
        self._ways = dict(ways)
        start = self._journal.get(self._key)
        if start is None:
            return
        try:
            if start.values["ways"] != self._ways:
                raise ValueError("it is of another walk")
            self._restore(start)
            self._start = start
        except (*UNUSABLE, PredictionError):
            self._journal.damaged(self._key)
            self._forget_parts()
            for answer in self._answers.values():
                answer.restore((), None)

    @property
    def at(self) -> str | None:
        """The way that was at work when the process ended; those before it are done."""
        return None if self._start is None else str(self._start.values["at"])

    def checkpoint(self, way: str) -> Checkpoint | None:
        """For the walk that makes masks in a way; None: nothing is kept."""
        if not self._journal:
            return None
        start = self._start.part("walk") if self._start is not None and self.at == way else None
        return Checkpoint(start, lambda: self._journal.due, partial(self._keep, way))

    def drop(self) -> None:
        """Forget the group, once its answers are kept."""
        self._journal.drop(self._key)
        self._forget_parts()

    def _keep(self, way: str, walk: State) -> None:
        part = State()
        for row, answer in self._answers.items():
            part.add(str(row), answer.masks.changes())
        self._journal.put(f"{self._key}-masks-{self._parts}", part)
        self._parts += 1
        values: dict[str, Any] = {
            "ways": self._ways,
            "at": way,
            "parts": self._parts,
            "counted": [[row, one.counted] for row, one in self._answers.items()],
        }
        self._journal.put(self._key, State(values).add("walk", walk))

    def _restore(self, state: State) -> None:
        """All or nothing: masks are taken over once all of them have been read."""
        values = state.values
        self._parts = int(values["parts"])
        parts: list[State] = []
        for number in range(self._parts):
            part = self._journal.get(f"{self._key}-masks-{number}")
            if part is None:
                raise ValueError("a part is missing")
            parts.append(part)
        counted = {int(row): value for row, value in values["counted"]}
        rows = {row: [part.part(str(row)) for part in parts] for row in self._answers}
        for row, answer in self._answers.items():
            answer.restore(rows[row], counted[row])

    def _forget_parts(self) -> None:
        self._journal.drop(*(f"{self._key}-masks-{number}" for number in range(self._parts)))
        self._parts = 0


@contextmanager
def journal_of(
    checkpoint: Path | Journal | None, model: System, request: Request
) -> Iterator[Journal]:
    """The journal of a question, going on with what the folder has of it; it stays at the end.

    A journal that is open already is used as it is, and closed by its opener. Warns of damage.
    Raises OutputError where the folder is another question's, or in use.
    """
    if checkpoint is None:
        yield NO_JOURNAL
    elif isinstance(checkpoint, Journal):
        yield checkpoint
    else:
        with resumed(checkpoint, partial(question, model, request)) as journal:
            yield journal
        for note in journal.notes:
            warn(f"Note: {note}.", RuntimeWarning, stacklevel=2)


def stored_answer(answer: Prediction) -> State:
    """A prediction as a record, its numbers to the last bit."""
    frames = answer.masklet.frames()
    rows = [answer.masklet.rle(frame) for frame in frames]
    values = {
        "found": answer.found,
        "presence": answer.presence,
        "moment": answer.moment.to_list(),
        "notes": list(answer.notes),
        "method": answer.method,
        "in_domain": answer.in_domain,
        "frames": frames,
        "masks": [row["counts"] for row in rows if row is not None],
    }
    curves = {
        "relevance": torch.tensor(answer.relevance, dtype=torch.float64),
        "scores": torch.tensor(answer.scores, dtype=torch.float64),
    }
    return State(values, curves)


def read_answer(state: State, session: InferenceSession, row: int) -> Prediction:
    """The prediction of sentence `row` from its record. Raises what is in `UNUSABLE` for another
    record.
    """
    values, video = state.values, session.video
    masklet = Masklet(video.size)
    try:
        for frame, counts in zip(values["frames"], values["masks"], strict=True):
            masklet.set_rle(int(frame), counts)
    except PredictionError as error:
        raise ValueError(str(error)) from None
    relevance, scores = (
        _curve(state.tensors[name], len(video)) for name in ("relevance", "scores")
    )
    moment = Moment([(int(first), int(last)) for first, last in values["moment"]])
    return Prediction(
        video=video.facts,
        sentence=session.sentences[row],
        model=session.model.name,
        found=bool(values["found"]),
        presence=float(values["presence"]),
        moment=moment,
        seconds=tuple(moment.seconds(video.times, video.durations)),
        relevance=relevance,
        scores=scores,
        masklet=masklet,
        notes=tuple(map(str, values["notes"])),
        method=str(values["method"]),
        domain=session.config.domain,
        in_domain=values["in_domain"],
        source=video,
    )


def _curve(values: torch.Tensor, length: int) -> tuple[float, ...]:
    if values.shape != (length,):
        raise ValueError(f"there are {tuple(values.shape)} values for {length} frames")
    row: Sequence[float] = values.tolist()
    return tuple(row)
