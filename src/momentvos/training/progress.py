"""Progress of a run: a bar drawn by rich, or plain lines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol


@dataclass(frozen=True)
class Status:
    """State of a run after an optimiser step. values: the latest averages of the losses."""

    step: int
    steps: int
    stage: str
    values: Mapping[str, float] = field(default_factory=dict)


Report = Callable[[Status], None]


class Line(Protocol):
    """A progress line on the terminal, as a context manager."""

    def __enter__(self) -> Report: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class RichLine:
    """A bar with stage, losses and the time left, drawn by rich on stderr."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[values]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )

    def __enter__(self) -> Report:
        self._progress.start()
        self._task = self._progress.add_task("", total=None, values="")
        return self._show

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def _show(self, status: Status) -> None:
        self._progress.update(
            self._task,
            description=status.stage,
            total=status.steps,
            completed=status.step,
            values=_text(status.values),
        )


class PlainLine:
    """One printed line every `every` steps, for a terminal that is a file."""

    def __init__(self, every: int) -> None:
        self._every = every

    def __enter__(self) -> Report:
        return self._show

    def __exit__(self, *_: object) -> None:
        pass

    def _show(self, status: Status) -> None:
        if status.step % self._every == 0 or status.step == status.steps:
            line = f"{status.stage} {status.step}/{status.steps} {_text(status.values)}"
            print(line, file=sys.stderr, flush=True)


def _text(values: Mapping[str, float]) -> str:
    return " ".join(f"{name} {value:.4g}" for name, value in values.items())
