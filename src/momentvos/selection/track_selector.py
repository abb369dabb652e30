"""Asked of things that were followed: which of them does the sentence mean, and when?

The papers score whole frames. A frame in which some dog jumps is relevant to "the dog that jumps"
whichever dog it is; two dogs are told apart by asking of each. What a thing is called is read from
SAM2's features inside its masks (`names`), what it does from the course of its outlines alone.
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

NOUNS = 2
"""Likenesses of a thing: to what the sentence is about, and to the other thing that it names."""
Spread = tuple[float, float]
"""Mean and standard deviation."""
ALIKE, UNLIKE = (2.6, 0.6), (-2.3, 2.1)
"""`Spread` of `things.likeness` to a noun that fits and to one that does not: about those of
tgl-mini on MomentWorld val, as `benchmarks/limits.py` prints them."""
APART = (1.0, 1.0, 8.0, 1.0)
"""By what differences in place, size and presence are multiplied: to about unit scale."""
HEARD = 0.3
"""Share of the sentences that name no other thing, of which things have a likeness to one."""


@dataclass(frozen=True)
class Tracks:
    """What L sentences are to be told of the O things in each of V videos of T frames.

    Attributes:
        text: [L, N, D], `SentenceEncoder.read`; mask: bool [L, N], True = real token.
        video: int64 [L], which video each sentence is about.
        where: [V, O, T, GEOMETRY], `mask_geometry` of each thing.
        names: [L, O, NOUNS], how alike each thing is to what the sentence names.
        known: bool [L, O], things that may be compared with; None: all that are seen.
    """

    text: Tensor
    mask: Tensor
    video: Tensor
    where: Tensor
    names: Tensor
    known: Tensor | None = None


class SentenceEncoder(Protocol):
    """A system that has a judge: how it reads, and what it takes nouns to look like."""

    training: bool

    @property
    def selector(self) -> TrackSelector | None: ...

    def encode_words(self, sentences: Sequence[str]) -> tuple[Tensor, Tensor]:
        """States of each token [L, N, D], and bool [L, N], True = real token."""
        ...

    def noun_prompts(self, nouns: Sequence[str]) -> Tensor:
        """What nouns look like to F_SAM: vectors [K, C] of any length."""
        ...


class Others(nn.Module):
    """What goes on beside a thing: in each frame it attends to the other things, or to none."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.query, self.both = nn.Linear(dim, dim), nn.Linear(dim, 2 * dim)
        self.apart, self.out = nn.Linear(4, dim), nn.Linear(dim, dim)

    def forward(self, q: Tensor, others: Tensor, apart: Tensor, mask: Tensor) -> Tensor:
        """What to add to q.

        Args:
            q: [P, T, C], things that are asked about.
            others: [P, O, T, 2 C], what `both` makes of all things beside each.
            apart: [P, O, T, 4], how far from it each is in place and size.
            mask: bool [P, O, T], those that count.
        """
        keys, values = others.chunk(2, -1)
        likeness = torch.einsum("ptc,potc->pot", self.query(q), keys)
        likeness = (likeness / q.shape[-1] ** 0.5).masked_fill(~mask, float("-inf"))
        none = likeness.new_zeros(likeness[:, :1].shape)
        weight = torch.cat([likeness, none], 1).softmax(1)[:, :-1]
        seen = torch.einsum("pot,potc->ptc", weight, values)
        beside = torch.einsum("pot,potg->ptg", weight, apart)
        added: Tensor = self.out(seen + self.apart(beside))
        return added


