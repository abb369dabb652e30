"""EdgeTAM: SAM2's memory and decoder behind a small convolutional encoder (Zhou et al., CVPR 2025).

Its memories are few latent tokens, see `momentvos.sam2.perceiver`. Everything but the image encoder
is `transformers`' own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformers import AutoModel, EdgeTamVideoConfig, EdgeTamVideoModel, PreTrainedConfig
from transformers.models.edgetam.configuration_edgetam import EdgeTamVisionConfig

from momentvos.sam2.repvit import ARCHITECTURE, RepVit, RepVitConfig

PUBLISHED = {
    "enable_temporal_pos_encoding_for_object_pointers": False,
    "enable_occlusion_spatial_embedding": False,
}
"""What the published weights lack; other sizes are the defaults of `EdgeTamVideoConfig`."""
FEATURES = {"in_chans": 3, "features_only": True, "out_indices": [0, 1, 2, 3]}
"""How timm is asked for all stages of the encoder."""


class EdgeTam(EdgeTamVideoModel):  # type: ignore[misc]
    """`EdgeTamVideoModel` on our own `RepVit`, which needs no timm; its weights have the same names.

    config: of `edgetam_config`.
    """

    def __init__(self, config: EdgeTamVideoConfig) -> None:
        AutoModel.register(RepVitConfig, RepVit, exist_ok=True)
        super().__init__(config)


def edgetam_config(values: Mapping[str, Any]) -> EdgeTamVideoConfig:
    """A configuration for `EdgeTam`, from the contents of a ``config.json`` of `transformers`.

    What is not given is as published. (`transformers` itself would read it by timm, or take
    another image encoder where none is named.)

    Raises ValueError where the image encoder is another one than RepViT-M1.
    """
    values = PUBLISHED | values
    vision = dict(values.pop("vision_config", {}))
    kind = vision.pop("model_type", EdgeTamVisionConfig.model_type)
    if kind != EdgeTamVisionConfig.model_type:
        raise ValueError(f"the image encoder is a '{kind}', not EdgeTAM's")
    given = dict(vision.pop("backbone_config", {}))
    encoder = RepVitConfig(
        architecture=given.get("architecture", ARCHITECTURE),
        model_args=given.get("model_args", FEATURES),
    )
    encoder.check()
    vision = EdgeTamVisionConfig(backbone_config=encoder, **vision)
    made: EdgeTamVideoConfig = EdgeTamVideoConfig.from_dict({**values, "vision_config": vision})
    return made
