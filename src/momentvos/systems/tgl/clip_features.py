"""Adapted features of a training clip, with gradients: which frames, in which windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from momentvos.data.batch import ClipBatch
from momentvos.systems.tgl.features import Adapted, Shared, adapted_features
from momentvos.text import Tokens

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel


@dataclass(frozen=True)
class ClipFeatures:
    """Adapted features of L queries, and in which row each of their T frames stands.

    rows: int64 [L, T] row in the pyramid, -1 where not adapted; windows: int64 [L, T] row of the
    prompt; prompts: [windows, K, C].
    """

    adapted: Adapted
    rows: Tensor
    windows: Tensor
    prompts: Tensor


def prompted_frames(model: TglModel, batch: ClipBatch) -> Tensor:
    """Frames [L, T] that are adapted and prompted: M+, or all where there is none (or no MFE)."""
    inside = batch.moment & batch.segment
    every = ~inside.any(1, keepdim=True) | (not model.config.moment_features)
    return torch.where(every, batch.segment, inside)


def adapt_windows(model: TglModel, shared: Shared, place: Tensor, tokens: Tokens) -> ClipFeatures:
    """All T frames of each query, in windows of ``config.window`` frames."""
    queries, frames = place.shape
    size = min(model.config.window, frames)
    if frames % size:
        raise ValueError(f"clips of {frames} frames do not split into windows of {size}")
    parts = frames // size
    repeated = tokens.repeat(parts)
    part = torch.arange(parts, device=place.device)
    about = (place[:, :1] // size + part).flatten()
    adapted = adapted_features(model, shared, repeated, about=(about, size))
    windows = torch.arange(queries * parts, device=place.device).view(queries, parts)
    return ClipFeatures(
        adapted,
        torch.arange(queries * frames, device=place.device).view(queries, frames),
        windows.repeat_interleave(size, 1),
        model.prompt(adapted.text, repeated),
    )


def adapt_moments(
    model: TglModel, shared: Shared, place: Tensor, tokens: Tokens, prompted: Tensor
) -> ClipFeatures:
    """Only the prompted frames of each query, packed to the left, as one window."""
    most = max(int(prompted.sum(1).max()), 1)
    order = prompted.int().argsort(dim=1, descending=True, stable=True)[:, :most]
    mask = prompted.gather(1, order)
    adapted = adapted_features(model, shared.select(place.gather(1, order).flatten()), tokens, mask)
    packed = torch.arange(len(place) * most, device=place.device).view(-1, most)
    rows = torch.full_like(place, -1).scatter(1, order, torch.where(mask, packed, -1))
    windows = torch.arange(len(place), device=place.device)[:, None].expand_as(place)
    return ClipFeatures(adapted, rows, windows, model.prompt(adapted.text, tokens))
