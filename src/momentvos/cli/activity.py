"""Signs of life on stderr: a bar with one estimate on a terminal, lines now and then elsewhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from types import TracebackType
from typing import IO, Any

import typer

from momentvos.cli.time_left import TimeLeft
from momentvos.printable import printable

EVERY = 10.0
"""Seconds between two lines where there is no terminal."""
SOON = 0.5
"""Seconds after which something that is usually quick is worth a line."""


class Activity:
    """What is going on, as a context manager that can be called as a `progress.Report`.

    Args:
        quiet: say nothing.
        stages: names and units of the stages to come, as far as they are known.
        unit: what is counted.
        stream: where to; stderr.
        every: seconds between lines where the stream is no terminal.
    """

    def __init__(
        self,
        quiet: bool = False,
        stages: Sequence[tuple[str, int]] = (),
        unit: str = "frames",
        stream: IO[str] | None = None,
        every: float = EVERY,
    ) -> None:
        self._quiet, self._unit, self._every = quiet, unit, every
        self._stream = sys.stderr if stream is None else stream
        self._estimate = TimeLeft(stages)
        self._what, self._since, self._last = "", monotonic(), monotonic()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._lines: threading.Thread | None = None
        self._bar: Any = None

    def __enter__(self) -> Activity:
        if not self._quiet:
            if _is_terminal(self._stream):
                self._bar = _Bar(self)
                self._bar.start()
            else:
                self._lines = threading.Thread(target=self._talk, daemon=True)
                self._lines.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        if self._bar is not None:
            self._bar.stop()
        if self._lines is not None:
            self._lines.join()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Note that `done` of `total` units of a stage are there."""
        with self._lock:
            self._what = ""
            self._estimate.update(stage, done, total, monotonic())

    def begin(self, what: str) -> None:
        """Name a stage in which nothing is counted, such as "loading tgl-mini"."""
        with self._lock:
            self._what, self._since = what, monotonic()

    def expect(self, stages: Sequence[tuple[str, int]]) -> None:
        """Name the stages to come with their units, for one estimate over all of them."""
        with self._lock:
            self._estimate, self._what = TimeLeft(stages), ""

    def line(self) -> str | None:
        """What is going on, in one line; None: nothing yet."""
        with self._lock:
            now = monotonic()
            if self._what:
                return f"{self._what}, {now - self._since:.0f} s so far"
            if self._estimate.stage is None:
                return None
            name, done, total = self._estimate.stage
            parts, rate = [name], self._estimate.rate()
            if total > 1:
                parts = [f"{name}: {_amount(done, self._unit)} of {_amount(total, self._unit)}"]
            if rate is not None and total > 1:
                parts.append(f"{_amount(rate, self._unit)}/s")
            left = self._estimate.left(now)
            if left is not None:
                parts.append(f"{100 * self._estimate.share(now):.0f} % of all")
                parts.append(f"about {duration(left)} left")
            return ", ".join(parts)

    def figures(self) -> tuple[str, float, float | None, float | None]:
        """Name of what is going on, share of all, units a second, and seconds left, for a bar."""
        with self._lock:
            now, estimate = monotonic(), self._estimate
            if self._what or estimate.stage is None:
                return self._what, estimate.share(now), None, None
            name, _, total = estimate.stage
            rate = estimate.rate() if total > 1 else None
            return name, estimate.share(now), rate, estimate.left(now)

    @property
    def unit(self) -> str:
        """What is counted."""
        return self._unit

    @property
    def stream(self) -> IO[str]:
        """Where to."""
        return self._stream

    def _talk(self) -> None:
        while not self._ended.wait(self._every):
            line = self.line()
            if line is not None:
                typer.echo(line, file=self._stream)


class _Bar:
    """A rich bar that asks an activity for its figures whenever it is drawn."""

    def __init__(self, activity: Activity) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task
        from rich.text import Text

        class Of(ProgressColumn):
            """A text made of the activity's figures."""

            max_refresh = None

            def __init__(self, text: Callable[[], str]) -> None:
                super().__init__()
                self._text = text

            def render(self, task: Task) -> Text:
                return Text(self._text(), overflow="ellipsis", no_wrap=True)

        class Bar(BarColumn):
            """A bar of the share of all stages that is done."""

            def render(self, task: Task) -> Any:
                task.completed = 1000 * activity.figures()[1]
                return super().render(task)

        def left() -> str:
            seconds = activity.figures()[3]
            return "" if seconds is None else f"{duration(seconds)} left"

        def rate() -> str:
            value = activity.figures()[2]
            return "" if value is None else f"{_amount(value, activity.unit)}/s"

        self._progress = Progress(
            SpinnerColumn("line", finished_text=" "),
            Of(lambda: f"{activity.figures()[0]:<16}"),
            Bar(bar_width=24),
            Of(lambda: f"{100 * activity.figures()[1]:3.0f} %"),
            Of(rate),
            Of(left),
            console=Console(file=activity.stream),
            transient=True,
        )

    def start(self) -> None:
        self._progress.start()
        self._progress.add_task("", total=1000)

    def stop(self) -> None:
        self._progress.stop()


def announce(text: str, quiet: bool = False) -> None:
    """Say at once what begins."""
    if not quiet:
        typer.echo(printable(text), err=True)


def note(text: str, quiet: bool = False) -> None:
    """Say what the user should know, as a line of its own.

    What leaves this machine ("Attention: ...") is said to those too who want no progress.
    """
    if text.startswith("Attention: "):
        announce(text)
    else:
        announce(text if text.startswith("Note: ") else f"Note: {text}", quiet)


@contextmanager
def announced(text: str, quiet: bool = False, after: float = SOON) -> Iterator[None]:
    """Say what is going on if it is still going on after some seconds."""
    if quiet:
        yield
        return
    stream = sys.stderr
    timer = threading.Timer(after, lambda: typer.echo(text, file=stream))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def duration(seconds: float) -> str:
    """A time as people say it: "8 s", "3 min 20 s", "2 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _amount(value: float, unit: str) -> str:
    """A number of units; bytes in those that fit."""
    if unit == "bytes":
        return f"{value / 1e9:.2f} GB" if value >= 1e9 else f"{value / 1e6:.1f} MB"
    shown = f"{value}" if isinstance(value, int) else f"{value:.1f}"
    return f"{shown} {unit}"


def _is_terminal(stream: IO[str]) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False
