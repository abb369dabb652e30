"""Cosine similarity of text prompts and image patches."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from momentvos.text import Tokens

TEMPERATURE = 0.1


def similarity(prompts: Tensor, tokens: Tokens, top: Tensor) -> Tensor:
    """Cosine similarity of each patch to each sentence, mean over the prompt tokens it has.

    prompts: rho_txt [L, K, C]; a sentence without verbs has only the first. top: [L, T, C, h, w].
    Returns logits [L, T, h, w] within +-1 / TEMPERATURE.
    """
    return _shares(prompts, tokens, top).sum(1)


def match(prompts: Tensor, tokens: Tokens, top: Tensor) -> Tensor:
    """Features of the patches that match the sentence's noun, in each frame: [L, T, K + C].

    First the similarity of each of the K prompt tokens to them, then their C features. Patches are
    weighted by a softmax of their similarity to the first token, which is about the noun. The one
    best patch would often be that of another object with the motion of the sentence.
    """
    shares = _shares(prompts, tokens, top).flatten(3)
    weight = shares[:, 0].softmax(2)
    features = torch.einsum("ltp,ltcp->ltc", weight, top.flatten(3))
    similarities = torch.einsum("ltp,lktp->ltk", weight, shares)
    return torch.cat([similarities, features], 2)


def _shares(prompts: Tensor, tokens: Tokens, top: Tensor) -> Tensor:
    """Each token's share in `similarity`: [L, K, T, h, w]."""
    weight = prompts.new_ones(prompts.shape[:2])
    weight[:, 1:] = tokens.verbs.any(1, keepdim=True).to(weight.dtype)
    weight = weight / weight.sum(1, keepdim=True)
    directions = F.normalize(prompts, dim=2) * weight[..., None]
    return torch.einsum("lkc,ltchw->lkthw", directions, F.normalize(top, dim=2)) / TEMPERATURE
