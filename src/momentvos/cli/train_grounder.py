"""``momentvos train-grounder``: train a grounder from a recipe."""

from pathlib import Path
from typing import Annotated

import typer


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
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress bar.")] = False,
) -> None:
    """Train a grounder; the folder `last` of the run is for `--grounder NAME=FOLDER`."""
    from momentvos.cli.place import check_writable
    from momentvos.cli.progress import progress_bar
    from momentvos.grounding.fit import fit
    from momentvos.grounding.recipe import GrounderRecipe, lesson
    from momentvos.grounding.weights import quiet as silence
    from momentvos.training.recipe import read

    plan: GrounderRecipe = read(recipe, GrounderRecipe, override or [])
    folder = output or Path("runs") / recipe.stem
    check_writable(folder)
    with silence():
        lessons = lesson(plan, device)
        with progress_bar(quiet, unit="steps") as bar:
            late = fit(
                lessons, plan.fit, folder, lambda done, total, _: bar("training", done, total)
            )
    typer.echo(f"The loss of late is {late:.3f}; use it as {plan.kind}={folder / 'last'}", err=True)
