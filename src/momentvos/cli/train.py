"""``momentvos train``: run a recipe, or go on with one."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentvos.cli import complete, options
from momentvos.cli.activity import announce
from momentvos.cli.streams import print_json

if TYPE_CHECKING:
    from momentvos.training.options import Recipe


def train(
    recipe: Annotated[
        Path,
        typer.Argument(
            help="A recipe (.yaml), or the recipe.json of an earlier run.",
            autocompletion=complete.recipes,
        ),
    ],
    out: Annotated[list[str] | None, options.out("runs/NAME OF THE RECIPE")] = None,
    overrides: options.Overrides = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0.0, help="Stop after so many minutes, with a checkpoint to go on from."),
    ] = None,
    resume: options.Resume = True,
    device: options.Device = "auto",
    count: options.Threads = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    old_overrides: options.OldOverrides = None,
    old_out: options.OldOutput = None,
) -> None:
    """Train a model. Run it again to go on where it stopped, to the same losses."""
    from momentvos.cli import malloc
    from momentvos.cli.output_paths import check_writable
    from momentvos.cli.training import folder_and_overrides, line, use_device
    from momentvos.paths import inside
    from momentvos.training.available import check
    from momentvos.training.recipe import load

    given, changes = folder_and_overrides(out, old_out, overrides, old_overrides)
    plan = load(recipe, changes)
    folder = given or inside(Path("runs"), recipe.stem)
    check_writable(folder)
    use_device(device)
    check(plan)
    what = plan.model.path or f"{plan.model.system} ({plan.model.preset})"
    stages = "1 stage" if len(plan.stages) == 1 else f"{len(plan.stages)} stages"
    announce(f"Loading {what}, to train it in {stages}; the run is {folder}", quiet)

    from transformers.utils.logging import disable_progress_bar

    from momentvos.training import build
    from momentvos.training.loop import train as run

    malloc.keep_freed_memory()
    disable_progress_bar()  # one for every checkpoint otherwise
    with line(quiet) as report:
        sources = build.sources(plan)
        for stage in plan.stages:
            sources(stage)
        model = build.model(plan.model, plan.seed)
        if os.environ.get("RANK", "0") == "0":  # of several processes the first one writes
            _store(folder, plan)
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
    announce(f"Step {result.step} of {result.steps}; the model is in {folder / 'last'}.", quiet)
    if as_json:
        done = {"step": result.step, "steps": result.steps, "reason": result.reason}
        print_json({"folder": str(folder), "model": str(folder / "last"), **done})
    if result.reason == "signal":
        raise typer.Exit(130)


def _store(folder: Path, plan: "Recipe") -> None:
    from momentvos.errors import OutputError
    from momentvos.json_text import to_text

    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f".recipe.json.{os.getpid()}.part"
        part.write_text(to_text(plan.to_json(), indent=1) + "\n")
        part.replace(folder / "recipe.json")
    except OSError as error:
        raise OutputError(f"The run cannot be written to {folder} ({error}).") from None
