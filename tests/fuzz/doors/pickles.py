"""Doors of pickles: checkpoints of torch, and annotations of RefCOCO."""

from __future__ import annotations

import argparse
import pickle
from pathlib import Path

from tests.fuzz import seeds
from tests.fuzz.door import Door, put
from tests.fuzz.files import PICKLE, TORCH


def _checkpoint(folder: Path) -> None:
    import torch

    weights = {f"layer.{number}.weight": torch.ones(2, number + 1) for number in range(3)}
    weights["view"] = weights["layer.2.weight"].T
    content = {"model": weights, "args": argparse.Namespace(lr=1e-4, names=["a"]), "epoch": 3}
    torch.save(content, folder / "model.pth")


def _read(folder: Path) -> None:
    from momentvos.convert import checkpoint

    for weight in checkpoint.read(folder / "model.pth").weights.values():
        weight.float().sum()


def _folder(folder: Path) -> None:
    import torch

    put(folder / "config.json", {"model_type": "llama"})
    torch.save({"w": torch.ones(2, 3), "v": torch.ones(2)}, folder / "pytorch_model.bin")


def _converted(folder: Path) -> None:
    from momentvos.convert.folder import weights

    weights(folder)


def _umt(folder: Path) -> None:
    import torch
    from transformers import BertConfig

    from momentvos.grounding.umt.model import Shape, Umt

    text = BertConfig(
        hidden_size=64,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=256,
        vocab_size=30,
        max_position_embeddings=8,
    )
    torch.save({"model": Umt(Shape(64, 1, 112, 8, text)).state_dict()}, folder / "umt.pth")


def _read_umt(folder: Path) -> None:
    from momentvos.grounding.umt.checkpoint import read

    read(folder / "umt.pth")


def _refs(folder: Path) -> None:
    one = {"ref_id": 1, "ann_id": 2, "image_id": 3, "split": "val", "sentences": [{"sent": "x"}]}
    for protocol, name in ((0, "refs.p"), (2, "refs2.p"), (4, "refs4.p")):
        (folder / name).write_bytes(pickle.dumps([one, (1.5, None, True, -3)], protocol))


def _loaded(path: Path) -> None:
    from momentvos.data.formats import safe_unpickle

    safe_unpickle.load(path)


DOORS = {
    "checkpoint": Door(
        _checkpoint,
        _read,
        {"model.pth": TORCH},
        seeds=lambda: {"model.pth": seeds.checkpoints()},
    ),
    "bin": Door(
        _folder,
        _converted,
        {"pytorch_model.bin": TORCH},
        seeds=lambda: {"pytorch_model.bin": seeds.checkpoints()},
    ),
    "umt": Door(
        _umt, _read_umt, {"umt.pth": TORCH}, seeds=lambda: {"umt.pth": seeds.checkpoints()}
    ),
    "pickle": Door(
        _refs,
        _loaded,
        dict.fromkeys(("refs.p", "refs2.p", "refs4.p"), PICKLE),
        alone=True,
        seeds=lambda: {"refs.p": seeds.PICKLES},
        warm=lambda folder: _loaded(folder / "refs.p"),
    ),
}
