"""Progress bar with frames per second on stderr; silent where stderr is no terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import ProgressColumn


class Report(Protocol):
    """Progress callback: `done` of `total` frames of a stage are finished."""

    def __call__(self, stage: str, done: int, total: int) -> None: ...


@contextmanager
def progress_bar(quiet: bool = False, unit: str = "frames") -> Iterator[Report]:
    """Yield a `Report` that draws one line per stage, in `unit` per second."""
    from rich.progress import MofNCompleteColumn, ProgressColumn, Task
    from rich.text import Text

    class Rate(ProgressColumn):
        """Units per second over the last half minute."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else f"{speed:.1f} {unit}/s")

    with _bars(quiet, 10, MofNCompleteColumn(), Rate()) as report:
        yield report


@contextmanager
def download_bar(quiet: bool = False) -> Iterator[Report]:
    """Yield a `Report` that draws one line per file, in bytes."""
    from rich.progress import DownloadColumn, TransferSpeedColumn

    with _bars(quiet, 24, DownloadColumn(), TransferSpeedColumn()) as report:
        yield report


@contextmanager
def _bars(quiet: bool, width: int, *measures: "ProgressColumn") -> Iterator[Report]:
    """Bars on a terminal's stderr; width: of the stages' names, in letters."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    name = TextColumn(f"{{task.description:<{width}}}")
    columns = (name, BarColumn(), *measures, TimeRemainingColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as bar:

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total or None)
            bar.update(tasks[stage], completed=done, total=total or None)

        yield report
