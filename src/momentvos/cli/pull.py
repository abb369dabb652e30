"""``momentvos pull``: public weights by name, fetched, verified and converted."""

from pathlib import Path
from typing import Annotated

import typer

from momentvos.cli import complete
from momentvos.cli.options import AsJson, Quiet, Yes
from momentvos.cli.streams import print_json


def pull(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Names that `momentvos models` lists.", autocompletion=complete.public),
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
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
    folders = {}
    for name in wanted:
        here = known[name].source == "bundled"
        folders[name] = str(known[name].path) if here else str(_fetch(name, quiet))
        if not as_json:
            fetched = f"is in {folders[name]}"
            typer.echo(
                f"{name} "
                f"{'comes with this package; there is nothing to fetch' if here else fetched}"
            )
    if as_json:
        print_json(folders, indent=2)


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


def _fetch(name: str, quiet: bool) -> Path:
    from momentvos.cli.activity import announce
    from momentvos.cli.progress import download_bar
    from momentvos.hub.pull import pull

    announce(f"Fetching {name}", quiet)
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
