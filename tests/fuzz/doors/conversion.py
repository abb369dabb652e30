"""Doors of other programs' weights."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz import seeds
from tests.fuzz.door import Door, put
from tests.fuzz.files import BINARY, JSON, SAFETENSORS


def _pieces(folder: Path) -> None:
    def field(number: int, value: bytes | int) -> bytes:
        if isinstance(value, int):
            return bytes([number << 3, value])
        return bytes([number << 3 | 2, len(value)]) + value

    words = [("<unk>", 2), ("<s>", 3), ("</s>", 3), ("\u2581", 1), ("a", 1), ("\u2581a", 1)]
    body = b"".join(field(1, field(1, text.encode()) + field(3, kind)) for text, kind in words)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.model").write_bytes(body + field(2, field(3, 2)))


def _read_pieces(folder: Path) -> None:
    from momentvos.convert.sentencepiece import llama_tokenizer

    llama_tokenizer(folder / "tokenizer.model")("a a")


def _index(folder: Path) -> None:
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    for k in (1, 2):
        save_file({f"w{k}": torch.zeros(2)}, folder / f"model-0000{k}-of-00002.safetensors")
    listed = {f"w{k}": f"model-0000{k}-of-00002.safetensors" for k in (1, 2)}
    put(folder / "model.safetensors.index.json", {"metadata": {}, "weight_map": listed})
    put(folder / "config.json", {"model_type": "llama", "hidden_size": 4})


def _read_index(folder: Path) -> None:
    from momentvos.convert.folder import read_json, weights

    weights(folder)
    read_json(folder / "config.json")


_PART = "model-00001-of-00002.safetensors"
DOORS = {
    "sentencepiece": Door(_pieces, _read_pieces, {"tokenizer.model": BINARY}),
    "index": Door(
        _index,
        _read_index,
        {"model.safetensors.index.json": JSON, "config.json": JSON, _PART: SAFETENSORS},
        seeds=lambda: {
            "model.safetensors.index.json": seeds.JSON,
            "config.json": seeds.JSON,
            _PART: seeds.weights(),
        },
    ),
}
