"""Graceful stop: signals are recorded, and take effect after the current step."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def signals() -> Iterator[list[int]]:
    """Collect SIGINT and SIGTERM; a second one acts as it did before."""
    caught: list[int] = []
    before: dict[int, Any] = {}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def note(number: int, _: Any) -> None:
        caught.append(number)
        restore()

    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, note)
    except ValueError:  # not in the main thread: signals are not ours to catch
        before.clear()
    try:
        yield caught
    finally:
        restore()
