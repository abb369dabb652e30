"""Conditional memory encoder: a classifier that detects tracking of the wrong object (SAMWISE)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from momentvos.blocks import attention

IGNORED = -1
"""Label of a frame that counts for nothing."""


class SelfAttentionBlock(nn.Module):
    """Post-norm transformer block. [B,S,d] -> [B,S,d].

    ``norm2`` takes no part; the released checkpoints hold it, and their count includes it.
    """

    def __init__(self, dim: int, heads: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(dim, heads, dropout=dropout)
        self.linear1 = nn.Linear(dim, hidden)
        self.linear2 = nn.Linear(hidden, dim)
        self.norm1 = nn.LayerNorm(dim)
        self.norm2 = nn.LayerNorm(dim)
        self.norm3 = nn.LayerNorm(dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm1(x + self.dropout(attention(self.self_attn, x, x)))
        out: Tensor = self.norm3(
            x + self.dropout(self.linear2(self.dropout(F.relu(self.linear1(x)))))
        )
        return out


class ConditionalMemoryEncoder(nn.Module):
    """Binary classifier of two object pointers: should memory switch to another object?

    Parameter names and shapes are those of the released SAMWISE checkpoints
    (``conditional_memory_encoder.*``).
    """

    def __init__(
        self, dim: int = 256, heads: int = 8, hidden: int = 128, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.transformerBlock = SelfAttentionBlock(dim, heads, hidden, dropout)
        self.decision_token = nn.Embedding(1, dim)
        self.decision_class_head = nn.Linear(dim, 2)

    def forward(self, pointer: Tensor, early: Tensor) -> Tensor:
        """Class logits [N,2]; class 1: memory should switch to the object segmented without memory.

        pointer  [N,C] object pointer of the frame decoded with memory
        early    [N,C] mask token after the decoder's first layer, decoded without memory
        Both are read without gradient.
        """
        first = self.decision_token.weight[None].expand(len(pointer), -1, -1)
        x = torch.cat([first, pointer.detach()[:, None], early.detach()[:, None]], 1)
        out: Tensor = self.decision_class_head(self.transformerBlock(x)[:, 0])
        return out


def due(index: int, switched: int = 0, window: int = 4) -> bool:
    """Whether frame ``index`` (0-based place in the clip or video) is classified.

    ``switched`` is the frame at which memory was last switched. Classified are the frames beyond
    ``window`` that lie at least ``window - 1`` after it: 5, 6 and 7 in a clip of 8.
    """
    return index > window and index - switched >= window - 1


def label(with_memory: Tensor, without: Tensor, score: Tensor, smallest: int = 50) -> Tensor:
    """Class labels for ``ConditionalMemoryEncoder``, from the model's own two masks.

    with_memory, without  bool [N,H,W], decoded with and without memory
    score                 [N] object score logit of the decoding without memory
    smallest              pixels up to which a mask counts as none
    Returns int64 [N]: ``IGNORED`` when decoding without memory has no object (score < 0) or both
    masks are too small; 1 when the masks share less than a tenth of the smaller one; else 0. A mask
    without any pixel shares nothing: 1 (upstream's 0/0 makes that 0, against its own comment).
    """
    area, other = with_memory.flatten(1).sum(1), without.flatten(1).sum(1)
    shared = (with_memory & without).flatten(1).sum(1)
    small = torch.minimum(area, other)
    apart = (shared < 0.1 * small) | (small == 0)
    unclear = (score < 0) | (torch.maximum(area, other) <= smallest)
    return torch.where(unclear, IGNORED, apart.long())


def loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy with weights 1 and 2; 0 when every label is ``IGNORED``. Scalar."""
    weight = logits.new_tensor([1.0, 2.0])
    total = F.cross_entropy(logits, labels, weight, ignore_index=IGNORED, reduction="sum")
    counted = weight[labels.clamp(min=0)] * (labels != IGNORED)
    return total / counted.sum().clamp(min=1)


def reweight(logits: Tensor, alone: Tensor, switch: Tensor, factor: float = 10.0) -> Tensor:
    """Mask logits that memory stores on switched frames: those decoded without memory.

    Where the mask decoded without memory is positive, memory gets those logits times ``factor``;
    elsewhere it keeps the frame's own (SAMWISE models/samwise.py, ``reweight``).

    logits [N,h,w] decoded with memory, alone [N,h,w] without, switch bool [N] -> [N,h,w]. The
    frame's own output mask stays as it is.
    """
    return torch.where(switch[:, None, None] & (alone > 0), alone * factor, logits)
