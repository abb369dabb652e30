"""Track selector: which tracks does a sentence mean, and in which frames?

The papers score whole frames. A frame in which some dog jumps is relevant to "the dog that jumps"
whichever dog it is; two dogs are told apart by scoring each track. What an object is, is read from
SAM2's features inside its masks (noun similarities); what it does, from its trajectory alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from momentvos.blocks import FrameBlock, FrameTextBlock, TemporalBlock, sine
from momentvos.selection.geometry import TRAJECTORY, trajectory_features
from momentvos.selection.loss_options import NEGATIVE_SIMILARITY, POSITIVE_SIMILARITY, Normal

NOUNS = 2
"""Nouns of a sentence that a track is compared with: its subject, and the other object that it
mentions."""
OFFSET_SCALE = (1.0, 1.0, 8.0, 1.0)
"""Factors of differences in position, size and visibility, which bring them to about unit scale."""
UNMATCHED = 0.3
"""Share of the sentences whose second noun fits no object that get similarities to it all the
same."""


@dataclass(frozen=True)
class Tracks:
    """Inputs of the selector: L sentences about the O tracks in each of V videos of T frames.

    Attributes:
        text: [L, N, D], `SentenceEncoder.encode_words`; mask: bool [L, N], True = real token.
        video: int64 [L], index of the video of each sentence.
        geometry: [V, O, T, GEOMETRY], `mask_geometry` of each track.
        similarity: [L, O, NOUNS], similarity of each track to the sentence's nouns.
        comparable: bool [L, O], tracks that others are compared with; None: all that are visible.
    """

    text: Tensor
    mask: Tensor
    video: Tensor
    geometry: Tensor
    similarity: Tensor
    comparable: Tensor | None = None


class SentenceEncoder(Protocol):
    """A system with a selector: its text encoder, and prompts for nouns."""

    training: bool

    @property
    def selector(self) -> TrackSelector | None: ...

    def encode_words(self, sentences: Sequence[str]) -> tuple[Tensor, Tensor]:
        """States of each token [L, N, D], and bool [L, N], True = real token."""
        ...

    def noun_prompts(self, nouns: Sequence[str]) -> Tensor:
        """Prompts of nouns in the space of F_SAM: vectors [K, C] of any length."""
        ...


class ObjectAttention(nn.Module):
    """Attention from a track to the other tracks of each frame, or to none of them."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.query, self.both = nn.Linear(dim, dim), nn.Linear(dim, 2 * dim)
        self.apart, self.out = nn.Linear(4, dim), nn.Linear(dim, dim)

    def forward(self, q: Tensor, others: Tensor, offsets: Tensor, mask: Tensor) -> Tensor:
        """Residual [P, T, C] to add to q.

        Args:
            q: [P, T, C], the tracks that are scored.
            others: [P, O, T, 2 C], keys and values (`both`) of all tracks of the same video.
            offsets: [P, O, T, 4], differences of these in position, size and visibility.
            mask: bool [P, O, T], True = may be attended to.
        """
        keys, values = others.chunk(2, -1)
        logits = torch.einsum("ptc,potc->pot", self.query(q), keys)
        logits = (logits / q.shape[-1] ** 0.5).masked_fill(~mask, float("-inf"))
        none = logits.new_zeros(logits[:, :1].shape)
        weight = torch.cat([logits, none], 1).softmax(1)[:, :-1]
        content = torch.einsum("pot,potc->ptc", weight, values)
        offset = torch.einsum("pot,potg->ptg", weight, offsets)
        residual: Tensor = self.out(content + self.apart(offset))
        return residual


