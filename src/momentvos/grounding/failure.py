"""What can go wrong with a language model's answer, and what is done then."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from momentvos.errors import MomentVOSError
from momentvos.grounding.fixed_spans import certain
from momentvos.grounding.result import Grounding
from momentvos.moment import Moment

Fallback = Literal["all", "none"]
"""What is taken for an answer that cannot be read: every frame that may be chosen, or none."""

QUOTED = 200
"""Most characters of an answer that an error quotes."""


class AnswerError(MomentVOSError):
    """A language model answered something else than what it was asked for."""


def unreadable(
    name: str,
    sentence: str,
    place: Moment,
    length: int,
    k: int,
    said: str,
    fallback: Fallback | None,
) -> Grounding:
    """What stands for an answer that cannot be read, with a note that says so.

    name: of the grounder. place: the frames that may be chosen, of `length`. said: the answer.
    Raises AnswerError where no fallback was asked for.
    """
    if fallback is None:
        short = said if len(said) <= QUOTED else said[:QUOTED] + "…"
        raise AnswerError(
            f"Asked when '{sentence}' holds, '{name}' answered {short!r}, which is not what it was "
            "asked for; add ~or-all or ~or-none to take every or no frame then."
        )
    moment = place if fallback == "all" else Moment.empty()
    taken = "every frame" if fallback == "all" else "no frame"
    note = f"the answer of '{name}' could not be read; {taken} was taken instead"
    return replace(certain(name, sentence, moment, length, k), answer=said, notes=(note,))
