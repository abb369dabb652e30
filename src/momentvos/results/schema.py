"""The JSON Schemas of what the commands write; they travel with the package."""

from __future__ import annotations

from typing import Any, Literal

from momentvos.json_text import from_text
from momentvos.packaged import packaged

Written = Literal["prediction", "grounding", "results"]


def schema(name: Written) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of prediction.json, grounding.json or results.json.

    Its `$id` ends with the number that such a file has as "schema".
    """
    made: dict[str, Any] = from_text(
        (packaged("schemas") / f"{name}.schema.json").read_text("utf-8")
    )
    return made