class TrackSelector(nn.Module):
    """Relevance logits of each track in each frame, were it the one that is meant.

    Trajectories are encoded once for all sentences; queries of each sentence then attend to its
    words.

    Args:
        text_dim: width of the text encoder.
        dim, depth: of the blocks that encode trajectories.
        query_dim: width of the three blocks that read the sentence.
        heads: of all blocks.
    """

    def __init__(
        self, text_dim: int, dim: int = 128, query_dim: int = 64, heads: int = 4, depth: int = 2
    ) -> None:
        super().__init__()
        self.trajectory = nn.Linear(TRAJECTORY, dim)
        self.temporal = nn.ModuleList(TemporalBlock(dim) for _ in range(2))
        self.trajectories = nn.ModuleList(FrameBlock(dim, heads) for _ in range(depth))
        self.narrow = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, query_dim))
        self.nouns = nn.Sequential(
            nn.Linear(2 * NOUNS, query_dim), nn.GELU(), nn.Linear(query_dim, query_dim)
        )
        self.others = ObjectAttention(query_dim)
        self.text = nn.Linear(text_dim, query_dim)
        self.blocks = nn.ModuleList(FrameTextBlock(query_dim, heads) for _ in range(3))
        self.norm = nn.LayerNorm(query_dim)
        self.head = nn.Linear(query_dim, 1)

    def forward(self, tracks: Tracks, scored: Tensor | None = None) -> Tensor:
        """Logits [L, O, T].

        scored: bool [L, O], the tracks to score; the others get 0. None: all that are visible.
        """
        geometry, video = tracks.geometry, tracks.video
        visible = geometry[..., 3] > 0
        trajectories = self.narrow(self._trajectories(geometry))
        nouns = self.nouns(_relative(tracks.similarity, visible.any(-1)[video]))
        comparable = visible.any(-1)[video] if tracks.comparable is None else tracks.comparable
        if scored is None:
            scored = visible.any(-1)[video]
        query, track = scored.nonzero(as_tuple=True)
        frames = geometry[video[query]]
        pair = torch.arange(len(query)).to(query)
        mask = (visible[video] & comparable[..., None])[query]
        mask[pair, track] = False
        q = trajectories[video[query], track] + nouns[query, track][:, None]
        noun_values = F.linear(nouns, self.others.both.weight)[:, :, None]
        others = (self.others.both(trajectories)[video] + noun_values)[query]
        offsets = frames[..., :4] - frames[pair, track][:, None, :, :4]
        offsets = offsets * offsets.new_tensor(OFFSET_SCALE)
        q = q + self.others(q, others, offsets, mask)
        words, real = self.text(tracks.text)[query], tracks.mask[query]
        for block in self.blocks:
            q = block(q, words, real)
        scores: Tensor = self.head(self.norm(q))[..., 0]
        blank = scores.new_zeros(*scored.shape, scores.shape[1])
        return blank.index_put((query, track), scores)

    def _trajectories(self, geometry: Tensor) -> Tensor:
        """[V, O, T, GEOMETRY] -> [V, O, T, C]."""
        x: Tensor = self.trajectory(trajectory_features(geometry)).flatten(0, 1)
        for block in self.temporal:
            x = block(x[:, :, None])[:, :, 0]
        x = x + sine(x.shape[1], x.shape[2], x)
        for block in self.trajectories:
            x = block(x)
        return x.reshape(*geometry.shape[:2], *x.shape[1:])


def _relative(similarity: Tensor, visible: Tensor) -> Tensor:
    """Similarities [L, O, NOUNS], and their differences to the best track's: [L, O, 2 NOUNS].

    visible: bool [L, O].
    """
    best = similarity.masked_fill(~visible[..., None], -1e3).amax(1, keepdim=True)
    return torch.cat([similarity, (similarity - best) * visible[..., None]], -1)


def sample_similarity(
    matches: Tensor,
    positive: Normal = POSITIVE_SIMILARITY,
    negative: Normal = NEGATIVE_SIMILARITY,
) -> Tensor:
    """Random similarities as features might give them, for training: [L, O, NOUNS].

    matches: bool [L, O, NOUNS], objects that each of a sentence's nouns fits, sizes aside. A second
    noun that fits nothing is most often absent, and all similarities to it are 0.
    """
    mean, deviation = (
        matches.float() * (a - b) + b for a, b in zip(positive, negative, strict=True)
    )
    sampled = mean + deviation * torch.randn_like(mean)
    mentioned = matches.any(1)
    mentioned |= torch.rand(len(matches), NOUNS, device=matches.device) < UNMATCHED
    mentioned[:, 0] = True
    return sampled * mentioned[:, None]
