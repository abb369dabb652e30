"""Doors of recipes, of tables of runs and of a run that is resumed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.fuzz import seeds
from tests.fuzz.door import Door, put
from tests.fuzz.files import JSON, SAFETENSORS, YAML

STAGE = {
    "name": "s",
    "steps": 1,
    "accumulate": 1,
    "objective": "clip",
    "data": {
        "source": "world",
        "size": 192,
        "videos": 1,
        "expressions": 1,
        "pool": 2,
        "kinds": {"name": 1.0},
    },
    "clip": {"sampler": "window", "frames": 2, "stride": 1},
    "losses": {"dice": 1.0, "focal": 1.0, "relevance": 0.1},
    "optimiser": {
        "lr": 1e-4,
        "warmup": 0.1,
        "betas": [0.9, 0.99],
        "clip": 1.0,
        "schedule": "cosine",
    },
}
RECIPE = {
    "model": {"path": "tgl-mini", "overrides": {"memory": "all", "selection": {"margin": 0.5}}},
    "stages": [STAGE],
    "seed": 0,
    "precision": "fp32",
    "ema": 0.5,
    "checkpoint": 1,
    "validation": {"every": 0, "videos": 1, "seed": 0, "split": "val", "size": 192},
    "logging": {"every": 1, "tensorboard": False},
}
GROUNDING = {
    "kind": "dual",
    "seed": 0,
    "data": {"name": "world", "videos": 2, "side": 16},
    "dual": {
        "side": 16,
        "channels": 8,
        "blocks": 1,
        "dimension": 8,
        "layers": 1,
        "heads": 2,
        "window": 4,
    },
    "fit": {"steps": 1, "items": 1, "lr": 1e-3, "save": 1, "warmup": 1},
}


def _recipe(name: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        put(folder / name, RECIPE)

    return make


def _trained(name: str) -> Callable[[Path], None]:
    def use(folder: Path) -> None:
        from momentvos.training import build
        from momentvos.training.loop import train
        from momentvos.training.recipe import load

        plan = load(folder / name)
        sources = build.sources(plan)
        for stage in plan.stages:
            sources(stage)
        model = build.model(plan.model, plan.seed)
        build.validator(plan.validation)
        train(plan, model, folder / "out/run", sources, limit=1)

    return use


def _ground_recipe(folder: Path) -> None:
    put(folder / "dual.yaml", GROUNDING)


def _ground_trained(folder: Path) -> None:
    from momentvos.grounding.fit import fit
    from momentvos.grounding.recipe import GrounderRecipe, training_task
    from momentvos.training.recipe import read

    recipe = read(folder / "dual.yaml", GrounderRecipe)
    fit(training_task(recipe, "cpu"), recipe.fit, folder / "out/run")


def _ablation(folder: Path) -> None:
    put(folder / "mini.yaml", RECIPE)
    rows = [
        {"name": "a", "set": {"model.overrides.memory": "all"}},
        {"name": "b", "model": "tgl-mini", "config": {"gate": False}},
    ]
    table = {
        "title": "T",
        "recipe": "mini.yaml",
        "seeds": [0],
        "rows": rows,
        "evaluation": {"videos": 1, "size": 192, "metrics": ["jf"]},
    }
    put(folder / "table.yaml", table)


def _ablated(folder: Path) -> None:
    from momentvos.training.ablation import load
    from momentvos.training.rows import Work, _model, works

    table = load(folder / "table.yaml")
    for work in works(table, folder / "table.yaml", folder / "out/table"):
        if isinstance(work, Work) and work.row.model:
            _model(work.row.model, work, table.evaluation, "cpu")


def _begun(folder: Path) -> None:
    _recipe("r.json")(folder)
    _trained("r.json")(folder)


_LAST = "out/run/last/training"
DOORS = {
    "recipe-yaml": Door(
        _recipe("r.yaml"),
        _trained("r.yaml"),
        {"r.yaml": YAML},
        seeds=lambda: {"r.yaml": (*seeds.YAML, json.dumps(RECIPE | {"stages": []}).encode())},
        seconds=30,
    ),
    "recipe-json": Door(
        _recipe("r.json"),
        _trained("r.json"),
        {"r.json": JSON},
        seeds=lambda: {"r.json": seeds.JSON},
        seconds=30,
    ),
    "grounder-recipe": Door(
        _ground_recipe,
        _ground_trained,
        {"dual.yaml": YAML},
        seeds=lambda: {"dual.yaml": seeds.YAML},
    ),
    "ablation": Door(
        _ablation, _ablated, {"table.yaml": YAML}, seeds=lambda: {"table.yaml": seeds.YAML}
    ),
    "resume": Door(
        _begun,
        _trained("r.json"),
        {f"{_LAST}.json": JSON, f"{_LAST}.safetensors": SAFETENSORS},
        seeds=lambda: {f"{_LAST}.json": seeds.JSON, f"{_LAST}.safetensors": seeds.weights()},
        seconds=30,
    ),
}
"""A recipe is carried out for one step, which takes some seconds of processor time by itself."""
