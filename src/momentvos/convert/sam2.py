"""Conversion of Meta's SAM2 and SAM2.1 files for ``transformers``' Sam2VideoModel."""

from __future__ import annotations

from pathlib import Path

from transformers import Sam2VideoConfig, Sam2VideoModel

from momentvos.convert.checkpoint import read
from momentvos.convert.match import Converted, match, skeleton
from momentvos.convert.names import sam2_sources
from momentvos.convert.sizes import hiera
from momentvos.convert.write import check_new, new_folder, save
from momentvos.sam2.sizes import sam_config


def convert_sam2(
    file: str | Path, out: str | Path, config: Sam2VideoConfig | None = None
) -> Converted:
    """Write the model in an official ``sam2_hiera_*.pt`` or ``sam2.1_hiera_*.pt`` to `out`.

    The folder is what :meth:`TglModel.from_parts` takes as `sam`. Size (tiny, small, base+,
    large) and version follow from the weights.

    Args:
        file: the official file.
        out: a new or empty folder; it appears whole or not at all.
        config: only for files of other sizes than the official ones.

    Raises:
        ModelError: the file is not readable, or not such a checkpoint; weights are listed.
        OutputError: `out` cannot be written.
    """
    file, out = Path(file), Path(out)
    check_new(out)
    checkpoint = read(file)
    given = checkpoint.weights
    config = config or sam_config(
        hiera(file, given),
        pointer_encoding="obj_ptr_tpos_proj.weight" in given,
        occlusion_embedding="no_obj_embed_spatial" in given,
    )
    wanted = skeleton(file, lambda: Sam2VideoModel(config))
    matched = match(file, given, wanted, sam2_sources, lambda name: None)
    with new_folder(out) as folder:
        save(folder, config, "Sam2VideoModel", matched.weights)
    return Converted(out, matched.used, matched.dropped, {}, checkpoint.others)
