"""Doors of YAML and run-length codes alone, which take no time and so many cases."""

from __future__ import annotations

import json
from pathlib import Path

from tests.fuzz import seeds
from tests.fuzz.door import RLE, Door, put
from tests.fuzz.doors.training import RECIPE
from tests.fuzz.files import RLE as RLE_FILE
from tests.fuzz.files import YAML


def _recipes(folder: Path) -> None:
    put(folder / "r.yaml", RECIPE)


def _read(folder: Path) -> None:
    from momentvos.training.recipe import load

    for overrides in ([], ["seed=3"], ["stages.0.steps=2", "model.overrides.gate=false"]):
        load(folder / "r.yaml", overrides)


def _masks(folder: Path) -> None:
    plain = {"size": [8, 12], "counts": [0, 8, 88]}
    put(folder / "masks.json", [RLE, None, plain, RLE | {"counts": "P3"}])


def _decoded(folder: Path) -> None:
    from momentvos.data.formats import rle
    from momentvos.data.formats.entry import BrokenEntry, load
    from momentvos.errors import PredictionError
    from momentvos.masklet import Masklet

    entries = load(folder / "masks.json")
    try:
        masklet = Masklet.from_json(json.loads((folder / "masks.json").read_bytes()), (8, 12))
        assert all(masklet.get(frame).shape == (8, 12) for frame in masklet.frames())
    except PredictionError:
        pass
    for entry in entries.each():
        try:
            assert rle.decode(entry, (8, 12)).shape == (8, 12)
        except BrokenEntry:
            continue


def _codes() -> dict[str, tuple[bytes, ...]]:
    texts = [json.dumps([RLE | {"counts": counts}]).encode() for counts in seeds.RLE_COUNTS]
    return {"masks.json": (*seeds.JSON, *texts)}


DOORS = {
    "yaml": Door(
        _recipes, _read, {"r.yaml": YAML}, seeds=lambda: {"r.yaml": (*seeds.YAML, *seeds.JSON)}
    ),
    "rle": Door(_masks, _decoded, {"masks.json": RLE_FILE}, seeds=_codes),
}
