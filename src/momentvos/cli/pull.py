"""``momentvos pull``: public weights by name, fetched, verified and converted."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentvos.cli.options import Quiet, Yes

if TYPE_CHECKING:
    from momentvos.systems.base import System


def pull(
    names: Annotated[list[str], typer.Argument(help="Names that `momentvos models` lists.")],
    yes: Yes = False,
    quiet: Quiet = False,
) -> None:
    """Fetch public weights by NAME, for `--model NAME`; goes on where it was interrupted."""
    from momentvos.home import pulled
    from momentvos.hub.catalogue import public_model
    from momentvos.hub.consent import agree

    entries = [public_model(name) for name in names]
    for entry in entries:
        if pulled(entry.name) is None:
            agree(entry, yes)
    for entry in entries:
        typer.echo(f"{entry.name} is in {_fetch(entry.name, quiet)}")


def load_model(name: str, device: str, yes: bool, quiet: bool) -> "System":
    """Load a model by what `--model` takes; public weights are fetched after agreement."""
    from momentvos.home import pulled
    from momentvos.hub.catalogue import catalogue
    from momentvos.hub.consent import agree
    from momentvos.hub.load import load

    if name in catalogue() and not Path(name).is_dir() and pulled(name) is None:
        agree(catalogue()[name], yes)
        _fetch(name, quiet)
    return load(name, device)


def _fetch(name: str, quiet: bool) -> Path:
    from momentvos.cli.progress import download_bar
    from momentvos.hub.pull import pull

    with download_bar(quiet) as report:
        return pull(name, report)
