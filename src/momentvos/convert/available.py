"""Checks of what a conversion needs beside its source, before PyTorch is imported."""

from __future__ import annotations

from pathlib import Path

from momentvos.errors import ModelError
from momentvos.reachable import check_hub, is_cached, is_path

TOKENIZERS = ("tokenizer.model", "tokenizer.json")


def check_roberta(source: str) -> None:
    """Raise ModelError where RoBERTa's tokenizer is neither here nor within reach of the hub."""
    if not Path(source).is_dir() and not is_cached(source, "tokenizer_config.json"):
        if is_path(source):
            raise ModelError(roberta_advice(source))
        check_hub(source, roberta_advice(source))


def check_llama(folder: Path | None) -> None:
    """Raise ModelError where a folder is given that holds no tokenizer of Chat-UniVi."""
    if folder is not None and not any((folder / name).is_file() for name in TOKENIZERS):
        raise ModelError(llama_advice(folder))


def check_clip(source: str | None) -> None:
    """Raise ModelError where CLIP is neither a folder nor written like a hub id.

    Whether it is needed at all, the weights tell later.
    """
    if source is not None and not Path(source).is_dir() and is_path(source):
        raise ModelError(
            f"There is no folder '{source}': give CLIP with --clip openai/clip-vit-large-patch14 "
            "or --clip FOLDER."
        )


def roberta_advice(source: str | Path) -> str:
    """How to get the tokenizer that SAMWISE's checkpoints lack."""
    return (
        f"The tokenizer '{source}' cannot be had, and the checkpoint holds none: connect to the "
        "internet once, or fetch it elsewhere (`hf download roberta-base config.json "
        "tokenizer.json tokenizer_config.json --local-dir FOLDER`) and give --tokenizer FOLDER."
    )


def llama_advice(folder: Path) -> str:
    """How to get the tokenizer that parts of Chat-UniVi lack."""
    return (
        f"{folder} holds no tokenizer.model: give the folder of Chat-UniVi's or Vicuna's "
        "tokenizer with --tokenizer FOLDER."
    )
