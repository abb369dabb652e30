"""What a caller may give as `progress`: a function, True, False, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from time import monotonic
from typing import TYPE_CHECKING, Any

from momentvos.errors import ArgumentError
from momentvos.ranges import shown
from momentvos.results.in_notebook import in_notebook

if TYPE_CHECKING:
    from momentvos.systems.session import Progress

_PAUSE = 0.1
"""Seconds between two drawings of a bar in a notebook."""


def check_progress(progress: Any) -> None:
    """Raise ArgumentError for what is none of them."""
    if progress is not None and not isinstance(progress, bool) and not callable(progress):
        raise ArgumentError(
            "`progress` is True, False, or a function of (stage, done, total), not "
            f"{shown(progress)}."
        )


@contextmanager
def reporting(progress: Progress | bool | None) -> Iterator[Progress | None]:
    """Yield what is called with a stage's name, frames done and frames in all; None: nothing.

    progress: True draws a bar, in a notebook as HTML and elsewhere on stderr; None does so in a
    notebook alone.
    """
    if progress is None or isinstance(progress, bool):
        if in_notebook() and progress is not False:
            with _notebook_bar() as report:
                yield report
        elif progress:
            with _terminal_bar() as report:
                yield report
        else:
            yield None
    else:
        yield progress


@contextmanager
def _terminal_bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import Progress as Bars

    with Bars(console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total or None)
            bars.update(tasks[stage], completed=done, total=total or None)

        yield report


@contextmanager
def _notebook_bar() -> Iterator[Progress]:
    """A bar that needs no widget, and leaves nothing in the notebook at its end."""
    import IPython.display

    display: Any = IPython.display.display
    HTML: Any = IPython.display.HTML
    handle = display(HTML(""), display_id=True)
    last = ("", 0.0)

    def report(stage: str, done: int, total: int) -> None:
        nonlocal last
        if stage == last[0] and monotonic() - last[1] < _PAUSE:
            return
        last = (stage, monotonic())
        handle.update(
            HTML(f"<progress value={int(done)} max={int(total) or 1}></progress> "
                 f"{escape(stage)}: {int(done)} of {int(total)}")
        )  # fmt: skip

    try:
        yield report
    finally:
        handle.update(HTML(""))
