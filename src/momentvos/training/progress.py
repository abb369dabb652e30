"""Progress of a run: a bar drawn by rich, or lines now and then."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from types import TracebackType
from typing import Protocol

EVERY = 10.0
"""Seconds between two lines where stderr is no terminal."""
WINDOW = 60.0
"""Seconds over which the time a step takes is averaged."""


@dataclass(frozen=True)
class Status:
    """State of a run after an optimiser step, or before its first one.

    values: the latest averages of the losses.
    """

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


class Pace:
    """Seconds a step over the last minute, and seconds that the rest takes.

    Validation and checkpoints are in it, since they come again.
    """

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()

    def update(self, step: int, now: float) -> None:
        """Note that so many steps are done at a time in seconds."""
        self._marks.append((now, step))
        while len(self._marks) > 2 and now - self._marks[0][0] > WINDOW:
            self._marks.popleft()

    @property
    def seconds(self) -> float | None:
        """Seconds a step; None before the second mark."""
        if len(self._marks) < 2 or self._marks[-1][1] == self._marks[0][1]:
            return None
        (start, first), (end, last) = self._marks[0], self._marks[-1]
        return (end - start) / (last - first)

    def text(self, status: Status) -> str:
        """Like "0.42 s/step, 3 min 5 s left", or "" where nothing is known."""
        if self.seconds is None:
            return ""
        left = self.seconds * (status.steps - status.step)
        return f"{self.seconds:.3g} s/step, {_duration(left)} left"


class RichLine:
    """A bar with stage, losses, seconds a step and the time left, drawn by rich on stderr."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[values]}"),
            TextColumn("{task.fields[pace]}"),
            console=self._console,
        )
        self._pace, self._started = Pace(), False

    def __enter__(self) -> Report:
        self._progress.start()
        self._task = self._progress.add_task("", total=None, values="", pace="")
        return self._show

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def _show(self, status: Status) -> None:
        if not self._started:
            self._console.print(_start(status), highlight=False)
            self._started = True
        self._pace.update(status.step, monotonic())
        self._progress.update(
            self._task,
            description=status.stage,
            total=status.steps,
            completed=status.step,
            values=_text(status.values),
            pace=self._pace.text(status),
        )


class PlainLine:
    """Lines for a terminal that is a file: where it starts, one every so often, and the last step.

    every: seconds between lines; one comes also while a step takes longer.
    """

    def __init__(self, every: float = EVERY) -> None:
        self._every, self._pace = every, Pace()
        self._status: Status | None = None
        self._ended, self._lock = threading.Event(), threading.Lock()
        self._lines = threading.Thread(target=self._talk, daemon=True)

    def __enter__(self) -> Report:
        self._lines.start()
        return self._show

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._lines.join()

    def _show(self, status: Status) -> None:
        with self._lock:
            first, self._status = self._status is None, status
            self._pace.update(status.step, monotonic())
            if first:
                _print(_start(status))
            if status.step == status.steps:
                _print(self._line())

    def _talk(self) -> None:
        while not self._ended.wait(self._every):
            with self._lock:
                _print("loading" if self._status is None else self._line())

    def _line(self) -> str:
        status = self._status
        assert status is not None
        parts = [f"{status.stage}: step {status.step} of {status.steps}", _text(status.values)]
        return ", ".join(part for part in (*parts, self._pace.text(status)) if part)


def _start(status: Status) -> str:
    """Where a run starts: its first report comes before its first step, or after one."""
    done = status.step if not status.values else status.step - 1
    if done <= 0:
        return f"Training: {status.steps} steps, from the first on"
    return f"Training goes on from step {done} of {status.steps}"


def _text(values: Mapping[str, float]) -> str:
    return " ".join(f"{name} {value:.4g}" for name, value in values.items())


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
