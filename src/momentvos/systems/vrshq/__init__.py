"""VRS-HQ."""

from momentvos.systems.registry import MINI, SystemEntry

ENTRY = SystemEntry(
    "VRS-HQ",
    "momentvos.systems.vrshq.model:VrsHqModel",
    {"vrshq-7b": "VRS-HQ with SAM2 Hiera-L and Chat-UniVi-7B or Qwen2.5-VL-7B"},
    weights="momentvos.systems.vrshq",
    about=MINI,
)
