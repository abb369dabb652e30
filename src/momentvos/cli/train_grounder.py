"""``momentvos train-grounder``: train a grounder from a recipe."""

import math
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EVERY = 50
"""Steps between two lines of progress."""


def train_grounder(
    recipe: Annotated[Path, typer.Argument(help="A recipe (.yaml), see recipes/grounding/.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", help="Folder of the run.  [default: runs/NAME OF THE RECIPE]"),
    ] = None,
    override: Annotated[
        list[str] | None,
        typer.Option(
            "-o",
            "--override",
            help="Change a value: -o data.root=/data, -o fit.lr=1e-4. Repeatable.",
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option(help="Go on from the last save in the folder, if there is one.")
    ] = True,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress.")] = False,
) -> None:
    """Train a grounder; the folder `last` of the run is for `--grounder NAME=FOLDER`.

    Run it again to go on where it stopped, to the same weights.
    """
    from dataclasses import asdict

    from momentvos.cli.output_paths import check_writable
    from momentvos.grounding.recipe import GrounderRecipe, check, training_task
    from momentvos.json_text import to_text
    from momentvos.paths import inside
    from momentvos.reachable import check_device
    from momentvos.training.recipe import read

    plan: GrounderRecipe = read(recipe, GrounderRecipe, override or [])
    folder = output or inside(Path("runs"), recipe.stem)
    check_writable(folder)
    check_device(device)
    check(plan)

    from momentvos.grounding.fit import fit
    from momentvos.grounding.weights import quiet as silence

    with silence(), _line(quiet) as report:
        task, run = training_task(plan, device), to_text(asdict(plan), sort_keys=True)
        late = fit(task, plan.fit, folder, report, run, resume)
    said = "" if math.isnan(late) else f"The loss of late is {late:.3f}. "
    typer.echo(f"{said}Use it as {plan.kind}={folder / 'last'}", err=True)


@contextmanager
def _line(quiet: bool) -> "Iterator[Callable[[int, int, float], None]]":
    """Progress on stderr: a bar on a terminal, a line now and then elsewhere."""
    from momentvos.training.progress import PlainLine, RichLine, Status

    if quiet:
        yield lambda done, steps, loss: None
        return
    with RichLine() if sys.stderr.isatty() else PlainLine(EVERY) as line:
        yield lambda done, steps, loss: line(Status(done, steps, "training", {"loss": loss}))
