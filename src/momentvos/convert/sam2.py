"""Conversion of Meta's SAM2, SAM2.1 and EdgeTAM files to the form of ``transformers``."""

from __future__ import annotations

from pathlib import Path

from transformers import PreTrainedConfig, Sam2VideoModel

from momentvos.convert import edgetam
from momentvos.convert.checkpoint import read
from momentvos.convert.match import Converted, match, skeleton
from momentvos.convert.names import sam2_sources
from momentvos.convert.sizes import hiera
from momentvos.convert.write import check_new, new_folder, save
from momentvos.sam2.edgetam import EdgeTam
from momentvos.sam2.sizes import sam_config


def convert_sam2(
    file: str | Path, out: str | Path, config: PreTrainedConfig | None = None
) -> Converted:
    """Write the model of ``sam2_hiera_*.pt``, ``sam2.1_hiera_*.pt`` or ``edgetam.pt`` to `out`.

    The folder is what :meth:`TglModel.from_parts` takes as `sam`, or of EdgeTAM what a tracker of
    kind "edgetam" does. Size (tiny, small, base+, large) and version follow from the weights.

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
    if edgetam.MARK in given:
        name, config = "EdgeTamVideoModel", config or edgetam.config_of(given)
        wanted = skeleton(file, lambda: EdgeTam(config))
        given, sources = edgetam.apart(given), edgetam.edgetam_sources
    else:
        name, config = (
            "Sam2VideoModel",
            config
            or sam_config(
                hiera(file, given),
                pointer_encoding="obj_ptr_tpos_proj.weight" in given,
                occlusion_embedding="no_obj_embed_spatial" in given,
            ),
        )
        wanted, sources = skeleton(file, lambda: Sam2VideoModel(config)), sam2_sources
    matched = match(file, given, wanted, sources, lambda name: None)
    with new_folder(out) as folder:
        save(folder, config, name, matched.weights)
    return Converted(out, edgetam.joined(matched.used), matched.dropped, {}, checkpoint.others)
