"""Whether anything in a window does what a sentence says, from the scores of its patches."""

from __future__ import annotations

import torch
from torch import Tensor, nn

MOST = (1, 8, 32)
"""Patches of all frames whose mean logit is evidence: of one, of an instant, of a while."""
FRAMES = 3
"""Frames whose mean relevance is evidence."""


class PatchPresence(nn.Module):
    """One logit a sentence: its best evidence in the window, weighed by what it asks for.

    What is strong evidence depends on the sentence: an order of two motions is rarely as sure as
    a look. So the states of the best patches, the strength of the evidence and the words are read
    together. It starts as the mean relevance of the best frames.
    """

    def __init__(self, dim: int, text_dim: int) -> None:
        super().__init__()
        self.text = nn.Linear(text_dim, dim)
        self.evidence = nn.Linear(2 * len(MOST) + 2, dim)
        self.norm = nn.LayerNorm(2 * dim)
        self.states = nn.Linear(2 * dim, dim)
        last = nn.Linear(dim, 1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.decide = nn.Sequential(
            nn.LayerNorm(dim), nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim),
            nn.GELU(), last,
        )  # fmt: skip

    def forward(
        self, active: Tensor, target: Tensor, relevance: Tensor, features: Tensor, words: Tensor
    ) -> Tensor:
        """Logits [L].

        Args:
            active, target, relevance, features: as in `PatchScores`.
            words: mean state of the words, [L, D].
        """
        flat, states = (active.flatten(1), target.flatten(1)), features.flatten(1, 2)
        best = torch.cat([(logits.softmax(1)[:, None] @ states)[:, 0] for logits in flat], -1)
        strength = [
            logits.topk(min(count, logits.shape[1]), 1).values.mean(1)
            for logits in flat
            for count in MOST
        ]
        ordered = relevance.topk(min(FRAMES, relevance.shape[1]), 1).values
        frames = ordered.mean(1)
        evidence = torch.stack([*strength, frames, ordered[:, 0]], -1) / 4
        h = self.states(self.norm(best)) + self.evidence(evidence) + self.text(words)
        out: Tensor = frames + self.decide(h)[:, 0]
        return out
