"""What one training step gets: V videos, L lanes (one expression on one of them), T frames each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch


Numbers = tuple[int, ...]
Named = tuple[Numbers, Numbers] | None
"""Numbers of the objects that a sentence's noun fits and that the other noun in it does, whatever
they do and whenever, sizes aside; or not known."""


@dataclass(frozen=True)
class Clip:
    """T frames of one video and E expressions about them, in numpy.

    frames: uint8 [T, H, W, 3]. indices: T frame numbers. sentences: E.
    masks, active: bool [E, T, H, W]. objects: uint8 [T, H, W]. moment, segment: bool [E, T].
    named: E, or none. All as in `ClipBatch`.
    """

    frames: np.ndarray
    indices: tuple[int, ...]
    sentences: tuple[str, ...]
    masks: np.ndarray
    active: np.ndarray
    objects: np.ndarray
    moment: np.ndarray
    segment: np.ndarray
    named: tuple[Named, ...] = ()


@dataclass(frozen=True)
class ClipBatch:
    """A training step's input and its ground truth.

    frames: uint8 [V, T, 3, H, W]. indices: int64 [V, T], frame numbers in the video.
    video: int64 [L], which video each lane asks about; sentences: L.
    masks: bool [L, T, H, W], Y_OSS (TGL Eq. 6). active: bool [L, T, H, W], pixels of the lane's
    objects, each in its own moment only. objects: uint8 [V, T, H, W], which known object is seen,
    asked about or not, from 1 on; 0: none. moment: bool [L, T], t in M+ of the lane.
    segment: bool [L, T], frames that are segmented and supervised with masks; the others
    feed the grounder only.
    named: L times which objects the sentence names.
    part: which part of a mixture it comes from, 0 without one.
    """

    frames: torch.Tensor
    indices: torch.Tensor
    video: torch.Tensor
    sentences: tuple[str, ...]
    masks: torch.Tensor
    active: torch.Tensor
    objects: torch.Tensor
    moment: torch.Tensor
    segment: torch.Tensor
    named: tuple[Named, ...] = ()
    part: int = 0

    def things(self) -> torch.Tensor:
        """Pixels of each known object, bool [V, O, T, H, W]; O is at least 1."""
        import torch

        count = max(int(self.objects.max()), 1)
        numbers = torch.arange(1, count + 1, device=self.objects.device)
        return self.objects[:, None] == numbers[:, None, None, None]

    def about(self) -> torch.Tensor:
        """Objects that each noun of each sentence fits: bool [L, O, 2].

        Where that is not known, the first fits all and the second none.
        """
        import torch

        count = max(int(self.objects.max()), 1)
        flags = torch.zeros(len(self.sentences), count, 2, dtype=torch.bool)
        for lane, known in enumerate(self.named or (None,) * len(flags)):
            if known is None:
                flags[lane, :, 0] = True
                continue
            for noun, numbers in enumerate(known):
                flags[lane, [number - 1 for number in numbers if number <= count], noun] = True
        return flags.to(self.objects.device)

    def to(self, device: torch.device | str) -> ClipBatch:
        """The same batch with every tensor on `device`."""
        values: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        for name, value in values.items():
            if name not in ("sentences", "named", "part"):
                values[name] = value.to(device, non_blocking=True)
        return ClipBatch(**values)


def collate(clips: Sequence[Clip]) -> ClipBatch:
    """Stack clips of equal T, H and W; their expressions become the lanes, in order."""
    import torch

    def stack(name: str) -> torch.Tensor:
        return torch.from_numpy(np.concatenate([getattr(clip, name) for clip in clips]))

    frames = np.stack([clip.frames for clip in clips]).transpose(0, 1, 4, 2, 3)
    lanes = [len(clip.sentences) for clip in clips]
    return ClipBatch(
        frames=torch.from_numpy(np.ascontiguousarray(frames)),
        indices=torch.tensor([clip.indices for clip in clips], dtype=torch.int64),
        video=torch.repeat_interleave(torch.arange(len(clips)), torch.tensor(lanes)),
        sentences=tuple(sentence for clip in clips for sentence in clip.sentences),
        masks=stack("masks"),
        active=stack("active"),
        objects=torch.from_numpy(np.stack([clip.objects for clip in clips])),
        moment=stack("moment"),
        segment=stack("segment"),
        named=tuple(one for clip in clips for one in clip.named or (None,) * len(clip.sentences)),
    )
