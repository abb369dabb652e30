"""Asking a language model: what cannot be read is asked again, what cannot be had is a note."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from hashlib import blake2b
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from momentvos.errors import ModelError, MomentVOSError
from momentvos.grounding.chat.question import again
from momentvos.mllm.yes_no import YesNo
from momentvos.results.record import State
from momentvos.systems.tracks.answers import UnreadableError
from momentvos.systems.tracks.trace import Trace

T = TypeVar("T")
Parts = Sequence[str | NDArray[np.uint8]]
ATTEMPTS = 3
"""Times that a question is asked until its answer can be read."""
FAILURES = 2
"""Questions in a row without any answer, after which nothing is asked any more."""


class Chat(Protocol):
    """A multimodal language model.

    note: what the user must know of where it is, or "".
    """

    @property
    def note(self) -> str: ...

    def generate(self, parts: Parts) -> str:
        """Answer a question of texts and pictures in order. Raises ModelError."""

    def yes_no(self, parts: Parts) -> YesNo | None:
        """Answer yes or no; None where the answer is neither. Raises ModelError."""


@dataclass
class Interview:
    """A chat model that is asked about one video.

    Attributes:
        chat: the model.
        trace: where questions and answers are kept.
    """

    chat: Chat
    trace: Trace
    _notes: list[str] = field(default_factory=list, repr=False)
    _failed: int = field(default=0, repr=False)
    _words: int = field(default=0, repr=False)
    _answers: int = field(default=0, repr=False)

    @property
    def notes(self) -> list[str]:
        """What the user should know of the answers to the last sentence."""
        if not self._words:
            return list(self._notes)
        read = f"{self._words} of {self._answers} answers of yes or no were read from their text"
        return [*self._notes, f"{read}, since no odds were given"]

    def begin(self) -> None:
        """Begin with a sentence."""
        self._notes, self._words, self._answers = [], 0, 0

    def note(self, text: str) -> None:
        """Keep what the user should know, once."""
        if text not in self._notes:
            self._notes.append(text)

    def ask(self, parts: Parts, read: Callable[[str], T]) -> T | None:
        """What is read of the answer; None, with a note, where there is none that can be read."""
        problem = ""
        for attempt in range(ATTEMPTS):
            asked = [again(problem), *parts] if attempt else list(parts)
            answer = self._had(asked, partial(self._generated, attempt))
            if answer is None:
                return None
            self.trace.asked(asked, answer)
            try:
                return read(answer)
            except UnreadableError as error:
                problem = str(error)
        self.note(f"an answer of the language model could not be read: {problem}")
        return None

    def yes(self, parts: Parts) -> float | None:
        """Log-odds of "yes"; None, with a note, where there is no answer."""
        for attempt in range(ATTEMPTS):
            said = self._had(parts, partial(self._said, attempt))
            if said is None:
                return None
            (answer,) = said
            shown = "neither yes nor no" if answer is None else _shown(answer)
            self.trace.asked(parts, shown)
            if answer is not None:
                self._answers += 1
                self._words += answer.from_text
                return answer.log_odds
        self.note("an answer of the language model was neither yes nor no")
        return None

    def _generated(self, attempt: int, parts: Parts) -> str:
        return self.trace.journal.memo(
            _key("asked", attempt, parts),
            partial(self.chat.generate, parts),
            lambda answer: State({"answer": answer}),
            lambda state: str(state.values["answer"]),
        )

    def _said(self, attempt: int, parts: Parts) -> tuple[YesNo | None]:
        return self.trace.journal.memo(
            _key("yes-no", attempt, parts),
            lambda: (self.chat.yes_no(parts),),
            lambda said: State({"answer": None if said[0] is None else asdict(said[0])}),
            lambda state: (None if (one := state.values["answer"]) is None else YesNo(**one),),
        )

    def _had(self, parts: Parts, ask: Callable[[Parts], T]) -> T | None:
        if self._failed >= FAILURES:
            self.note("the language model had stopped answering, and was asked no more")
            return None
        try:
            answer = ask(parts)
        except ModelError as error:
            self._failed += 1
            self.trace.asked(parts, f"no answer: {error}")
            self.note(f"the language model gave no answer: {error}")
            return None
        except MomentVOSError as error:
            self.note(str(error))
            return None
        self._failed = 0
        return answer


def _key(kind: str, attempt: int, parts: Parts) -> str:
    """Names a question by what is asked."""
    made = blake2b(digest_size=16)
    for part in parts:
        content = part.encode() if isinstance(part, str) else part.tobytes()
        size = (len(content),) if isinstance(part, str) else part.shape
        made.update(f"{size}".encode() + content)
    return f"{kind}-{attempt}-{made.hexdigest()}"


def _shown(answer: YesNo) -> str:
    how = "text" if answer.from_text else "logits"
    word = "yes" if answer.log_odds > 0 else "no"
    return f"{word} (log-odds of yes: {answer.log_odds:+.2f}, from its {how})"
