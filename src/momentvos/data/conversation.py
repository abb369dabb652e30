"""Training conversations of the systems with a multimodal LLM: pictures, and text about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Conversation:
    """One conversation, before a system's chat template; `conversation` builds its tensors.

    Attributes:
        sentences: E expressions, supervised with masks or with moments; with neither, the text
            itself is all the supervision there is.
        paraphrases: the same expressions in other words; only without pictures.
        turns: pairs of question and answer.
        context: low-resolution frames of the whole video, uint8 [T, H, W, 3], or None.
        images: high-resolution frames of it, or one image, uint8 [K, H, W, 3], or None.
        masks: bool [E, K, H, W], of the images, empty in all of them for an expression without
            target; or None.
        moments: bool [E, T], True where a frame of `context` lies in M+; or None.
        context_masks: bool [E, T, H, W], the targets' pixels in `context`; or None.
    """

    sentences: tuple[str, ...] = ()
    paraphrases: tuple[str, ...] = ()
    turns: tuple[tuple[str, str], ...] = ()
    context: torch.Tensor | None = None
    images: torch.Tensor | None = None
    masks: torch.Tensor | None = None
    moments: torch.Tensor | None = None
    context_masks: torch.Tensor | None = None


@dataclass(frozen=True)
class ConversationBatch:
    """A micro-batch of conversations."""

    rows: tuple[Conversation, ...]

    def to(self, device: torch.device | str) -> ConversationBatch:
        """Copy of the batch with every tensor on `device`."""
        return ConversationBatch(tuple(_moved(row, device) for row in self.rows))


def conversation(
    sentences: Sequence[str] = (),
    turns: Sequence[tuple[str, str]] = (),
    **arrays: np.ndarray | None,
) -> Conversation:
    """Build a Conversation from numpy arrays: context, images, masks, moments, context_masks."""
    import torch

    tensors: dict[str, Any] = {
        name: torch.from_numpy(np.ascontiguousarray(one))
        for name, one in arrays.items()
        if one is not None
    }
    return Conversation(tuple(sentences), turns=tuple(turns), **tensors)


def _moved(row: Conversation, device: torch.device | str) -> Conversation:
    values: dict[str, Any] = {one.name: getattr(row, one.name) for one in fields(row)}
    return Conversation(
        **{name: one.to(device) if hasattr(one, "to") else one for name, one in values.items()}
    )
