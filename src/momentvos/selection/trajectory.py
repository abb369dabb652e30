"""The judge at work: of things that were followed through a video, which are meant, and when?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from momentvos.moment import midpoints
from momentvos.propagation.feature_cache import CHUNK, FeatureCache
from momentvos.sam2 import covered
from momentvos.selection import collect
from momentvos.selection.geometry import OUTLINE, outline
from momentvos.selection.track_selector import NAMES, Listener, Tracks
from momentvos.selection.tracks import Masks
from momentvos.text import nouns

TEMPERATURE = 0.1
"""By which the cosines of likenesses are divided."""
GLANCES = 16
"""In so many frames, spread evenly, it is looked what things are: that does not change."""


@dataclass
class TrajectorySelector:
    """Says how relevant each frame is to a sentence, were this or that thing meant.

    Attributes:
        model: a system with a judge.
        sentence: what is asked.
        plain: features of the video's frames, without any sentence.
        stride: frames from one that is told to the next; all are, in as many phases.
        span: most frames judged at once.
    """

    model: Listener
    sentence: str
    plain: FeatureCache
    stride: int = 1
    span: int = 32

    def __post_init__(self) -> None:
        self._text, self._mask = self.model.read([self.sentence])
        self._nouns = directions(self.model, self.sentence)

    def __call__(self, things: Sequence[Masks], frames: Sequence[int]) -> list[dict[int, float]]:
        """Logits by frame of each thing, in the frames in which it is.

        frames: ascending and without gaps, those in which the things were looked for: that a thing
        comes or goes is known from where it is not.
        """
        found: list[dict[int, float]] = [{} for _ in things]
        if not any(things):
            return found
        names = self.names(things)
        for phase in range(min(self.stride, len(frames))):
            told = frames[phase :: self.stride]
            where = torch.stack([_outlines(masks, told) for masks in things]).to(names)
            collect.note(where)
            logits = self._judged(where[None], names[None])
            for masks, row, answer in zip(things, logits.tolist(), found, strict=True):
                answer |= {frame: row[n] for n, frame in enumerate(told) if frame in masks}
        return found

    def names(self, things: Sequence[Masks]) -> Tensor:
        """How alike each thing is to the sentence's nouns, see `likeness`: [O, NAMES]."""
        frames = sorted(set[int]().union(*things))
        looked = midpoints(frames, GLANCES)
        parts = [looked[k : k + CHUNK] for k in range(0, len(looked), CHUNK)]
        top = torch.cat([self.plain(part).top for part in parts]).float()
        shown = np.stack([[_mask(masks, frame, things) for frame in looked] for masks in things])
        return likeness(self._nouns, top, torch.from_numpy(shown).to(top.device))

    def _judged(self, where: Tensor, names: Tensor) -> Tensor:
        """Logits [O, T], spans of the video that overlap by half averaged where they do."""
        judge, length, span = self.model.judge, where.shape[2], self.span
        assert judge is not None
        total, count = where.new_zeros(where.shape[1:3]), where.new_zeros(length)
        video = torch.zeros(1, dtype=torch.long, device=where.device)
        for start in _starts(length, span):
            part = where[:, :, start : start + span].to(self._text.dtype)
            names = names.to(self._text.dtype)
            tracks = Tracks(self._text, self._mask, video, part, names)
            total[:, start : start + span] += judge(tracks)[0].float()
            count[start : start + span] += 1
        return total / count


@torch.no_grad()
def directions(model: Listener, sentence: str) -> Tensor:
    """What the sentence's nouns look like to F_SAM, unit vectors [NAMES, C]; 0 where one lacks."""
    said = [f"the {noun}" for noun in nouns(sentence) if noun is not None]
    found = F.normalize(model.directions(said).float(), dim=1)
    return torch.cat([found, found.new_zeros(NAMES - len(said), found.shape[1])])


def likeness(nouns: Tensor, top: Tensor, masks: Tensor) -> Tensor:
    """How alike things are to nouns: mean cosine over what their masks cover / TEMPERATURE.

    nouns: `directions` [K, C]; top: F_SAM at stride 16 [T, C, h, w]; masks: bool [O, T, H, W].
    Returns [O, K], 0 for things that are in none of the frames.
    """
    weight = covered(masks, top).flatten(2)
    area = weight.sum(2)
    inside = torch.einsum("otp,tcp->otc", weight, F.normalize(top, dim=1).flatten(2))
    inside = inside / area.clamp(min=1e-6)[..., None]
    mean = inside.sum(1) / (area > 0).sum(1, keepdim=True).clamp(min=1)
    return mean @ nouns.T / TEMPERATURE


def _mask(masks: Masks, frame: int, things: Sequence[Masks]) -> NDArray[np.bool_]:
    if frame in masks:
        return masks[frame]
    return np.zeros_like(next(iter(next(filter(None, things)).values())))


def _outlines(masks: Masks, frames: Sequence[int]) -> Tensor:
    """[T, OUTLINE]."""
    rows = torch.zeros(len(frames), OUTLINE)
    shown = [place for place, frame in enumerate(frames) if frame in masks]
    if shown:
        rows[shown] = outline(torch.from_numpy(np.stack([masks[frames[place]] for place in shown])))
    return rows


def _starts(length: int, span: int) -> list[int]:
    """First frames of spans that overlap by half; the last one ends with the video."""
    last = max(length - span, 0)
    return [*range(0, last, max(span // 2, 1)), last]
