"""Every public name is in the API reference, with a docstring."""

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[1] / "docs" / "api"
ROOMS = ["batch", "hub", "media", "results", "propagation", "sam2", "selection"]


def documented() -> set[str]:
    """Modules whose contents the pages show."""
    pages = (page.read_text(encoding="utf-8") for page in PAGES.glob("*.md"))
    return {name for text in pages for name in re.findall(r"^::: (\S+)", text, re.MULTILINE)}


@pytest.mark.parametrize("room", [f"momentvos.{room}" for room in ROOMS] + ["momentvos"])
def test_public_names_are_in_the_reference(room):
    module, known = import_module(room), documented()
    for name in getattr(module, "__all__", []):
        thing = getattr(module, name)
        if not (inspect.isclass(thing) or inspect.isfunction(thing)):
            continue  # a constant stands with its module
        assert inspect.getdoc(thing), f"{room}.{name} has no docstring"
        assert room == "momentvos" or thing.__module__ in known, f"docs/api shows no {room}.{name}"
