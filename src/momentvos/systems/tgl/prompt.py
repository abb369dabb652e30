"""Text prompt: prompt tokens of the mask decoder from token embeddings (TGL Eq. 2)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from momentvos.text import Tokens


class Mlp(nn.Module):
    """Linear layers with ReLU between them. [..., sizes[0]] -> [..., sizes[-1]]."""

    def __init__(self, *sizes: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))

    def forward(self, x: Tensor) -> Tensor:
        for number, layer in enumerate(self.layers):
            x = layer(F.relu(x) if number else x)
        return x


class TextPrompt(nn.Module):
    """rho_txt = MLP(psi(E_C, E_M)): one token from ``<s>`` and, with ``verbs``, one from the verbs.

    psi sets the two side by side as separate prompt tokens, each through its own MLP, as
    SAMWISE's motion prompt does (off in its released weights). The mask decoder attends to every
    prompt token and takes no mask, so a sentence without a verb cannot simply leave
    its second token out of a batch. SAM2 has the same problem with prompts of unequal numbers of
    points and fills up with its ``not_a_point`` embedding, which the frozen decoder has learned
    to read as "nothing here". Sentences without a verb get that token.

    text_dim   width of the text encoder
    dim        width of the mask decoder
    verbs      add the verb token
    """

    def __init__(self, text_dim: int = 768, dim: int = 256, *, verbs: bool = False) -> None:
        super().__init__()
        self.project_text = Mlp(text_dim, dim, dim, dim)
        self.project_motion_prompts = Mlp(text_dim, dim, dim, dim) if verbs else None

    def forward(self, e: Tensor, tokens: Tokens, nothing: Tensor | None = None) -> Tensor:
        """Prompt tokens [L,K,C]: K = 2 with ``verbs``, otherwise 1.

        e        [L,N,D] adapted token embeddings (E_Adp)
        tokens   the L sentences; their ``verbs`` say which embeddings are averaged to E_M
        nothing  [C] or [1,C] SAM2's ``not_a_point`` embedding, for sentences without a verb;
                 None: zeros
        """
        state: Tensor = self.project_text(e[:, :1])
        if self.project_motion_prompts is None:
            return state
        flags = tokens.verbs
        count = flags.sum(1, keepdim=True)
        motion = torch.einsum("ln,lnd->ld", flags.to(e.dtype), e) / count.clamp(min=1)
        motion = self.project_motion_prompts(motion[:, None])
        fill = torch.zeros_like(motion[:1]) if nothing is None else nothing.view(1, 1, -1)
        return torch.cat([state, torch.where(count[..., None] > 0, motion, fill)], 1)

    def start_motion_from_text(self) -> None:
        """Copy ``project_text`` to ``project_motion_prompts``, as SAMWISE does before training."""
        if self.project_motion_prompts is not None:
            self.project_motion_prompts.load_state_dict(self.project_text.state_dict())
