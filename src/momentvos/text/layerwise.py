"""RoBERTa layer by layer, so that adapters can be inserted between its layers."""

from __future__ import annotations

import torch
from torch import Tensor
from transformers import RobertaModel


def embed(model: RobertaModel, ids: Tensor, mask: Tensor) -> Tensor:
    """Compute word, position and type embeddings, normalised; padding is 0, as in fairseq.

    ids int64 [L,N], mask [L,N] (nonzero = real token) -> [L,N,D].
    """
    x: Tensor = model.embeddings(input_ids=ids)
    return x * mask[..., None].to(x.dtype)


def layers(model: RobertaModel, x: Tensor, mask: Tensor, start: int, stop: int) -> Tensor:
    """Apply layers ``start`` to ``stop - 1``; ``embed`` and all layers equal RobertaModel.

    x [L,N,D], mask [L,N] (nonzero = may be attended to) -> [L,N,D]. For a model whose attention
    is "sdpa" or "eager".
    """
    blocked = torch.zeros(mask.shape, dtype=x.dtype, device=x.device)
    blocked = blocked.masked_fill(mask == 0, torch.finfo(x.dtype).min)[:, None, None]
    for layer in model.encoder.layer[start:stop]:
        x = layer(x, blocked)
    return x
