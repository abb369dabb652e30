"""Warnings of this package, which programs on top of it may show as notes of one line."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO


class _Ours(str):
    """The text of a warning of this package."""

    __slots__ = ()


def warn(text: str, category: type[Warning] = RuntimeWarning, stacklevel: int = 1) -> None:
    """As `warnings.warn`, of a text that `handed_on` knows to be ours."""
    warnings.warn(_Ours(text), category, stacklevel=stacklevel + 1)


@contextmanager
def handed_on(say: Callable[[str], None]) -> Iterator[None]:
    """Hand the text of each warning of this package to `say`, once, in place of Python's lines.

    Warnings of others are printed as ever: where they come from is most of what they say.
    """
    others, seen = warnings.showwarning, set()

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        text = message.args[0] if isinstance(message, Warning) and message.args else message
        if not isinstance(text, _Ours):
            others(message, category, filename, lineno, file, line)
        elif text not in seen:
            seen.add(text)
            say(str(text))

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = others
