"""MomentSeg and its baseline Sa2VA."""

from momentvos.systems.registry import MINI, SystemEntry

ENTRY = SystemEntry(
    "MomentSeg",
    "momentvos.systems.momentseg.model:MomentSegModel",
    {
        "momentseg-3b": "MomentSeg with SAM2 Hiera-L and Qwen2.5-VL-3B",
        "momentseg-7b": "MomentSeg with SAM2 Hiera-L and Qwen2.5-VL-7B",
    },
    weights="momentvos.systems.momentseg",
    about=MINI,
)
