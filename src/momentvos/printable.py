"""Text of anyone's as it can be shown: names may hold line ends and a terminal's commands."""

from __future__ import annotations

import unicodedata

_KINDS = frozenset({"Cc", "Zl", "Zp"})
_TURNS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They make a text look like another one."""


def printable(text: str) -> str:
    """The text in one line; control characters become escapes, as in Python."""
    if text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(letter: str) -> str:
    if letter in _TURNS or unicodedata.category(letter) in _KINDS:
        return letter.encode("unicode_escape").decode()
    return letter
