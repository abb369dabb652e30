"""Strict parsers of language models' answers.

Forgiven are spaces, one full stop at the end, and a fence of back-quotes around the whole.
"""

from __future__ import annotations

import re

_NUMBER = r"\d{1,7}(?:\.\d{1,6})?"
_PAIR = rf"\[\s*{_NUMBER}\s*,\s*{_NUMBER}\s*\]"
_PAIRS = re.compile(rf"\[\s*(?:{_PAIR}(?:\s*,\s*{_PAIR})*)?\s*\]")
_WHOLE = r"\d{1,7}"
_LIST = re.compile(rf"\[\s*(?:{_WHOLE}(?:\s*,\s*{_WHOLE})*)?\s*\]")
_PERCENT = re.compile(rf"({_NUMBER})\s*%?")
_FENCE = re.compile(r"```(?:json)?\s*(.*?)\s*```", re.DOTALL)
MOST = 10_000
"""Longest answer that is looked at, in characters."""


def pairs(answer: str) -> list[tuple[float, float]] | None:
    """``[[1.5, 4], [6, 7]]`` as pairs; None for anything else and for a reversed pair."""
    text = _bare(answer)
    if not _PAIRS.fullmatch(text):
        return None
    numbers = [float(number) for number in re.findall(_NUMBER, text)]
    values = list(zip(numbers[::2], numbers[1::2], strict=True))
    return values if all(start <= end for start, end in values) else None


def numbers(answer: str, highest: int, most: int) -> list[int] | None:
    """``[3, 4]`` as numbers; None for anything else, and for more, repeated or impossible ones.

    highest: largest number there may be, the smallest is 1. most: how many were asked for.
    """
    text = _bare(answer)
    if not _LIST.fullmatch(text):
        return None
    values = [int(number) for number in re.findall(_WHOLE, text)]
    fits = len(values) <= most and len(set(values)) == len(values)
    return values if fits and all(1 <= number <= highest for number in values) else None


def share(answer: str, step: int = 0) -> float | None:
    """``40%`` or ``40`` as 0.4; None for anything else and for no multiple of `step` %."""
    match = _PERCENT.fullmatch(_bare(answer))
    if match is None or (percent := float(match[1])) > 100:
        return None
    return percent / 100 if not step or percent % step == 0 else None


def _bare(answer: str) -> str:
    text = answer[:MOST].strip() if len(answer) <= MOST else ""
    fence = _FENCE.fullmatch(text)
    text = fence[1] if fence else text
    return text.removesuffix(".").strip()
