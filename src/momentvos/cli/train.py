"""``momentvos train``: run a recipe, or go on with one."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from momentvos.training.options import Recipe
    from momentvos.training.progress import Line


def train(
    recipe: Annotated[
        Path, typer.Argument(help="A recipe (.yaml), or the recipe.json of an earlier run.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", help="Folder of the run.  [default: runs/NAME OF THE RECIPE]"),
    ] = None,
    override: Annotated[
        list[str] | None,
        typer.Option(
            "-o", "--override", help="Change a value: -o seed=1, -o stages.0.steps=100. Repeatable."
        ),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0.0, help="Stop after so many minutes, with a checkpoint to go on from."),
    ] = None,
    resume: Annotated[
        bool, typer.Option(help="Go on from the last checkpoint in the folder, if there is one.")
    ] = True,
) -> None:
    """Train a model. Run it again to go on where it stopped, to the same losses."""
    from momentvos.cli import malloc
    from momentvos.cli.output_paths import check_writable
    from momentvos.paths import inside
    from momentvos.training.available import check
    from momentvos.training.recipe import load

    plan = load(recipe, override or [])
    folder = output or inside(Path("runs"), recipe.stem)
    check_writable(folder)
    check(plan)

    from transformers.utils.logging import disable_progress_bar

    from momentvos.training import build
    from momentvos.training.loop import train as run

    malloc.keep_freed_memory()
    disable_progress_bar()  # one for every checkpoint otherwise
    sources = build.sources(plan)
    for stage in plan.stages:
        sources(stage)
    model = build.model(plan.model, plan.seed)
    _store(folder, plan)
    with _line(plan) as report:
        result = run(
            plan,
            model,
            folder,
            sources,
            validate=build.validator(plan.validation) if plan.validation.every else None,
            minutes=minutes,
            resume=resume,
            report=report,
        )
    typer.echo(
        f"Step {result.step} of {result.steps}; the model is in {folder / 'last'}.", err=True
    )
    if result.reason == "signal":
        raise typer.Exit(130)


def _store(folder: Path, plan: "Recipe") -> None:
    from momentvos.errors import OutputError
    from momentvos.json_text import to_text

    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f".recipe.json.{os.getpid()}.part"  # every process of a run writes it
        part.write_text(to_text(plan.to_json(), indent=1) + "\n")
        part.replace(folder / "recipe.json")
    except OSError as error:
        raise OutputError(f"The run cannot be written to {folder} ({error}).") from None


def _line(plan: "Recipe") -> "Line":
    from momentvos.training.progress import PlainLine, RichLine

    if not sys.stderr.isatty():
        return PlainLine(plan.logging.every)
    try:
        return RichLine()
    except ImportError:
        return PlainLine(plan.logging.every)
