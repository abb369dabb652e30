"""``momentvos models``: models that ``--model`` and ``momentvos.load`` accept, with origin."""

from typing import TYPE_CHECKING, Annotated

import typer

from momentvos.cli.streams import print_json

if TYPE_CHECKING:
    from momentvos.hub import KnownModel


def models(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array instead.")] = False,
) -> None:
    """List the models that can be loaded and where each comes from."""
    from momentvos.hub import known_models

    known = known_models()
    if as_json:
        print_json([model.to_json() for model in known], indent=2)
        return
    for model in known:
        typer.echo(f"{model.name}\n    {model.about}\n    from: {_whence(model)}")
    typer.echo(
        "\n--model also takes a folder that save_pretrained wrote, or a hub id (owner/name)."
    )


def _whence(model: "KnownModel") -> str:
    return model.path or "weights that you train"
