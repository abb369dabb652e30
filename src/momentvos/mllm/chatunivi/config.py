"""Configuration of Chat-UniVi; the defaults are the published 7B."""

from __future__ import annotations

import math
from typing import Annotated, Any

from transformers import CLIPVisionConfig, LlamaConfig, PreTrainedConfig

from momentvos.ranges import Range, check

Clusters = Annotated[tuple[int, ...] | list[int], Range(1, 4096)]
MODEL_TYPE = "momentvos_chatunivi"
IMAGE, VIDEO = -200, -201
"""Ids of visual tokens. No row of the embeddings is theirs, so no text can bring them."""

VIT_L_14: dict[str, Any] = {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "image_size": 224,
    "patch_size": 14,
    "projection_dim": 768,
}
VICUNA_7B: dict[str, Any] = {"max_position_embeddings": 4096, "rms_norm_eps": 1e-5}


class ChatUniViConfig(PreTrainedConfig):
    """Sizes of CLIP and Llama, and of the clusters that merge patches into visual tokens.

    Args:
        vision_config: CLIP's vision tower.
        text_config: Llama.
        clusters: visual tokens of an image at each of the three steps, each made from those of
            the step before; all of them are shown (64 + 32 + 16 = 112).
        neighbours: how many nearest tokens (itself included) tell a token's density, per step.
        event_rate: events of a video per frame.
        event_neighbours: as `neighbours`, for frames that make an event.
        vision_layer: which of the tower's hidden states are the patches; -2 is the last but one.
    """

    model_type = MODEL_TYPE
    sub_configs = {"vision_config": CLIPVisionConfig, "text_config": LlamaConfig}

    vision_config: Any = None
    text_config: Any = None
    clusters: Clusters = (64, 32, 16)
    neighbours: Clusters = (5, 3, 3)
    event_rate: Annotated[float, Range(0, 1, above=True)] = 1 / 16
    event_neighbours: Annotated[int, Range(1, 4096)] = 5
    vision_layer: Annotated[int, Range(-1000, 1000)] = -2
    tie_word_embeddings: bool = False

    def __post_init__(self, **kwargs: Any) -> None:
        """Raise ValueError for an option out of its bounds, and clusters that do not shrink."""
        vision = VIT_L_14 if self.vision_config is None else self.vision_config
        text = VICUNA_7B if self.text_config is None else self.text_config
        self.vision_config = CLIPVisionConfig(**vision) if isinstance(vision, dict) else vision
        self.text_config = LlamaConfig(**text) if isinstance(text, dict) else text
        check(self)
        self.clusters, self.neighbours = list(self.clusters), list(self.neighbours)
        self.image_token_id, self.video_token_id = IMAGE, VIDEO
        fixed = ("image_token_id", "video_token_id")
        super().__post_init__(**{key: value for key, value in kwargs.items() if key not in fixed})
        sizes = [self.patches, *self.clusters]
        if len(self.clusters) != len(self.neighbours) or sorted(sizes, reverse=True) != sizes:
            raise ValueError(f"clusters {self.clusters} of {self.patches} patches")

    @property
    def side(self) -> int:
        """Side of the square that the tower sees, in pixels."""
        return int(self.vision_config.image_size)

    @property
    def patches(self) -> int:
        """Patches of an image."""
        return int((self.side // self.vision_config.patch_size) ** 2)

    @property
    def tokens(self) -> int:
        """Visual tokens of an image, or of an event of a video."""
        return int(sum(self.clusters))

    def events(self, frames: int) -> int:
        """Number of events in a video of so many frames."""
        return max(math.ceil(frames * self.event_rate), 1)
