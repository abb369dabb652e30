"""JSON that every reader takes, finite numbers and whole characters, and JSON of anyone's."""

from __future__ import annotations

import json
import math
from typing import Any

from momentvos.errors import OutputError


def to_text(value: Any, **how: Any) -> str:
    """Text of plain values, with `how` of `json.dumps`.

    Raises OutputError for NaN and infinities, which JSON does not have. Halves of letters (lone
    surrogates), which no file takes, are escaped with the rest of what is not ASCII.
    """
    try:
        text = json.dumps(value, allow_nan=False, **how)
    except ValueError as error:
        raise OutputError(
            f"A result holds a value that is no finite number and was not written ({error})."
        ) from None
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return to_text(value, **how | {"ensure_ascii": True})
    return text


def from_text(text: str | bytes) -> Any:
    """Plain values of JSON text. Raises ValueError alone, also where it is nested too deeply."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def finite(value: Any) -> Any:
    """The same plain values with null for NaN and infinities, for logs of what went wrong."""
    if isinstance(value, dict):
        return {name: finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
