"""Relevance of each patch in each frame to the sentence: an addition to TAM and to the prompt."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from momentvos.blocks import FrameTextBlock, sine
from momentvos.systems.patches.blocks import Following, SpaceTimeBlock, within
from momentvos.systems.patches.encoded import EncodedPatches, pick, pooled
from momentvos.systems.patches.motion_names import SLOTS, MotionNames, shown
from momentvos.systems.patches.presence import PatchPresence

NOUNS = 2
"""Nouns of a sentence that patches are compared with: its subject, and another that it mentions."""
NEAR = (3, 7)
"""Sides of the squares of patches over which the similarity to the second noun is spread."""
REACH = 2
"""Most patches by which something moves from one frame to the next."""


class PatchScores(NamedTuple):
    """Logits about L sentences in T frames of P patches.

    active: [L, T, P], the patch shows what the sentence means, while it does what the sentence
    says. target: [L, T, P], the same at all times. relevance: [L, T] of frames. features:
    [L, T, P, D]. presence: [L], the sentence means anything at all.
    """

    active: Tensor
    target: Tensor
    relevance: Tensor
    features: Tensor
    presence: Tensor


class PatchRelevance(nn.Module):
    """When and where a sentence holds, from features of patches over a window of frames.

    A window is encoded once for all sentences: convolutions over space and time see what moves and
    how, and a recurrence forward and backward in time, whose state follows what is similar and
    near, tells each patch what its content does before and after. Then the patches attend to the
    words of each sentence. What they show of it at different times is pooled along the same ways,
    so that one sure frame decides for the others. All this is done for every patch; there are
    neither candidates nor masks.

    Args:
        visual_dim, fine_dim, motion_dim: channels of F_SAM at strides 16 and 8, and of the motion
            encoder at stride 16.
        text_dim, word_dim: widths of the states of words, and of their embeddings.
        dim, depth: of the blocks that encode windows.
        query_dim, heads: of what reads the sentence.
        motions: how many `named_motions` tells apart; 0: there is no such part.
    """

    def __init__(
        self,
        visual_dim: int,
        fine_dim: int,
        motion_dim: int,
        text_dim: int,
        word_dim: int,
        dim: int = 96,
        query_dim: int = 64,
        heads: int = 4,
        depth: int = 3,
        motions: int = 0,
    ) -> None:
        super().__init__()
        self.visual_dim, self.query_dim = visual_dim, query_dim
        inputs = (visual_dim, 4 * fine_dim, motion_dim)
        self.inputs = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(width), nn.Linear(width, dim)) for width in inputs
        )
        self.blocks = nn.ModuleList(SpaceTimeBlock(dim) for _ in range(depth))
        self.ways = nn.ModuleList(Following(dim) for _ in range(2))
        self.join = nn.Linear(3 * dim, dim)
        self.last = SpaceTimeBlock(dim)
        self.narrow = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 2 * query_dim))
        self.similarity = nn.Linear(NOUNS * 2 + len(NEAR), query_dim)
        self.text = nn.Linear(text_dim, 3 * query_dim)
        self.heads = heads
        self.word = nn.Linear(query_dim, query_dim)
        self.mix = nn.Sequential(
            nn.LayerNorm(query_dim), nn.Linear(query_dim, 2 * query_dim), nn.GELU(),
            nn.Linear(2 * query_dim, query_dim),
        )  # fmt: skip
        self.norm = nn.LayerNorm(query_dim)
        self.score = nn.Linear(query_dim, 2)
        self.refine = _correction(query_dim, 2)
        self.agree = _correction(query_dim, 3)
        self.words = nn.Linear(text_dim, query_dim)
        self.frames = nn.ModuleList(FrameTextBlock(query_dim, heads) for _ in range(2))
        self.frame_norm = nn.LayerNorm(query_dim)
        self.frame = nn.Linear(query_dim + 1, 1)
        self.present = PatchPresence(query_dim, text_dim)
        self.motions = nn.Linear(dim, 3 * motions) if motions else None
        self.names = MotionNames(word_dim, motions) if motions else None
        self.shown = nn.Linear(3 * SLOTS, query_dim) if motions else None

    def encode(self, top: Tensor, fine: Tensor, motion: Tensor) -> EncodedPatches:
        """Windows of T frames.

        Args:
            top: F_SAM at stride 16, [V, T, C, h, w]. fine: at stride 8, [V, T, c, 2 h, 2 w].
            motion: [V, T, m, h, w].
        """
        height, width = top.shape[-2:]
        fine = F.pixel_unshuffle(fine.flatten(0, 1), 2).unflatten(0, top.shape[:2])
        maps = (top, fine, motion)
        x = sum(
            layer(grid.flatten(3).transpose(2, 3))
            for layer, grid in zip(self.inputs, maps, strict=True)
        )
        assert isinstance(x, Tensor)
        grid = (height, width)
        for block in self.blocks:
            x = block(x, grid)
        near = within(height, width, REACH, x)
        past, before = self.ways[0](x, near)
        future, after = self.ways[1](x.flip(1), near)
        x = self.join(torch.cat([x, past, future.flip(1)], -1))
        return EncodedPatches(self.last(x, grid), before, after)

    def named_motions(self, encoded: EncodedPatches) -> Tensor:
        """Logits of the motions of each patch's content: [V, T, P, 3, M].

        In progress; in progress or earlier; in progress or later.
        """
        assert self.motions is not None
        logits: Tensor = self.motions(encoded.states).unflatten(-1, (3, -1))
        return logits

    def forward(
        self,
        encoded: EncodedPatches,
        video: Tensor,
        text: Tensor,
        words: Tensor,
        mask: Tensor,
        similarity: Tensor,
        chosen: Tensor | None = None,
    ) -> PatchScores:
        """Scores of L sentences.

        Args:
            encoded: of `encode`. video: int64 [L], window of each sentence.
            text: states of the words, [L, N, D]; words: their embeddings, [L, N, E]. mask: bool
                [L, N], True = real token.
            similarity: [L, T, P, NOUNS], of patches to the sentence's nouns.
            chosen: int64 [V, T, K], patches that are scored, for cheaper training; the scores'
                P is then K. None: all.
        """
        context = self._context(similarity)
        if chosen is not None:
            encoded, context = encoded.select(chosen), pick(context, chosen[video])
        state, query = self.narrow(encoded.states).chunk(2, -1)
        h = state[video] + self.similarity(context)
        if self.names is not None and self.shown is not None:
            names = self.names(words, mask)
            h = h + self.shown(shown(names, self.named_motions(encoded)[video]))
        key, value, scale = self.text(text).chunk(3, -1)
        h = h + self._read(query, video, key, value, mask)
        whole = (scale * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        h = h * (1 + whole[:, None, None])
        h = h + self.mix(h)
        h = self.norm(h)
        first = self.score(h)
        vote = pooled(first[..., 0], encoded, video)
        lead = vote - vote.flatten(1).amax(1)[:, None, None]
        evidence = torch.stack([vote, lead], -1) / 4
        second = first + self.refine(torch.cat([h, evidence], -1))
        vote = pooled(second[..., 0], encoded, video)
        ahead = vote - vote.amax(2, keepdim=True)
        lead = vote - vote.flatten(1).amax(1)[:, None, None]
        evidence = torch.stack([vote, lead, ahead], -1) / 4
        active, target = (second + self.agree(torch.cat([h, evidence], -1))).unbind(-1)
        q = (active.softmax(2)[..., None] * h).sum(2)
        top = active.topk(min(4, active.shape[2]), 2).values.mean(2)
        q = q + sine(q.shape[1], q.shape[2], q)
        said = self.words(text)
        for block in self.frames:
            q = block(q, said, mask)
        frames = self.frame(torch.cat([self.frame_norm(q), top[..., None] / 4], -1))[..., 0]
        relevance = frames + top
        mean = (text * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        present = self.present(active, target, relevance, h, mean)
        return PatchScores(active, target, relevance, h, present)

    def _context(self, similarity: Tensor) -> Tensor:
        """Similarities, how they compare with the window's best, and the second's surroundings."""
        best = similarity.flatten(1, 2).amax(1)[:, None, None]
        side = int(similarity.shape[2] ** 0.5)
        second = similarity[..., 1].flatten(0, 1).unflatten(1, (side, -1))[:, None]
        around = [F.max_pool2d(second, near, 1, near // 2) for near in NEAR]
        spread = torch.cat(around, 1).flatten(2).transpose(1, 2)
        spread = spread.unflatten(0, similarity.shape[:2])
        return torch.cat([similarity, similarity - best, spread], -1) / 4

    def _read(
        self, query: Tensor, video: Tensor, key: Tensor, value: Tensor, mask: Tensor
    ) -> Tensor:
        """What patches read from the words, [L, T, P, D]."""
        q = query.flatten(1, 2).unflatten(-1, (self.heads, -1)).transpose(1, 2)[video]
        k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (key, value))
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None])
        read: Tensor = self.word(out.transpose(1, 2).flatten(2)).unflatten(1, query.shape[1:3])
        return read


def _correction(dim: int, evidence: int) -> nn.Sequential:
    """What evidence [.., E] beside features [.., D] changes in two logits: at first nothing."""
    last = nn.Linear(dim, 2)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(dim + evidence, dim), nn.GELU(), last)
