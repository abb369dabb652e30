"""``momentvos config``: the defaults that hold here, and where each comes from."""

import os
from typing import Any

import typer

from momentvos.cli import settings, threads
from momentvos.cli.options import AsJson
from momentvos.cli.streams import print_json

DEFAULT = "default"


def config(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the defaults that hold here, and where each of them comes from.

    The command line counts before the environment, that before the settings file, and the file
    before the program's own defaults.
    """
    from momentvos import home

    root = context.find_root().command
    found = settings.Settings.read(root)
    there = found.path.is_file()
    rows = [("home", str(home.home()), home.VARIABLE, found.shared.get(settings.HOME))]
    for key, option in settings.shared_options(root).items():
        name = option.envvar or ""
        given = os.environ.get(name) or found.shared.get(key)
        rows.append((key, option.default if given is None else given, name, found.shared.get(key)))
    made: dict[str, dict[str, Any]] = {}
    for key, value, variable, in_file in rows:
        source = DEFAULT if in_file is None else str(found.path)
        taken = settings.home_of(found) if key == settings.HOME else None
        if os.environ.get(variable) and os.environ[variable] != taken:
            source = variable
        made[key] = {"value": value, "from": source, "variable": variable or None}
    if made["grounder"]["value"] is None:
        made["grounder"]["value"] = "model"
    if made["threads"]["value"] is None:
        count, why = threads.chosen()
        made["threads"] |= {"value": count, "from": why}
    for words, values in found.verbs.items():
        for key, value in values.items():
            name = ".".join((*words, key))
            made[name] = {"value": value, "from": str(found.path), "variable": None}
    if as_json:
        print_json({"file": str(found.path), "exists": there, "options": made}, indent=2)
        return
    typer.echo(f"settings file: {found.path}{'' if there else ' (not there)'}\n")
    width = max(map(len, made))
    values = {key: _shown(one["value"]) for key, one in made.items()}
    wide = min(max(map(len, values.values())), 40)
    for key, one in made.items():
        typer.echo(f"{key:<{width}}  {values[key]:<{wide}}  {one['from']}")


def _shown(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "-"}[value]
    return str(value)
