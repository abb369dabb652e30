"""Doors of what a user keeps at home: settings, and a catalogue of public weights."""

from __future__ import annotations

import os
from pathlib import Path
from unittest import mock

from tests.fuzz import seeds
from tests.fuzz.door import Door, put
from tests.fuzz.files import TEXT, YAML

SETTINGS = """device = "cpu"
quiet = true

[run]
style = "contour"

[eval.world]
device = "cpu"
"""
CATALOGUE = {
    "parts": {
        "tower": {
            "title": "A tower",
            "address": "hf:a/b",
            "revision": "main",
            "size": 10,
            "files": ["*.safetensors"],
            "uses": {"run": "x"},
        }
    },
    "models": {
        "mine": {
            "title": "Mine",
            "system": "tgl",
            "sources": {"weights": "tower"},
            "licence": "MIT",
            "config": {"gate": True},
        }
    },
}


def _settings(folder: Path) -> None:
    put(folder / "config.toml", SETTINGS)


def _read(folder: Path) -> None:
    import typer

    from momentvos.cli.main import app
    from momentvos.cli.settings import Settings

    root = typer.main.get_command(app)
    with mock.patch.dict(os.environ, MOMENTVOS_CONFIG=str(folder / "config.toml")):
        Settings.read(root).defaults(root)


def _catalogue(folder: Path) -> None:
    put(folder / "catalogue.yaml", CATALOGUE)


def _listed(folder: Path) -> None:
    from momentvos.hub.catalogue import catalogue, parts

    with mock.patch.dict(os.environ, MOMENTVOS_HOME=str(folder)):
        for entry in (*catalogue().values(), *parts().values()):
            entry.to_json()


DOORS = {
    "settings": Door(
        _settings, _read, {"config.toml": TEXT}, seeds=lambda: {"config.toml": seeds.JSON}
    ),
    "catalogue": Door(
        _catalogue,
        _listed,
        {"catalogue.yaml": YAML},
        seeds=lambda: {"catalogue.yaml": (*seeds.YAML, *seeds.JSON)},
    ),
}
