"""Inputs of a language model: token ids, positions and patches, padded to one batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor

from momentvos.mllm.chat import IGNORED, RenderedChat
from momentvos.mllm.visual_input import VisualInput


@dataclass(frozen=True)
class Inputs:
    """B chats, padded on the right to L tokens.

    Attributes:
        ids: int64 [B, L]; mask: bool [B, L], True = token.
        positions: int64 [3, B, L], time, height and width of M-RoPE.
        labels: int64 [B, L], -100 where there is no loss.
        pixel_values, image_grid_thw: patches of all images in order, and their grids [I, 3].
        pixel_values_videos, video_grid_thw: the same of all videos.
        grids: per chat the grid of each of its videos, in tokens: (steps, rows, columns).
    """

    ids: Tensor
    mask: Tensor
    positions: Tensor
    labels: Tensor
    pixel_values: Tensor | None = None
    image_grid_thw: Tensor | None = None
    pixel_values_videos: Tensor | None = None
    video_grid_thw: Tensor | None = None
    grids: tuple[tuple[tuple[int, int, int], ...], ...] = ()

    def to(self, device: torch.device | str) -> Inputs:
        """The same with every tensor on `device`."""
        values: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        moved: dict[str, Any] = {
            name: value.to(device, non_blocking=True) if isinstance(value, Tensor) else value
            for name, value in values.items()
        }
        return Inputs(**moved)

    def without_videos(self) -> Inputs:
        """The same without the patches of videos, whose tokens are known."""
        return replace(self, pixel_values_videos=None, video_grid_thw=None)

    def vision(self) -> dict[str, Tensor]:
        """The patches and grids by the argument names of ``transformers``' models."""
        names = ("pixel_values", "image_grid_thw", "pixel_values_videos", "video_grid_thw")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


def collate(chats: Sequence[RenderedChat], pad: int, spacing: int = 2) -> Inputs:
    """Collate chats of any length to one batch.

    pad: the id that fills up. spacing: positions from one step of a video to the next, the
    ``tokens_per_second`` of Qwen2.5-VL's configuration times the second that it assumes without
    times, as in MomentSeg.
    """
    length = max(len(one.ids) for one in chats)
    shape = (len(chats), length)
    ids, labels = torch.full(shape, pad), torch.full(shape, IGNORED)
    mask, positions = torch.zeros(shape, dtype=torch.bool), torch.zeros(3, *shape).long()
    for row, one in enumerate(chats):
        count = len(one.ids)
        ids[row, :count] = torch.tensor(one.ids)
        labels[row, :count] = torch.tensor(one.labels)
        mask[row, :count] = True
        positions[:, row, :count] = rope_positions(one, spacing)
    visuals = [visual for one in chats for visual in one.visuals]
    images, image_grids = _patches([one for one in visuals if one.kind == "image"])
    videos, video_grids = _patches([one for one in visuals if one.kind == "video"])
    grids = tuple(
        tuple(_token_grid(visual) for visual in one.visuals if visual.kind == "video")
        for one in chats
    )
    return Inputs(ids, mask, positions, labels, images, image_grids, videos, video_grids, grids)


def rope_positions(chat: RenderedChat, spacing: int) -> Tensor:
    """M-RoPE's (time, height, width) of each token, int64 [3, L].

    Text takes one position a token; a visual input's tokens take its grid from the next free
    position on, and what follows goes on after the largest of them. So Qwen2.5-VL was trained,
    while ``transformers`` 5 goes on after the largest of height and width alone.
    """
    parts: list[Tensor] = []
    free, place = 0, 0
    for start, number in chat.runs:
        visual = chat.visuals[number]
        steps, rows, columns = _token_grid(visual)
        grid = torch.cartesian_prod(
            torch.arange(1 if visual.seconds else steps) * spacing,
            torch.arange(rows),
            torch.arange(columns),
        )
        parts += [_text(free, start - place), grid.T + free + start - place]
        free = int(parts[-1].max()) + 1
        place = start + len(grid)
    parts.append(_text(free, len(chat.ids) - place))
    return torch.cat(parts, 1)


def _text(first: int, count: int) -> Tensor:
    return torch.arange(first, first + count).expand(3, -1)


def _token_grid(visual: VisualInput) -> tuple[int, int, int]:
    steps, rows, columns = visual.grid
    return steps, rows // visual.merge, columns // visual.merge


def _patches(visuals: Sequence[VisualInput]) -> tuple[Tensor | None, Tensor | None]:
    if not visuals:
        return None, None
    grids = torch.tensor([visual.grid for visual in visuals])
    return torch.cat([visual.patches for visual in visuals]), grids
