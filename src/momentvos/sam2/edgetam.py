"""EdgeTAM: SAM2's memory and decoder behind a small convolutional encoder (Zhou et al., CVPR 2025).

Its memories are few latent tokens, see `momentvos.sam2.perceiver`. Everything but the image encoder
is `transformers`' own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformers import AutoModel, EdgeTamVideoConfig, EdgeTamVideoModel
from transformers.models.edgetam.configuration_edgetam import EdgeTamVisionConfig

from momentvos.sam2.perceiver import parts_in_a_row
from momentvos.sam2.repvit import ARCHITECTURE, RepVit, RepVitConfig

PUBLISHED = {
    "enable_temporal_pos_encoding_for_object_pointers": False,
    "enable_occlusion_spatial_embedding": False,
}
"""What the published weights lack; other sizes are the defaults of `EdgeTamVideoConfig`."""
FEATURES = {"in_chans": 3, "features_only": True, "out_indices": [0, 1, 2, 3]}
"""How timm is asked for all stages of the encoder."""


class EdgeTam(EdgeTamVideoModel):  # type: ignore[misc]
    """`EdgeTamVideoModel` on our own `RepVit`, without timm; its weights have the same names.

    config: of `edgetam_config`.
    """

    def __init__(self, config: EdgeTamVideoConfig) -> None:
        AutoModel.register(RepVitConfig, RepVit, exist_ok=True)
        super().__init__(config)


def edgetam_config(values: Mapping[str, Any]) -> EdgeTamVideoConfig:
    """A configuration for `EdgeTam`, from the contents of a ``config.json`` of `transformers`.

    What is not given is as published. (`transformers` itself would read it by timm, or take
    another image encoder where none is named.)

    Raises ValueError for another type of model, another image encoder than RepViT-M1, or a
    perceiver whose parts are no square.
    """
    given: dict[str, Any] = PUBLISHED | dict(values)
    kind, wanted = given.get("model_type"), EdgeTamVideoConfig.model_type
    if kind not in (None, wanted):
        raise ValueError(f"it is a model of type '{kind}', not '{wanted}'")
    vision = dict(given.pop("vision_config", {}))
    kind = vision.pop("model_type", EdgeTamVisionConfig.model_type)
    if kind != EdgeTamVisionConfig.model_type:
        raise ValueError(f"the image encoder is a '{kind}', not EdgeTAM's")
    backbone = dict(vision.pop("backbone_config", {}))
    encoder = RepVitConfig(
        architecture=backbone.get("architecture", ARCHITECTURE),
        model_args=backbone.get("model_args", FEATURES),
    )
    encoder.check()
    given["vision_config"] = EdgeTamVisionConfig(backbone_config=encoder, **vision)
    made: EdgeTamVideoConfig = EdgeTamVideoConfig.from_dict(given)
    side, parts = parts_in_a_row(made), made.perceiver_resampler_num_latents_2d
    if side < 1 or side**2 != parts or [*made.memory_attention_rope_k_sizes] != [side, side]:
        raise ValueError(f"a memory of {parts} parts in a grid of another size")
    return made
