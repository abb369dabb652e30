"""``momentvos train-grounder``: train a grounder from a recipe."""

import math
from pathlib import Path
from typing import Annotated

import typer

from momentvos.cli import complete, options
from momentvos.cli.activity import announce
from momentvos.cli.streams import print_json


def train_grounder(
    recipe: Annotated[
        Path,
        typer.Argument(
            help="A recipe (.yaml), see recipes/grounding/.", autocompletion=complete.recipes
        ),
    ],
    out: Annotated[list[str] | None, options.out("runs/NAME OF THE RECIPE")] = None,
    overrides: options.Overrides = None,
    resume: options.Resume = True,
    device: options.Device = "auto",
    count: options.Threads = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    old_overrides: options.OldOverrides = None,
    old_out: options.OldOutput = None,
) -> None:
    """Train a grounder; the folder `last` of the run is for `--grounder NAME=FOLDER`.

    Run it again to go on where it stopped, to the same weights.
    """
    from dataclasses import asdict

    from momentvos.cli.output_paths import check_writable
    from momentvos.cli.training import folder_and_overrides, line
    from momentvos.grounding.recipe import GrounderRecipe, check, training_task
    from momentvos.json_text import to_text
    from momentvos.paths import inside
    from momentvos.reachable import check_device
    from momentvos.training.recipe import read

    given, changes = folder_and_overrides(out, old_out, overrides, old_overrides)
    plan: GrounderRecipe = read(recipe, GrounderRecipe, changes)
    folder = given or inside(Path("runs"), recipe.stem)
    check_writable(folder)
    check_device(device)
    check(plan)
    announce(f"Loading the grounder {plan.kind}, to train it; the run is {folder}", quiet)

    from momentvos.grounding.fit import fit
    from momentvos.grounding.weights import quiet as silence
    from momentvos.training.progress import Status

    with silence(), line(quiet) as show:

        def report(done: int, steps: int, loss: float) -> None:
            if show is not None:
                show(Status(done, steps, "training", {"loss": loss}))

        task, run = training_task(plan, device), to_text(asdict(plan), sort_keys=True)
        late = fit(task, plan.fit, folder, report, run, resume)
    said = "" if math.isnan(late) else f"The loss of late is {late:.3f}. "
    announce(f"{said}Use it as {plan.kind}={folder / 'last'}", quiet)
    if as_json:
        print_json({"folder": str(folder), "grounder": f"{plan.kind}={folder / 'last'}"})
