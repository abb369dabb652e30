"""``momentvos models``: what ``--model`` and ``momentvos.load`` take, and from where."""

import json
import sys
from typing import Annotated

import typer


def models(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array instead.")] = False,
) -> None:
    """List the models that can be loaded and where each comes from."""
    from momentvos.hub import known_models

    known = known_models()
    if as_json:
        json.dump([model.to_json() for model in known], sys.stdout, indent=2)
        sys.stdout.write("\n")
        return
    width = max(len(model.name) for model in known)
    for model in known:
        typer.echo(f"{model.name:<{width}}  {model.source}: {model.about}")
    typer.echo("\n--model also takes a folder that save_pretrained wrote, or a hub id.")