class TrackSelector(nn.Module):
    """Relevance logits of each thing in each frame, were it the one that is meant.

    What a thing does is worked out once for all sentences; each sentence then asks it.

    Args:
        text_dim: width of the text encoder.
        dim, depth: of the blocks that read courses.
        asked: width of the three blocks that ask them.
        heads: of all blocks.
    """

    def __init__(
        self, text_dim: int, dim: int = 128, asked: int = 64, heads: int = 4, depth: int = 2
    ) -> None:
        super().__init__()
        self.trajectory = nn.Linear(TRAJECTORY, dim)
        self.temporal = nn.ModuleList(TemporalBlock(dim) for _ in range(2))
        self.trajectories = nn.ModuleList(FrameBlock(dim, heads) for _ in range(depth))
        self.narrow = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, asked))
        self.nouns = nn.Sequential(nn.Linear(2 * NOUNS, asked), nn.GELU(), nn.Linear(asked, asked))
        self.others = Others(asked)
        self.text = nn.Linear(text_dim, asked)
        self.blocks = nn.ModuleList(FrameTextBlock(asked, heads) for _ in range(3))
        self.norm = nn.LayerNorm(asked)
        self.head = nn.Linear(asked, 1)

    def forward(self, tracks: Tracks, asked: Tensor | None = None) -> Tensor:
        """Logits [L, O, T].

        asked: bool [L, O], the things that are asked about; the others get 0. None: all.
        """
        where, video = tracks.where, tracks.video
        seen = where[..., 3] > 0
        read = self.narrow(self._trajectories(where))
        called = self.nouns(_compared(tracks.names, seen.any(-1)[video]))
        known = seen.any(-1)[video] if tracks.known is None else tracks.known
        if asked is None:
            asked = seen.any(-1)[video]
        lane, thing = asked.nonzero(as_tuple=True)
        here = where[video[lane]]
        mask, pair = (seen[video] & known[..., None])[lane], torch.arange(len(lane)).to(lane)
        mask[pair, thing] = False
        q = read[video[lane], thing] + called[lane, thing][:, None]
        told = F.linear(called, self.others.both.weight)[:, :, None]
        others = (self.others.both(read)[video] + told)[lane]
        apart = here[..., :4] - here[pair, thing][:, None, :, :4]
        apart = apart * apart.new_tensor(APART)
        q = q + self.others(q, others, apart, mask)
        words, real = self.text(tracks.text)[lane], tracks.mask[lane]
        for block in self.blocks:
            q = block(q, words, real)
        scores: Tensor = self.head(self.norm(q))[..., 0]
        blank = scores.new_zeros(*asked.shape, scores.shape[1])
        return blank.index_put((lane, thing), scores)

    def _trajectories(self, where: Tensor) -> Tensor:
        """[V, O, T, GEOMETRY] -> [V, O, T, C]."""
        x: Tensor = self.trajectory(trajectory_features(where)).flatten(0, 1)
        for block in self.temporal:
            x = block(x[:, :, None])[:, :, 0]
        x = x + sine(x.shape[1], x.shape[2], x)
        for block in self.trajectories:
            x = block(x)
        return x.reshape(*where.shape[:2], *x.shape[1:])


def _compared(names: Tensor, seen: Tensor) -> Tensor:
    """Likenesses [L, O, NOUNS], and how far each falls behind the likest thing's: twice as many.

    seen: bool [L, O].
    """
    best = names.masked_fill(~seen[..., None], -1e3).amax(1, keepdim=True)
    return torch.cat([names, (names - best) * seen[..., None]], -1)


def drawn_names(named: Tensor, alike: Spread = ALIKE, unlike: Spread = UNLIKE) -> Tensor:
    """Likenesses as features might have them, for training: [L, O, NOUNS].

    named: bool [L, O, NOUNS], which things each of a sentence's nouns fits, sizes aside. A second
    noun that fits nothing is most often none, and all likenesses to it are 0.
    """
    mean, spread = (named.float() * (a - b) + b for a, b in zip(alike, unlike, strict=True))
    drawn = mean + spread * torch.randn_like(mean)
    heard = named.any(1) | (torch.rand(len(named), NOUNS, device=named.device) < HEARD)
    heard[:, 0] = True
    return drawn * heard[:, None]
