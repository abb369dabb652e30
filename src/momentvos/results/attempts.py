"""Questions that are asked together, and of which one that fails takes no other along."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Generic, TypeVar

from momentvos.errors import ModelError, MomentVOSError

Source = TypeVar("Source")
Question = TypeVar("Question")
Answer = TypeVar("Answer")
Problem = TypeVar("Problem")


@dataclass(frozen=True)
class Attempt(Generic[Question, Answer, Problem]):
    """What became of a question: an answer or a problem, and the seconds it took."""

    question: Question
    answer: Answer | None
    problem: Problem | None
    seconds: float


def attempts(
    source: Callable[[], Source],
    ask: Callable[[Source, Sequence[Question]], Iterable[Answer]],
    questions: Sequence[Question],
    explain: Callable[[Exception], tuple[Problem, bool]],
) -> Iterator[Attempt[Question, Answer, Problem]]:
    """The answers to questions about one source, in their order, each as soon as it is there.

    Where one fails, those left are asked in ever smaller parts, so that only those are lost which
    fail by themselves.

    Args:
        source: opens what is asked about; its time is nobody's.
        ask: answers all questions that it is given, or raises.
        questions: what is asked.
        explain: what is kept of an exception, and whether it concerns the source, so that no
            other question can do better.
    """
    left = list(questions)
    if not left:
        return
    start = perf_counter()
    problem, shared = None, False
    try:
        opened = source()
        start = perf_counter()
        for answer in ask(opened, left[:]):
            now = perf_counter()
            yield Attempt(left.pop(0), answer, None, now - start)
            start = perf_counter()  # what is done with an answer takes the caller's time
        if left:
            raise ModelError("The model gave fewer answers than it was asked for.")
    except Exception as error:
        # What the error holds on to, such as a GPU's memory, must be free before the next try.
        problem, shared = explain(error)
    if len(left) > 1 and not shared:
        half = len(left) // 2
        yield from attempts(source, ask, left[:half], explain)
        yield from attempts(source, ask, left[half:], explain)
        return
    seconds = (perf_counter() - start) / max(len(left), 1)
    for question in left:
        yield Attempt(question, None, problem, seconds)


def explain(error: Exception) -> str:
    """One line that says what went wrong, and for a fault of the program where."""
    text = " ".join(str(error).split())
    if isinstance(error, MomentVOSError):
        return text
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {text}"[:1000] + place
