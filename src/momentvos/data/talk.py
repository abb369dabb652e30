"""What a system that is asked and answers learns from: something shown, something asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Talk:
    """One conversation before it is put in a system's words; tensors as `talk` makes them.

    Attributes:
        sentences: E expressions, for each of which there are masks, or a moment; with neither,
            they are all there is to learn from.
        again: the same expressions in other words, where nothing is shown.
        turns: questions and answers in words.
        film: small frames of the whole video, uint8 [T, H, W, 3], or None.
        images: large frames of it, or an image, uint8 [K, H, W, 3], or None.
        masks: bool [E, K, H, W], empty in all frames where nothing is meant; or None.
        moments: bool [E, T], t in M+, of the film's frames; or None.
        places: bool [E, T, H, W], what is meant in those frames of the film; or None.
    """

    sentences: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    turns: tuple[tuple[str, str], ...] = ()
    film: torch.Tensor | None = None
    images: torch.Tensor | None = None
    masks: torch.Tensor | None = None
    moments: torch.Tensor | None = None
    places: torch.Tensor | None = None


@dataclass(frozen=True)
class Talks:
    """A micro-batch of conversations."""

    rows: tuple[Talk, ...]

    def to(self, device: torch.device | str) -> Talks:
        """The same with every tensor on `device`."""
        return Talks(tuple(_moved(row, device) for row in self.rows))


def talk(
    sentences: Sequence[str] = (),
    turns: Sequence[tuple[str, str]] = (),
    **arrays: np.ndarray | None,
) -> Talk:
    """A Talk of numpy arrays (film, images, masks, moments, places)."""
    import torch

    tensors: dict[str, Any] = {
        name: torch.from_numpy(np.ascontiguousarray(one))
        for name, one in arrays.items()
        if one is not None
    }
    return Talk(tuple(sentences), turns=tuple(turns), **tensors)


def _moved(row: Talk, device: torch.device | str) -> Talk:
    values: dict[str, Any] = {one.name: getattr(row, one.name) for one in fields(row)}
    return Talk(
        **{name: one.to(device) if hasattr(one, "to") else one for name, one in values.items()}
    )
