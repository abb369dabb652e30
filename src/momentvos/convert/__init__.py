"""Conversion of official checkpoints to folders of ours, without running code in them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from momentvos.convert.match import Converted as Converted
    from momentvos.convert.sam2 import convert_sam2 as convert_sam2
    from momentvos.convert.samwise import convert_samwise as convert_samwise

_HOMES = {"Converted": "match", "convert_sam2": "sam2", "convert_samwise": "samwise"}
__all__ = ["Converted", "convert_sam2", "convert_samwise"]


def __getattr__(name: str) -> Any:
    """Resolve a public name on first use: files are checked before PyTorch is imported."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
