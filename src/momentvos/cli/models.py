"""``momentvos models``: models that ``--model`` and ``momentvos.load`` accept, with origin."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from momentvos.cli.streams import print_json

if TYPE_CHECKING:
    from momentvos.hub import KnownModel

GROUPS = {
    "here": ("bundled", "pulled"),
    "public weights, fetched by `momentvos pull NAME` or at their first use": ("public",),
    "to be trained": ("recipe",),
}


def models(
    name: Annotated[
        str | None, typer.Argument(help="A name of the list, to be told all of it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
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

    return "" if model.size is None else f"; {readable(model.size)}, {model.licence}"


def _all_of(name: str, known: "list[KnownModel]", as_json: bool) -> str:
    """Everything that is known of a model, as text or JSON. Raises ModelError for another name."""
    from momentvos.errors import ModelError
    from momentvos.hub import catalogue
    from momentvos.hub.consent import readable
    from momentvos.json_text import to_text

    model = next((one for one in known if one.name == name), None)
    if model is None:
        raise ModelError(f"There is no model '{name}'; `momentvos models` lists them.")
    known_of = model.to_json().items()
    facts: dict[str, Any] = {key: value for key, value in known_of if value is not None}
    if name in catalogue():
        facts = {**catalogue()[name].to_json(), **facts}
    if as_json:
        return to_text(facts, indent=2)
    if "size" in facts:
        facts["size"] = readable(catalogue()[name].size)
    sources = facts.pop("sources", {})
    facts |= {f"from: {role}": one["address"] for role, one in sources.items()}
    width = max(map(len, facts))
    return "\n".join(f"{key:<{width}}  {value}" for key, value in facts.items() if value)
