"""Doors of other programs' weights."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz import seeds
from tests.fuzz.door import Door, put
from tests.fuzz.files import BINARY, JSON, SAFETENSORS

OWNERS = ("univi", "momentseg", "sa2va")


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


def _official(folder: Path) -> None:
    """Folders that are whole but for most of their weights, of three models."""
    import torch
    from safetensors.torch import save_file
    from tokenizers import Tokenizer, models
    from transformers import Qwen2_5_VLConfig

    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
    llama = sizes | {"num_attention_heads": 2, "num_key_value_heads": 2}
    put(folder / "univi/config.json", llama)
    put(folder / "univi/added_tokens.json", {"<x>": 7})
    qwen = Qwen2_5_VLConfig().to_dict() | {"vision_config": {"depth": 1, "hidden_size": 16}}
    qwen["text_config"] |= llama | {"layer_types": ["full_attention"]}
    told = {"model_type": "momentseg_chat", "mllm_config": qwen, "min_pixels": 3136}
    put(folder / "momentseg/config.json", told | {"max_pixels": 200704})
    put(folder / "sa2va/config.json", qwen | {"model_type": "sa2va_chat", "template": "x"})
    names = ["<unk>", "<s>", "</s>", "a", "b", "[SEG]", "[FIND]"]
    words = {word: number for number, word in enumerate(names)}
    trunk = "grounding_encoder.sam2_model.image_encoder.trunk"
    weights = {
        "model.embed_tokens.weight": torch.zeros(8, 16),
        "model.model.embed_tokens.weight": torch.zeros(8, 16),
        "model.vision_tower.vision_tower.vision_model.x": torch.zeros(1),
        f"{trunk}.patch_embed.proj.weight": torch.zeros(96, 3, 7, 7),
    } | {f"{trunk}.blocks.{number}.norm1.bias": torch.zeros(1) for number in range(12)}
    for name in OWNERS:
        Tokenizer(models.WordLevel(words, "<unk>")).save(str(folder / name / "tokenizer.json"))
        save_file(weights, folder / name / "model.safetensors")


def _published(path: Path) -> None:
    """Convert what lacks nearly all weights: it is refused at the latest for that."""
    from momentvos.convert.chatunivi import convert_chatunivi
    from momentvos.convert.momentseg import convert_momentseg
    from momentvos.convert.sa2va import convert_sa2va

    folder = path.parent
    out = folder.parent / "out/model"
    convert = {"momentseg": convert_momentseg, "sa2va": convert_sa2va, "univi": convert_chatunivi}
    convert[folder.name](folder, out)


def _libraries(folder: Path) -> None:
    from momentvos.errors import ModelError

    for name in OWNERS:
        try:
            _published(folder / name / "config.json")
        except ModelError:
            continue


_OFFICIAL = tuple(f"{name}/{file}" for file in ("config.json", "tokenizer.json") for name in OWNERS)
_PART = "model-00001-of-00002.safetensors"
DOORS = {
    "sentencepiece": Door(_pieces, _read_pieces, {"tokenizer.model": BINARY}),
    "official": Door(
        _official,
        _published,
        dict.fromkeys((*_OFFICIAL, "univi/added_tokens.json"), JSON),
        alone=True,
        seeds=lambda: dict.fromkeys(_OFFICIAL, seeds.JSON),
        warm=_libraries,
    ),
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
