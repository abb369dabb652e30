"""Checks of weights that are loaded: tensors alone, and numbers in them."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from momentvos.errors import ModelError


def check_finite(name: str | Path, model: nn.Module) -> None:
    """Raise ModelError for a weight or a stored buffer that holds NaN or an infinity.

    One pass over the values and nothing copied: extremes carry NaN along.
    """
    for key, value in model.state_dict().items():
        if not value.is_floating_point() or not value.numel() or value.is_meta:
            continue
        if value.element_size() > 1:
            low, high = value.aminmax()
            if not (low.isfinite() and high.isfinite()):
                raise ModelError(
                    f"The weights of '{name}' are damaged: {key} holds values that are no finite "
                    "numbers; get or train them again."
                )


def check_safe(name: str | Path) -> None:
    """Raise ModelError for a folder with pickled weights alone, which are not read for use."""
    folder = Path(name)
    if not folder.is_dir():
        return
    if (folder / "adapter_model.bin").exists():
        raise ModelError(f"'{name}' holds adapter_model.bin, a pickle; remove it or merge it in.")
    if any(folder.glob("*.safetensors")):
        return
    if pickled := sorted(folder.glob("*.bin")):
        raise ModelError(
            f"'{name}' has its weights in {pickled[0].name}, a pickle, which is not loaded: "
            f"`momentvos convert weights {name}` writes them as safetensors."
        )
