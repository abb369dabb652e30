"""The nearest of the names that there are, for an error about one that there is not."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like this one, upper and lower case aside; None: none is."""
    folded = {one.casefold(): one for one in known}
    close = get_close_matches(name.casefold()[:100], folded, 1)
    return folded[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about a name there is not: a question, or a full stop."""
    close = nearest(name, known)
    return "." if close is None else f"; did you mean '{close}'?"
