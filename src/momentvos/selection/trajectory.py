"""The trained selector at work: scores tracks by their trajectories and by the sentence's nouns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from momentvos.moment import midpoints
from momentvos.propagation.feature_cache import CHUNK, FeatureCache
from momentvos.sam2 import covered
from momentvos.selection.geometry import GEOMETRY, mask_geometry
from momentvos.selection.selector import TrackMasks
from momentvos.selection.track_selector import NOUNS, SentenceEncoder, Tracks
from momentvos.text import nouns

TEMPERATURE = 0.1
"""By which the cosines of similarities are divided."""
COMPARED = 16
"""Frames, evenly spread, in which a track is compared with nouns: what it is does not change."""
CONTEXT = 32
"""Frames around the candidate ones in which trajectories are read too."""


@dataclass
class TrajectorySelector:
    """Relevance of each frame to a sentence, were this or that track the one that is meant.

    See `momentvos.selection.selector.Selector`.

    Attributes:
        model: a system with a trained selector.
        cache: features of the video's frames, without any sentence.
        stride: frames from one that is scored to the next; all are, in as many phases.
        window: most frames scored at once.
    """

    model: SentenceEncoder
    cache: FeatureCache
    stride: int = 1
    window: int = 32
    context: int = CONTEXT
    _text: tuple[str, Tensor, Tensor, Tensor] | None = field(default=None, repr=False)

    def __call__(
        self, sentence: str, tracks: Sequence[TrackMasks], frames: Sequence[int]
    ) -> list[dict[int, float]]:
        """Log-odds by frame of each track, in the frames in which it is."""
        scores: list[dict[int, float]] = [{} for _ in tracks]
        if not any(tracks):
            return scores
        similarity = self.similarities(sentence, tracks)
        for phase in range(min(self.stride, len(frames))):
            chosen = frames[phase :: self.stride]
            geometry = torch.stack([track_geometry(masks, chosen) for masks in tracks])
            logits = self._logits(sentence, geometry[None].to(similarity), similarity[None])
            for masks, row, answer in zip(tracks, logits.tolist(), scores, strict=True):
                answer |= {frame: row[n] for n, frame in enumerate(chosen) if frame in masks}
        return scores

    def pool(self, log_odds: Sequence[float]) -> float:
        """The logarithm of the mean odds, in which more certain frames count for more."""
        return float(np.logaddexp.reduce(np.array(log_odds)) - math.log(len(log_odds)))

    def similarities(self, sentence: str, tracks: Sequence[TrackMasks]) -> Tensor:
        """How similar each track is to the sentence's nouns, see `similarity`: [O, NOUNS]."""
        frames = sorted(set[int]().union(*tracks))
        chosen = midpoints(frames, COMPARED)
        parts = [chosen[k : k + CHUNK] for k in range(0, len(chosen), CHUNK)]
        top = torch.cat([self.cache(part).top for part in parts]).float()
        stacked = np.stack([[_mask(masks, frame, tracks) for frame in chosen] for masks in tracks])
        directions = self._encoded(sentence)[2]
        return similarity(directions, top, torch.from_numpy(stacked).to(top.device))

    def _encoded(self, sentence: str) -> tuple[Tensor, Tensor, Tensor]:
        """Word states [1, N, D], their mask [1, N], and the nouns' directions [NOUNS, C]."""
        if self._text is None or self._text[0] != sentence:
            text, mask = self.model.encode_words([sentence])
            self._text = sentence, text, mask, noun_directions(self.model, sentence)
        return self._text[1:]

    def _logits(self, sentence: str, geometry: Tensor, similarity: Tensor) -> Tensor:
        """Logits [O, T], windows of the video that overlap by half averaged where they do."""
        selector, length = self.model.selector, geometry.shape[2]
        assert selector is not None
        text, mask, _ = self._encoded(sentence)
        total, count = geometry.new_zeros(geometry.shape[1:3]), geometry.new_zeros(length)
        video = torch.zeros(1, dtype=torch.long, device=geometry.device)
        for start in _starts(length, self.window):
            part = geometry[:, :, start : start + self.window].to(text.dtype)
            tracks = Tracks(text, mask, video, part, similarity.to(text.dtype))
            total[:, start : start + self.window] += selector(tracks)[0].float()
            count[start : start + self.window] += 1
        return total / count


@torch.no_grad()
def noun_directions(model: SentenceEncoder, sentence: str) -> Tensor:
    """Prompts of the sentence's nouns, unit vectors [NOUNS, C]; 0 where it has fewer."""
    phrases = [f"the {noun}" for noun in nouns(sentence) if noun is not None]
    directions = F.normalize(model.noun_prompts(phrases).float(), dim=1)
    return torch.cat([directions, directions.new_zeros(NOUNS - len(phrases), directions.shape[1])])


def similarity(nouns: Tensor, top: Tensor, masks: Tensor) -> Tensor:
    """Mean cosine of nouns and of the features that tracks' masks cover, / TEMPERATURE: [O, K].

    nouns: `noun_directions` [K, C]; top: F_SAM at stride 16 [T, C, h, w]; masks: bool [O, T, H, W].
    0 for tracks that are in none of the frames.
    """
    weight = covered(masks, top).flatten(2)
    area = weight.sum(2)
    inside = torch.einsum("otp,tcp->otc", weight, F.normalize(top, dim=1).flatten(2))
    inside = inside / area.clamp(min=1e-6)[..., None]
    mean = inside.sum(1) / (area > 0).sum(1, keepdim=True).clamp(min=1)
    return mean @ nouns.T / TEMPERATURE


def track_geometry(masks: TrackMasks, frames: Sequence[int]) -> Tensor:
    """`mask_geometry` of a track in some frames, 0 where it is not: [T, GEOMETRY]."""
    rows = torch.zeros(len(frames), GEOMETRY)
    visible = [place for place, frame in enumerate(frames) if frame in masks]
    if visible:
        stacked = np.stack([masks[frames[place]] for place in visible])
        rows[visible] = mask_geometry(torch.from_numpy(stacked))
    return rows


def _mask(masks: TrackMasks, frame: int, tracks: Sequence[TrackMasks]) -> NDArray[np.bool_]:
    if frame in masks:
        return masks[frame]
    return np.zeros_like(next(iter(next(filter(None, tracks)).values())))


def _starts(length: int, span: int) -> list[int]:
    """First frames of windows that overlap by half; the last one ends with the video."""
    last = max(length - span, 0)
    return [*range(0, last, max(span // 2, 1)), last]
