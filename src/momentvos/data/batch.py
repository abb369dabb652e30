"""Training clips and their batches: V videos of T frames with Q queries about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch


Numbers = tuple[int, ...]
NounObjects = tuple[Numbers, Numbers] | None
"""Numbers (from 1) of the objects that match the sentence's first noun and its second one,
whatever they do and whenever, sizes aside; None where that is unknown."""

UNMOVED = ("sentences", "noun_objects", "named_motions", "part")
"""Fields of a `ClipBatch` that are no tensors."""


@dataclass(frozen=True)
class Clip:
    """T frames of one video with E queries (expressions) about them, as numpy arrays.

    Attributes:
        frames: uint8 [T, H, W, 3], RGB.
        indices: T frame numbers in the video.
        sentences: E expressions.
        masks, active: bool [E, T, H, W], as in `ClipBatch`.
        objects: uint8 [T, H, W], as in `ClipBatch`.
        moment, segment: bool [E, T], as in `ClipBatch`.
        noun_objects: E entries, or empty where none is known.
        motions: bool [O, T, M], which of M motions each annotated object is in, or None where that
            is unknown.
        named_motions: for each of the E sentences the motions it names, 0..M - 1, in its order;
            empty where they are unknown.
    """

    frames: np.ndarray
    indices: tuple[int, ...]
    sentences: tuple[str, ...]
    masks: np.ndarray
    active: np.ndarray
    objects: np.ndarray
    moment: np.ndarray
    segment: np.ndarray
    noun_objects: tuple[NounObjects, ...] = ()
    motions: np.ndarray | None = None
    named_motions: tuple[Numbers, ...] = ()


@dataclass(frozen=True)
class ClipBatch:
    """Input and ground truth of one training step; a query is one expression about one video.

    Attributes:
        frames: uint8 [V, T, 3, H, W], RGB.
        indices: int64 [V, T], frame numbers in the video.
        video: int64 [Q], the video that each query refers to.
        sentences: Q expressions.
        masks: bool [Q, T, H, W], the supervision mask Y_OSS (TGL Eq. 6).
        active: bool [Q, T, H, W], pixels of the query's targets, each in its own moment only.
        objects: uint8 [V, T, H, W], label map of all annotated objects, targets or not, from 1
            on; 0 is background.
        moment: bool [Q, T], True where frame t lies in the query's M+.
        segment: bool [Q, T], frames that are segmented and supervised with masks; the others feed
            the grounder only.
        noun_objects: Q entries, or empty where none is known.
        motions: bool [V, O, T, M], as in `Clip`, with rows of False for objects that a video lacks;
            None where it is unknown of some video.
        named_motions: Q entries as in `Clip`; empty where they are unknown of some video.
        part: index of the mixture part that the batch comes from, 0 without a mixture.
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
    noun_objects: tuple[NounObjects, ...] = ()
    motions: torch.Tensor | None = None
    named_motions: tuple[Numbers, ...] = ()
    part: int = 0

    def object_masks(self) -> torch.Tensor:
        """One mask per annotated object, bool [V, O, T, H, W]; O is at least 1."""
        import torch

        count = max(int(self.objects.max()), 1)
        numbers = torch.arange(1, count + 1, device=self.objects.device)
        return self.objects[:, None] == numbers[:, None, None, None]

    def noun_matches(self) -> torch.Tensor:
        """Objects that match each of a sentence's two nouns, bool [Q, O, 2].

        Where that is unknown, the first noun matches all objects and the second none.
        """
        import torch

        count = max(int(self.objects.max()), 1)
        flags = torch.zeros(len(self.sentences), count, 2, dtype=torch.bool)
        for query, known in enumerate(self.noun_objects or (None,) * len(flags)):
            if known is None:
                flags[query, :, 0] = True
                continue
            for noun, numbers in enumerate(known):
                flags[query, [number - 1 for number in numbers if number <= count], noun] = True
        return flags.to(self.objects.device)

    def to(self, device: torch.device | str) -> ClipBatch:
        """Copy of the batch with every tensor on `device`."""
        values: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        for name, value in values.items():
            if value is not None and name not in UNMOVED:
                values[name] = value.to(device, non_blocking=True)
        return ClipBatch(**values)


def collate(clips: Sequence[Clip]) -> ClipBatch:
    """Stack clips of equal T, H and W; their expressions become the queries, in order."""
    import torch

    def stack(name: str) -> torch.Tensor:
        return torch.from_numpy(np.concatenate([getattr(clip, name) for clip in clips]))

    frames = np.stack([clip.frames for clip in clips]).transpose(0, 1, 4, 2, 3)
    queries = [len(clip.sentences) for clip in clips]
    return ClipBatch(
        frames=torch.from_numpy(np.ascontiguousarray(frames)),
        indices=torch.tensor([clip.indices for clip in clips], dtype=torch.int64),
        video=torch.repeat_interleave(torch.arange(len(clips)), torch.tensor(queries)),
        sentences=tuple(sentence for clip in clips for sentence in clip.sentences),
        masks=stack("masks"),
        active=stack("active"),
        objects=torch.from_numpy(np.stack([clip.objects for clip in clips])),
        moment=stack("moment"),
        segment=stack("segment"),
        noun_objects=tuple(
            one for clip in clips for one in clip.noun_objects or (None,) * len(clip.sentences)
        ),
        motions=_motions([clip.motions for clip in clips]),
        named_motions=(
            tuple(one for clip in clips for one in clip.named_motions)
            if all(clip.named_motions or not clip.sentences for clip in clips)
            else ()
        ),
    )


def _motions(parts: Sequence[np.ndarray | None]) -> torch.Tensor | None:
    """[V, O, T, M] from [o, T, M] each, O the largest of all."""
    import torch

    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts):
        return None
    most = max(len(part) for part in known)
    rows = [np.pad(part, ((0, most - len(part)), (0, 0), (0, 0))) for part in known]
    return torch.from_numpy(np.stack(rows))
