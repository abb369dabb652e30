"""Arguments of a system's methods, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from momentvos.errors import ArgumentError
from momentvos.ranges import shown


def check_choice(name: str, value: Any) -> None:
    """Raise ArgumentError for what is not True, False or None."""
    if value is not None and not isinstance(value, bool | np.bool_):
        raise ArgumentError(f"`{name}` is True, False or None, not {shown(value)}.")


def folder_of(name: str, value: Any) -> Path | None:
    """The folder that an argument names. Raises ArgumentError for what is no path."""
    if value is None or isinstance(value, Path):
        return value
    if isinstance(value, str) and value:
        return Path(value)
    raise ArgumentError(f"`{name}` is the path of a folder, not {shown(value)}.")


def relevance_of(relevance: Any, length: int) -> Sequence[float] | None:
    """A value 0..1 for each of `length` frames. Raises ArgumentError for anything else."""
    if relevance is None:
        return None
    try:
        values = [float(value) for value in relevance]
    except (TypeError, ValueError):
        raise ArgumentError(
            f"`relevance` is a list with a number from 0 to 1 per frame, not {shown(relevance)}."
        ) from None
    if len(values) != length:
        raise ArgumentError(f"There are {len(values)} values of relevance for {length} frames.")
    if not all(0 <= value <= 1 for value in values):
        raise ArgumentError("A value of relevance is no number from 0 to 1.")
    return values
