"""Logs of a run: `log.jsonl` and TensorBoard events."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from momentvos.errors import OutputError
from momentvos.json_text import finite, from_text, to_text
from momentvos.paths import inside
from momentvos.regular_file import read_text

MOST_LOG = 4 << 30


class Log:
    """Appends one JSON object a line to `folder/log.jsonl`, and scalars to TensorBoard.

    A resumed run first drops the lines after step `start`. Raises OutputError.
    """

    def __init__(self, folder: Path, start: int, tensorboard: bool) -> None:
        self._path = inside(folder, "log.jsonl")
        try:
            kept = _before(self._path, start)
            self._path.write_text("".join(kept))
        except OSError as error:
            raise OutputError(f"The log {self._path} cannot be written ({error}).") from None
        self._events = _events(inside(folder, "tensorboard"), start) if tensorboard else None

    def write(self, step: int, values: Mapping[str, Any], group: str = "train") -> None:
        """One line: {"step": ..., "group": ..., **values}; its numbers go to TensorBoard."""
        try:
            with self._path.open("a") as file:
                file.write(to_text(finite({"step": step, "group": group, **values})) + "\n")
        except OSError as error:
            raise OutputError(f"The log {self._path} cannot be written ({error}).") from None
        if self._events is not None:
            for name, value in values.items():
                if isinstance(value, int | float):
                    self._events.add_scalar(f"{group}/{name}", value, step)

    def close(self) -> None:
        """Flush the event files."""
        if self._events is not None:
            self._events.close()


def _before(path: Path, start: int) -> list[str]:
    if start == 0 or not path.is_file():
        return []
    kept = []
    for line in read_text(path, MOST_LOG).splitlines(keepends=True):
        try:
            if from_text(line)["step"] <= start:
                kept.append(line)
        except (ValueError, KeyError, TypeError):
            continue
    return kept


def _events(folder: Path, start: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder), purge_step=start)
