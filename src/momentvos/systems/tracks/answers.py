"""Strict parsers of what a language model says about candidates.

Forgiven are spaces and a fence of back-quotes around the whole, as for other answers
(:mod:`momentvos.grounding.chat.parse`); what does not fit is an error that says why.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

MOST = 10_000
"""Longest answer that is looked at, in characters."""
_FENCE = re.compile(r"```(?:json)?\s*(.*?)\s*```", re.DOTALL)
_VERDICTS = ("true", "false", "unknown")


class UnreadableError(ValueError):
    """An answer that is not of the form that was asked for; its text says what is wrong."""


@dataclass(frozen=True)
class Verdicts:
    """Numbers of candidates that are meant, that are not, and of which that is not known yet."""

    true: tuple[int, ...]
    false: tuple[int, ...]
    unknown: tuple[int, ...]


def verdicts(answer: str, numbers: Collection[int]) -> Verdicts:
    """``{"true": [1], "false": [2, 3], "unknown": [], "none": false}`` for candidates `numbers`.

    Raises UnreadableError unless each of them is in exactly one list and "none" agrees.
    """
    content = _object(answer, {*_VERDICTS, "none"})
    lists: dict[str, tuple[int, ...]] = {}
    for name in _VERDICTS:
        value = content[name]
        if not isinstance(value, list) or not all(type(one) is int for one in value):
            raise UnreadableError(f'"{name}" is not a list of whole numbers')
        lists[name] = tuple(value)
    given = [number for name in _VERDICTS for number in lists[name]]
    if sorted(given) != sorted(numbers):
        raise UnreadableError(
            f"each of {', '.join(map(str, sorted(numbers)))} must be in exactly one list"
        )
    if not isinstance(content["none"], bool):
        raise UnreadableError('"none" is neither true nor false')
    if content["none"] != (not lists["true"] and not lists["unknown"]):
        raise UnreadableError('"none" must be true if all are in "false", and only then')
    return Verdicts(*(lists[name] for name in _VERDICTS))


def word_lists(answer: str) -> dict[str, Any]:
    """``{"noun": "dog", "hypernym": "animal", "subject": "red dog", "references": ["cat"]}``.

    Raises UnreadableError.
    """
    content = _object(answer, {"noun", "hypernym", "subject", "references"})
    for name in ("noun", "hypernym", "subject"):
        if not isinstance(content[name], str) or len(content[name]) > 60:
            raise UnreadableError(f'"{name}" is not a short text')
    if not content["noun"].strip():
        raise UnreadableError('"noun" is empty')
    references = content["references"]
    if not isinstance(references, list) or len(references) > 8:
        raise UnreadableError('"references" is not a short list')
    if not all(isinstance(one, str) and 0 < len(one.strip()) <= 60 for one in references):
        raise UnreadableError('"references" is not a list of short texts')
    return content


def _object(answer: str, keys: set[str]) -> dict[str, Any]:
    text = answer.strip()
    if len(text) > MOST:
        raise UnreadableError("it is too long")
    if fence := _FENCE.fullmatch(text):
        text = fence[1]
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadableError("it is not JSON and nothing else") from None
    if not isinstance(content, dict) or content.keys() != keys:
        wanted = ", ".join(f'"{key}"' for key in sorted(keys))
        raise UnreadableError(f"it is not an object of {wanted} alone")
    return content
