"""Asking a language model: what cannot be read is asked again, what cannot be had is a note."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from momentvos.errors import ModelError, MomentVOSError
from momentvos.systems.tracks import questions
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

    def yes_odds(self, parts: Parts) -> float:
        """Log-odds of "yes" against "no" as an answer. Raises ModelError."""


@dataclass
class Interview:
    """A chat model that is asked about one video.

    Attributes:
        chat: the model.
        trace: where questions and answers are kept.
        notes: what the user should know.
    """

    chat: Chat
    trace: Trace
    notes: list[str] = field(default_factory=list)
    _failed: int = field(default=0, repr=False)

    def ask(self, parts: Parts, read: Callable[[str], T]) -> T | None:
        """What is read of the answer; None, with a note, where there is none that can be read."""
        problem = ""
        for attempt in range(ATTEMPTS):
            asked = [questions.again(problem), *parts] if attempt else list(parts)
            answer = self._had(asked, self.chat.generate)
            if answer is None:
                return None
            self.trace.asked(asked, answer)
            try:
                return read(answer)
            except UnreadableError as error:
                problem = str(error)
        self._note(f"an answer of the language model could not be read: {problem}")
        return None

    def yes(self, parts: Parts) -> float | None:
        """Log-odds of "yes"; None, with a note, where there is no answer."""
        for _ in range(ATTEMPTS):
            odds = self._had(parts, self.chat.yes_odds)
            if odds is None:
                return None
            self.trace.asked(parts, f"yes: log-odds {odds:+.2f}")
            if odds:  # else it is neither
                return odds
        self._note("an answer of the language model was neither yes nor no")
        return None

    @property
    def silent(self) -> bool:
        """Whether the model has stopped answering."""
        return self._failed >= FAILURES

    def _had(self, parts: Parts, ask: Callable[[Parts], T]) -> T | None:
        if self.silent:
            return None
        try:
            answer = ask(parts)
        except ModelError as error:
            self._failed += 1
            self.trace.asked(parts, f"no answer: {error}")
            self._note(f"the language model gave no answer: {error}")
            return None
        except MomentVOSError as error:
            self._note(str(error))
            return None
        self._failed = 0
        return answer

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)
