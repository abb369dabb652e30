"""``momentvos recipes``: the recipes that travel with the package."""

from pathlib import Path
from typing import Annotated

import typer

from momentvos.cli import options


def recipes(
    name: Annotated[
        str | None, typer.Argument(help="A name of the list, such as tgl/quickstart, to print it.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", metavar="FILE", help="Copy the recipe to this new file, to change it."
        ),
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """List the recipes that `train`, `train-grounder` and `ablate` take by name, or print one."""
    from momentvos.cli.streams import print_json
    from momentvos.errors import RecipeError
    from momentvos.training.named import named
    from momentvos.training.named import recipes as known

    if name is not None:
        _hand_over(named(Path(name)), out)
        return
    if out is not None:
        raise RecipeError("Which recipe is to be copied? Name it: momentvos recipes NAME -o FILE.")
    listed = known()
    if as_json:
        print_json(
            [{"name": one.name, "about": one.about, "command": one.command} for one in listed],
            indent=2,
        )
        return
    width = max(len(one.name) for one in listed)
    for one in listed:
        typer.echo(f"{one.name:<{width}}  {one.about}")
    typer.echo("\n`momentvos recipes NAME` prints one; `momentvos train NAME` runs it.")


def _hand_over(recipe: Path, out: Path | None) -> None:
    """Print a recipe, or copy it. Raises OutputError where the copy would replace something."""
    text = recipe.read_text("utf-8")
    if out is None:
        typer.echo(text, nl=False)
        return
    from momentvos.errors import OutputError

    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise OutputError(
            f"'{out}' cannot be written: {error.strerror}; choose another name."
        ) from None
    typer.echo(str(out))
