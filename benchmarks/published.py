"""How a table names the row of a model as published, without track selection."""

import json
from pathlib import Path

DEPARTURES = {
    "motion_dim": 0,
    "tam_match": False,
    "patch_dim": 0,
    "centred": False,
    "view": "multi-frame",
    "focus": 0.0,
    "shifted": True,
}
"""Options that weights depend on, and the value that each has in its paper or released code."""


def row_name(model: str) -> str:
    """Such as ``tgl-mini as published (motion_dim, tam_match stay)``; model: name or folder."""
    stay = departures(model)
    return f"{model} as published" + (f" ({', '.join(stay)} stay)" if stay else "")


def departures(model: str) -> list[str]:
    """Options on which the model's weights depend, and in which it is not the paper's."""
    from momentvos.hub import known_models

    paths = {one.name: one.path for one in known_models()}
    path = Path(paths.get(model) or model) / "config.json"
    config = json.loads(path.read_text()) if path.is_file() else {}
    return [name for name, paper in DEPARTURES.items() if config.get(name, paper) != paper]
