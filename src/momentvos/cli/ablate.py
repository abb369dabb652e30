"""``momentvos ablate``: train and score the rows of a table."""

from pathlib import Path
from typing import Annotated

import typer


def ablate(
    table: Annotated[Path, typer.Argument(help="An ablation (.yaml), see recipes/ablations.")],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Folder of the runs.  [default: runs/NAME OF THE TABLE]"),
    ] = None,
    root: Annotated[
        Path | None,
        typer.Option(help="Folder of the data set that the rows are trained and scored on."),
    ] = None,
) -> None:
    """Train and score every row of a table, with every seed. Run it again to go on."""
    from momentvos.cli.output_paths import check_writable
    from momentvos.paths import inside
    from momentvos.training import ablation as tables
    from momentvos.training.progress import Report, Status
    from momentvos.training.works import Work, check, works

    plan = tables.load(table, root)
    folder = out or inside(Path("runs"), table.stem)
    check_writable(folder)
    check(plan, works(plan, table, folder))

    from transformers.utils.logging import disable_progress_bar

    from momentvos.training import rows

    disable_progress_bar()

    def report(work: Work) -> Report:
        def line(status: Status) -> None:
            if status.step % 20 == 0 or status.step == status.steps:
                said = f"{work.row.name}, seed {work.seed}: step {status.step} of {status.steps}"
                typer.echo(said, err=True)

        return line

    done = []
    for entry in rows.entries(plan, table, folder, report):
        done.append(entry)
        jf = entry.score.jf
        shown = "-" if jf is None else f"{100 * jf:.1f}"
        typer.echo(f"{entry.row}, seed {entry.seed}: J&F {shown}", err=True)
    typer.echo(f"# {plan.title}\n\n{rows.table(plan, done)}")
