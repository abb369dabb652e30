"""ReVOS on disk (VISA): sentences that name their object, or need reasoning to find it.

    meta_expressions_{train,valid}_.json   as in MeViS, with a "type_id" for every expression
    mask_dict.json                         masks of both splits
    JPEGImages/<source>/.../<video>/<frame>.jpg, or <source>/... at the root

Names of videos hold slashes. ``type_id`` 0, 1, 2 are the kinds "referring", "reasoning" and "none"
(the target does not exist).
"""

from __future__ import annotations

from pathlib import Path

from momentvos.data.formats.entry import Report, refuse
from momentvos.data.formats.frame_samples import RLESample
from momentvos.data.formats.mevis import read_index

KINDS = {0: "referring", 1: "reasoning", 2: "none"}
FPS = 6.0


def read(root: Path, split: str = "valid", report: Report = refuse) -> list[RLESample]:
    """Read every expression of a split. Raises DataError, or passes broken entries to `report`."""
    images = root / "JPEGImages" if (root / "JPEGImages").is_dir() else root
    names = [root / f"meta_expressions_{split}{end}.json" for end in ("_", "")]
    meta = names[1] if names[1].exists() and not names[0].exists() else names[0]
    return list(read_index(meta, images, root / "mask_dict.json", FPS, report, KINDS))
