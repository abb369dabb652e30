"""Unreadable answers of language models, and their fallbacks."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from momentvos.errors import MomentVOSError
from momentvos.grounding.fixed_spans import certain
from momentvos.grounding.result import Grounding
from momentvos.moment import Moment

Fallback = Literal["all", "none"]
"""In place of an unreadable answer: every frame that may be chosen, or none."""

QUOTED = 200
"""Most characters of an answer that an error quotes."""


class AnswerError(MomentVOSError):
    """An answer of a language model in another form than the question asks for."""


def unreadable(
    name: str,
    sentence: str,
    place: Moment,
    length: int,
    k: int,
    answer: str,
    fallback: Fallback | None,
) -> Grounding:
    """The grounding in place of an unreadable answer, with a note.

    name: of the grounder. place: the frames that may be chosen, of `length`. answer: the answer.
    Raises AnswerError without a fallback.
    """
    if fallback is None:
        short = answer if len(answer) <= QUOTED else answer[:QUOTED] + "…"
        raise AnswerError(
            f"Asked when '{sentence}' holds, '{name}' answered {short!r}, which is not what it was "
            "asked for; add ~or-all or ~or-none to take every or no frame then."
        )
    problem = f"the answer of '{name}' could not be read"
    return replace(_instead(name, sentence, place, length, k, problem, fallback), answer=answer)


def unanswered(
    name: str,
    sentence: str,
    place: Moment,
    length: int,
    k: int,
    reason: str,
    fallback: Fallback,
) -> Grounding:
    """The grounding in place of an answer that was not given, with a note.

    reason: why, as a sentence. The other values are as of `unreadable`.
    """
    problem = f"'{name}' gave no answer ({reason.rstrip('.')})"
    return _instead(name, sentence, place, length, k, problem, fallback)


def _instead(
    name: str,
    sentence: str,
    place: Moment,
    length: int,
    k: int,
    problem: str,
    fallback: Fallback,
) -> Grounding:
    moment = place if fallback == "all" else Moment.empty()
    taken = "every frame" if fallback == "all" else "no frame"
    note = f"{problem}; {taken} was taken instead"
    return replace(certain(name, sentence, moment, length, k), notes=(note,))
