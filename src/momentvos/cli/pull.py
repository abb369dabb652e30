"""``momentvos pull``: public weights by name, fetched, verified and converted."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentvos.cli.options import Quiet, Yes

if TYPE_CHECKING:
    from momentvos.systems.base import System


def pull(
    names: Annotated[
        list[str] | None, typer.Argument(help="Names that `momentvos models` lists.")
    ] = None,
    yes: Yes = False,
    quiet: Quiet = False,
) -> None:
    """Fetch public weights by NAME, for `--model NAME`; goes on where it was interrupted."""
    from momentvos.errors import ModelError
    from momentvos.hub.catalogue import catalogue, public
    from momentvos.hub.consent import agree
    from momentvos.hub.load import known_models

    if not names:
        raise ModelError(
            f"Say what to fetch, such as `momentvos pull tracks-cpu`; models are "
            f"{', '.join(catalogue())}. `momentvos models` tells more of them, and lists parts."
        )
    known = {one.name: one for one in known_models()}
    wanted = list(dict.fromkeys(names))
    entries = []
    for name in wanted:
        source = known[name].source if name in known else ""
        if source == "recipe":
            raise ModelError(f"'{name}' is not fetched but trained: {known[name].about}.")
        if source != "bundled":
            entries.append(public(name))
    for entry in entries:
        if known[entry.name].path is None:
            agree(entry, yes)
    for name in wanted:
        if known[name].source == "bundled":
            typer.echo(f"{name} comes with this package; there is nothing to fetch")
        else:
            typer.echo(f"{name} is in {_fetch(name, quiet)}")


def ready(name: str, yes: bool, quiet: bool) -> None:
    """Check what `--model` takes, and fetch public weights after agreement. Raises ModelError."""
    from momentvos.home import pulled
    from momentvos.hub.catalogue import catalogue
    from momentvos.hub.consent import agree
    from momentvos.hub.load import check_model

    check_model(name)
    if name in catalogue() and not Path(name).is_dir() and pulled(name) is None:
        agree(catalogue()[name], yes)
        _fetch(name, quiet)


def load_model(name: str, device: str, yes: bool, quiet: bool) -> "System":
    """Load a model by what `--model` takes; public weights are fetched after agreement."""
    from momentvos.hub.load import load

    ready(name, yes, quiet)
    return load(name, device)


def _fetch(name: str, quiet: bool) -> Path:
    from momentvos.cli.progress import download_bar
    from momentvos.hub.pull import pull

    try:
        with download_bar(quiet) as report:
            return pull(name, report)
    except KeyboardInterrupt as interrupt:
        typer.secho(
            f"Interrupted; what has arrived is kept, and `momentvos pull {name}` goes on from "
            "there.",
            err=True,
        )
        raise typer.Exit(130) from interrupt
