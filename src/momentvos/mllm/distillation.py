"""What a language model has heard or seen, beside what another model makes of it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

ALIKE = 0.1
SAME = 1e-3


def hearing(prompts: Tensor, wanted: Tensor) -> Tensor:
    """Squared error beside the spread of what is wanted, plus a cross entropy.

    The entropy is that of each prompt being nearest to its own among all that are wanted, by the
    cosine around their mean; those that are as good as the same are no rivals.

    prompts, wanted: [N, C], N >= 1.
    """
    prompts, wanted = prompts.float(), wanted.float()
    mean = wanted.mean(0)
    spread = (wanted - mean).square().mean().clamp(min=1e-6)
    said = F.normalize(prompts - mean, dim=1)
    heard = F.normalize(wanted - mean, dim=1)
    own = torch.eye(len(wanted), dtype=torch.bool, device=wanted.device)
    rivals = (heard @ heard.T < 1 - SAME) | own
    logits = (said @ heard.T / ALIKE).masked_fill(~rivals, float("-inf"))
    target = torch.arange(len(wanted), device=wanted.device)
    return (prompts - wanted).square().mean() / spread + F.cross_entropy(logits, target)


def agreement(states: Tensor, meanings: Tensor) -> Tensor:
    """Cross entropy of each state being nearest, by cosine, to one that means the same.

    states: [N, C]; meanings: int64 [N], each at least twice, and two different ones.
    """
    unit = F.normalize(states.float(), dim=1)
    own = torch.eye(len(unit), dtype=torch.bool, device=unit.device)
    logits = (unit @ unit.T / ALIKE).masked_fill(own, float("-inf"))
    same = (meanings[:, None] == meanings) & ~own
    chance = logits.log_softmax(1).masked_fill(~same, float("-inf"))
    return -chance.logsumexp(1).mean()


def watching(tokens: Tensor, finds: Tensor, cells: Tensor, said: Tensor, steps: int) -> Tensor:
    """How far a film's tokens and the sentences about it are from what another model has for them.

    The sum of: the tokens' squared error beside the spread of what is wanted; 1 - the cosine of
    each step's mean, around that of all steps, which is what relevance comes from; 1 - the cosine
    of each sentence. Dimensions that are not wanted should be 0.

    tokens: [P, C], step by step; finds: [Q, C]; cells: [P, D]; said: [Q, D]; D <= C.
    """
    tokens, finds = tokens.float(), finds.float()
    wide = (0, tokens.shape[1] - cells.shape[1])
    cells, said = F.pad(cells.float(), wide), F.pad(said.float(), wide)
    spread = (cells - cells.mean(0)).square().sum(1).mean().clamp(min=1e-6)
    error = (tokens - cells).square().sum(1).mean() / spread
    moved = F.cosine_similarity(_around_mean(tokens, steps), _around_mean(cells, steps), dim=1)
    heard = F.cosine_similarity(finds, said, dim=1)
    return error + (1 - moved).mean() + (1 - heard).mean()


def _around_mean(tokens: Tensor, steps: int) -> Tensor:
    means = tokens.unflatten(0, (steps, -1)).mean(1)
    return means - means.mean(0)
