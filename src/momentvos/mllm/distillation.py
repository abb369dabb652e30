"""Distillation losses: a language model's states against another model's, and a contrastive one."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

TEMPERATURE = 0.1
DUPLICATE = 1e-3
"""Targets whose cosine is within this of 1 are the same one, and no negatives of each other."""


def prompt_distillation_loss(prompts: Tensor, targets: Tensor) -> Tensor:
    """Squared error over the targets' variance, plus InfoNCE of each prompt and its own target.

    Cosines are taken around the targets' mean; equal targets are no negatives of each other.

    Args:
        prompts: [N, C], N >= 1, of the language model.
        targets: [N, C], of the teacher (the prompts that SAM2 is known to follow).
    """
    prompts, targets = prompts.float(), targets.float()
    mean = targets.mean(0)
    variance = (targets - mean).square().mean().clamp(min=1e-6)
    queries = F.normalize(prompts - mean, dim=1)
    keys = F.normalize(targets - mean, dim=1)
    own = torch.eye(len(targets), dtype=torch.bool, device=targets.device)
    negatives = (keys @ keys.T < 1 - DUPLICATE) | own
    logits = (queries @ keys.T / TEMPERATURE).masked_fill(~negatives, float("-inf"))
    index = torch.arange(len(targets), device=targets.device)
    return (prompts - targets).square().mean() / variance + F.cross_entropy(logits, index)


def contrastive_loss(states: Tensor, labels: Tensor) -> Tensor:
    """Supervised contrastive loss: each state is nearest, by cosine, to one of the same label.

    Args:
        states: [N, C].
        labels: int64 [N], each at least twice, and two different ones.
    """
    unit = F.normalize(states.float(), dim=1)
    own = torch.eye(len(unit), dtype=torch.bool, device=unit.device)
    logits = (unit @ unit.T / TEMPERATURE).masked_fill(own, float("-inf"))
    same = (labels[:, None] == labels) & ~own
    chance = logits.log_softmax(1).masked_fill(~same, float("-inf"))
    return -chance.logsumexp(1).mean()


def dual_encoder_distillation_loss(
    tokens: Tensor, queries: Tensor, cells: Tensor, sentences: Tensor, steps: int
) -> Tensor:
    """Distance of video tokens and of queries about them from a dual encoder's embeddings.

    The sum of: the tokens' squared error over the variance of their targets; 1 - the cosine of
    each step's mean around that of all steps, which relevance comes from; 1 - the cosine of each
    query. Dimensions beyond the teacher's have the target 0.

    Args:
        tokens: [P, C], step by step, of the language model.
        queries: [Q, C], of its [FIND] tokens.
        cells: [P, D], D <= C, the teacher's embeddings of the same places.
        sentences: [Q, D], the teacher's embeddings of the queries' sentences.
        steps: in time, which divide P.
    """
    tokens, queries = tokens.float(), queries.float()
    wide = (0, tokens.shape[1] - cells.shape[1])
    cells, sentences = F.pad(cells.float(), wide), F.pad(sentences.float(), wide)
    variance = (cells - cells.mean(0)).square().sum(1).mean().clamp(min=1e-6)
    error = (tokens - cells).square().sum(1).mean() / variance
    moved = F.cosine_similarity(_around_mean(tokens, steps), _around_mean(cells, steps), dim=1)
    alike = F.cosine_similarity(queries, sentences, dim=1)
    return error + (1 - moved).mean() + (1 - alike).mean()


def _around_mean(tokens: Tensor, steps: int) -> Tensor:
    means = tokens.unflatten(0, (steps, -1)).mean(1)
    return means - means.mean(0)
