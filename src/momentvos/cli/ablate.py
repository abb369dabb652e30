"""``momentvos ablate``: train and score the rows of a table."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentvos.cli import complete, options
from momentvos.cli.activity import announce
from momentvos.cli.progress import progress_bar
from momentvos.cli.streams import print_json

if TYPE_CHECKING:
    from momentvos.evaluation.run import Report as ScoringReport
    from momentvos.training.progress import Report
    from momentvos.training.rows import Entry
    from momentvos.training.works import Work


def ablate(
    table: Annotated[
        Path,
        typer.Argument(
            help="An ablation (.yaml), see recipes/ablations.", autocompletion=complete.recipes
        ),
    ],
    out: Annotated[list[str] | None, options.out("runs/NAME OF THE TABLE")] = None,
    overrides: options.Overrides = None,
    root: options.AnyRoot = None,
    device: options.Device = "auto",
    count: options.Threads = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Train and score every row of a table, with every seed. Run it again to go on."""
    from momentvos.cli.output_paths import check_writable
    from momentvos.cli.training import folder_and_overrides, line, use_device
    from momentvos.paths import inside
    from momentvos.training import ablation as tables
    from momentvos.training.works import check, works

    given, changes = folder_and_overrides(out, None, overrides, None)
    plan = tables.load(table, root, changes)
    folder = given or inside(Path("runs"), table.stem)
    check_writable(folder)
    use_device(device)
    entries = works(plan, table, folder)
    check(plan, entries)
    announce(f"{plan.title}: {len(entries)} to score; the run is {folder}", quiet)

    from transformers.utils.logging import disable_progress_bar

    from momentvos.training import rows

    disable_progress_bar()

    def training(work: "Work") -> "AbstractContextManager[Report | None]":
        announce(f"{_name(work.row.name, work.seed)}: training", quiet)
        return line(quiet)

    @contextmanager
    def scoring(work: "Work") -> "Iterator[ScoringReport]":
        announce(f"{_name(work.row.name, work.seed)}: scoring", quiet)
        with progress_bar(quiet, unit="expressions") as bar:
            yield partial(bar, "answering")

    done = []
    for entry in rows.entries(plan, table, folder, training, scoring, device):
        done.append(entry)
        jf = entry.score.jf
        shown = "-" if jf is None else f"{100 * jf:.1f}"
        announce(f"{_name(entry.row, entry.seed)}: J&F {shown}", quiet)
    if as_json:
        print_json([_to_json(entry) for entry in done], indent=1)
    else:
        typer.echo(f"# {plan.title}\n\n{rows.table(plan, done)}")


def _name(row: str, seed: int | None) -> str:
    return row if seed is None else f"{row}, seed {seed}"


def _to_json(entry: "Entry") -> dict[str, object]:
    return {"row": entry.row, "seed": entry.seed, **entry.score.summary()}
