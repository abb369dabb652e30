"""TGL (Temporally Grounded Learning) and its baseline SAMWISE."""

from momentvos.systems.registry import MINI, SystemEntry

ENTRY = SystemEntry(
    "TGL",
    "momentvos.systems.tgl.model:TglModel",
    {
        "tgl-base": "TGL with SAM2 Hiera-B+ and RoBERTa-base",
        "tgl-large": "TGL with SAM2 Hiera-L and RoBERTa-base",
    },
    weights="momentvos.systems.tgl",
    about=MINI,
)
