"""EdgeTAM's own file: its weights by our names, and which model they are of."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor
from transformers import EdgeTamVideoConfig

from momentvos.convert.names import rename, sam2_sources
from momentvos.sam2.edgetam import edgetam_config

MARK = "spatial_perceiver.latents"
"""A weight that SAM2's files have not."""

NAMES = [
    (r"^vision_encoder\.backbone\.timm_model\.", "image_encoder.trunk.body."),
    (r"^(memory_attention\.layers\.\d+)\.mlp\.up_proj\.", r"\1.linear1."),
    (r"^(memory_attention\.layers\.\d+)\.mlp\.down_proj\.", r"\1.linear2."),
]
PERCEIVER = [
    (r"\.latents_1d$", ".latents"),
    (r"\.layer_norm_input\.", ".attn.norm_x."),
    (r"\.layer_norm_latents\.", ".attn.norm_latents."),
    (r"\.layer_norm_self\.", ".self_attn.norm."),
    (r"\.cross_attention\.", ".attn."),
    (r"\.self_attention\.", ".self_attn."),
    (r"\.(q|k|v)_proj\.", r".to_\1."),
    (r"\.o_proj\.", ".to_out."),
    (r"\.(self_)?mlp\.layer_norm\.", r".\1ff.0."),
    (r"\.(self_)?mlp\.up_proj\.", r".\1ff.1."),
    (r"\.(self_)?mlp\.down_proj\.", r".\1ff.3."),
    (r"^spatial_perceiver\.layer_norm\.", "spatial_perceiver.norm."),
]


def edgetam_sources(name: str) -> tuple[str, ...]:
    """Names of a weight of `EdgeTam` in the authors' file, with keys and values `apart`."""
    if name.startswith("spatial_perceiver."):
        return (rename(name, PERCEIVER),)
    known = rename(name, NAMES)
    return (known,) if known != name else sam2_sources(name)


def apart(given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of the file with each product of keys and values (`to_kv`) as two."""
    made: dict[str, Tensor] = {}
    for name, weight in given.items():
        if ".to_kv." in name and weight.ndim and weight.shape[0] % 2 == 0:
            keys, values = torch.chunk(weight, 2)
            made[name.replace(".to_kv.", ".to_k.")] = keys
            made[name.replace(".to_kv.", ".to_v.")] = values
        else:
            made[name] = weight
    return made


def joined(names: tuple[str, ...]) -> tuple[str, ...]:
    """Invert `apart` for names."""
    whole = (re.sub(r"^(spatial_perceiver\..*)\.to_[kv]\.", r"\1.to_kv.", name) for name in names)
    return tuple(dict.fromkeys(whole))


def config_of(given: Mapping[str, Tensor]) -> EdgeTamVideoConfig:
    """The published sizes, with what the file holds of SAM2.1's additions."""
    return edgetam_config(
        {
            "enable_temporal_pos_encoding_for_object_pointers": (
                "obj_ptr_tpos_proj.weight" in given
            ),
            "enable_occlusion_spatial_embedding": "no_obj_embed_spatial" in given,
        }
    )
