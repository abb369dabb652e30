"""A dual encoder of frames and sentences; a frame is as relevant as its best cell.

Nothing of a sentence enters the frames' side, so that a video is encoded once for all sentences.
A frame keeps a vector for each cell of a grid, because a sentence means one object of several.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel

from momentvos.grounding.dual.tower import Block, Halve
from momentvos.ranges import Range, Side, Some, check

Width = Annotated[int, Range(1, 65536)]


class DualConfig(PreTrainedConfig):
    """Sizes of the dual encoder.

    side: pixels of the square input; channels, blocks: of the frames' side; dimension: of the
    common space; layers, heads, vocab_size, positions: of the sentences' side; window: frames that
    are seen together.
    """

    model_type = "momentvos_dual"

    side: Side = 64
    channels: Width = 64
    blocks: Annotated[int, Range(1, 1000)] = 3
    dimension: Width = 96
    layers: Annotated[int, Range(1, 1000)] = 2
    heads: Width = 4
    vocab_size: Some = 1024
    positions: Width = 64
    window: Annotated[int, Range(1, 4096)] = 32

    def __post_init__(self, **kwargs: Any) -> None:
        """Raise ValueError for an option out of its bounds."""
        check(self)
        super().__post_init__(**kwargs)


class DualEncoder(PreTrainedModel):
    """Relevance logits from frames and token ids."""

    config_class = DualConfig
    base_model_prefix = "dual"
    main_input_name = "pixels"

    def __init__(self, config: DualConfig) -> None:
        super().__init__(config)
        width, half = config.channels, config.channels // 2
        self.stem = nn.Sequential(Halve(6, half), Halve(half, width))
        self.near = nn.Sequential(*(Block(width) for _ in range(config.blocks)))
        self.halve = Halve(width, width)
        self.far = nn.Sequential(*(Block(width) for _ in range(config.blocks)))
        self.to_common = nn.Linear(width, config.dimension)
        self.words = nn.Embedding(config.vocab_size, config.dimension)
        self.place = nn.Parameter(torch.zeros(config.positions, config.dimension))
        layer = nn.TransformerEncoderLayer(
            config.dimension,
            config.heads,
            2 * config.dimension,
            dropout=0.0,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.reader = nn.TransformerEncoder(layer, config.layers, enable_nested_tensor=False)
        self.from_words = nn.Linear(config.dimension, config.dimension)
        self.log_scale = nn.Parameter(torch.tensor(2.3))
        self.bias = nn.Parameter(torch.tensor(-7.0))
        self.tokenizer: Any = None
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.5)

    def cells(self, pixels: Tensor) -> Tensor:
        """Unit vectors [B, T, P, D] of the P cells of each frame.

        pixels: [B, T, 3, S, S], 0..1. Each frame is seen with its difference from the one before
        and, through convolutions over time, with its neighbours.
        """
        moved = torch.diff(pixels, dim=1, prepend=pixels[:, :1])
        both = torch.cat([pixels - 0.5, moved], dim=2).permute(0, 1, 3, 4, 2)
        features = self.far(self.halve(self.near(self.stem(both))))
        return nn.functional.normalize(self.to_common(features.flatten(2, 3)), dim=-1)

    def sentences(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Unit vectors [L, D] of token ids [L, N]; mask is 1 at tokens, 0 at padding."""
        embedded = self.words(ids) + self.place[: ids.shape[1]]
        read = self.reader(embedded, src_key_padding_mask=mask == 0)
        weight = mask[..., None].to(read.dtype)
        mean = (read * weight).sum(1) / weight.sum(1)
        return nn.functional.normalize(self.from_words(mean), dim=-1)

    def relevance(self, cells: Tensor, sentences: Tensor) -> Tensor:
        """Logits [L, T] of one video's cells [T, P, D]: soft maximum over its cells."""
        cosine = torch.einsum("tpd,ld->ltp", cells, sentences)
        return (self.log_scale.exp() * cosine).logsumexp(-1) + self.bias

    def forward(self, pixels: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        """Logits [L, T] of L sentences about one video, pixels [T, 3, S, S]."""
        return self.relevance(self.cells(pixels[None])[0], self.sentences(ids, mask))

    def save_pretrained(self, save_directory: str | Path, **kwargs: Any) -> None:
        """Write config, safetensors and tokenizer into a folder."""
        super().save_pretrained(save_directory, **kwargs)
        if self.tokenizer is not None:
            self.tokenizer.save_pretrained(save_directory)
