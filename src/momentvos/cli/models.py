"""``momentvos models``: models that ``--model`` and ``momentvos.load`` accept, with origin."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from momentvos.cli import complete
from momentvos.cli.options import AsJson
from momentvos.cli.streams import print_json

if TYPE_CHECKING:
    from momentvos.hub import KnownModel

GROUPS = {
    "here": ("bundled", "pulled"),
    "public weights, fetched by `momentvos pull NAME` or at their first use": ("public",),
    "to be trained": ("recipe",),
    "parts, for a model or grounder of your own, fetched by `momentvos pull NAME`": ("part",),
}


def models(
    name: Annotated[
        str | None,
        typer.Argument(
            help="A name of the list, to be told all of it.", autocompletion=complete.known
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the models that can be named, or tell all of one."""
    from momentvos.hub import known_models

    known = known_models()
    if name is not None:
        typer.echo(_all_of(name, known, as_json))
        return
    if as_json:
        print_json([model.to_json() for model in known], indent=2)
        return
    width = max(len(model.name) for model in known)
    for heading, sources in GROUPS.items():
        typer.echo(f"{heading}:")
        for model in known:
            if model.source in sources:
                typer.echo(f"  {model.name:<{width}}  {model.about}{_terms(model)}")
        typer.echo()
    typer.echo("`momentvos models NAME` tells all of one. --model also takes a folder that")
    typer.echo("save_pretrained wrote, or a hub id (owner/name).")


def _terms(model: "KnownModel") -> str:
    from momentvos.hub.consent import readable

    here = "" if model.path is None else " (is here)"
    return "" if model.size is None else f"; {readable(model.size)}{here}, {model.licence}"


def _all_of(name: str, known: "list[KnownModel]", as_json: bool) -> str:
    """Everything that is known of a model, as text or JSON. Raises ModelError for another name."""
    from momentvos.errors import ModelError
    from momentvos.hub.catalogue import catalogue, meant, parts
    from momentvos.hub.consent import missing, readable
    from momentvos.json_text import to_text

    model = next((one for one in known if one.name == name), None)
    if model is None:
        every = [one.name for one in known]
        raise ModelError(f"There is no model '{name}'{meant(name, every)}")
    entry = catalogue().get(name) or parts().get(name)
    known_of = model.to_json().items()
    facts: dict[str, Any] = {key: value for key, value in known_of if value is not None}
    if entry is not None:
        facts = {**entry.to_json(), **facts}
    if as_json:
        return to_text(facts, indent=2)
    if entry is None:
        return _table(facts)
    sources, uses = facts.pop("sources"), facts.pop("uses", {})
    del facts["about"]  # the title once more
    left = missing(entry) if model.path is None else entry.size
    there = f", of which {readable(entry.size - left)} are here" if left < entry.size else ""
    facts["size"] = readable(entry.size) + there
    facts |= {
        f"from: {role}": f"{one['address']} at {one['revision']} ({readable(one['size'])})"
        for role, one in sources.items()
    }
    where = sources["weights"]["address"].partition(":")[2] if uses else ""
    for role, kind in uses.items():
        own = to_text({"kind": kind, "model": where})
        facts[f"use: {role}"] = f"-g {kind}={where}" if role == "grounder" else own
    if model.path is None:
        facts["get it by"] = f"momentvos pull {name}"
    return _table(facts)


def _table(facts: dict[str, Any]) -> str:
    width = max(map(len, facts))
    return "\n".join(f"{key:<{width}}  {value}" for key, value in facts.items() if value)
