"""A first lesson for encoders that start from nothing: which words name which pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from momentvos.data.batch import ClipBatch
from momentvos.sam2 import to_pixels
from momentvos.systems.tgl.features import plain_features, shared_features
from momentvos.text import embed, layers

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel

TEMPERATURE = 0.1


def similarity(model: TglModel, batch: ClipBatch) -> Tensor:
    """How alike each place of each frame is to each sentence, without adapters or memory.

    Not part of TGL, whose encoders are pretrained; it stands in for that. The [CLS] prompt token
    of the sentence alone and F_SAM of the frame alone are compared by their cosine, so that both
    encoders learn names before anything is asked of the adapters.

    Returns:
        [L, T, h, w] logits at stride 16, within +-1 / TEMPERATURE.
    """
    frames = batch.moment.shape[1]
    shared = shared_features(model, to_pixels(batch.frames.flatten(0, 1)))
    top = F.normalize(plain_features(model, shared).top, dim=1).unflatten(0, (-1, frames))
    tokens = model.tokenize(batch.sentences)
    text = embed(model.text_encoder, tokens.ids, tokens.mask)
    text = layers(model.text_encoder, text, tokens.mask, 0, model.config.text_layers[-1])
    prompt = F.normalize(model.prompt(text, tokens)[:, 0], dim=1)
    return torch.einsum("lc,ltchw->lthw", prompt, top[batch.video]) / TEMPERATURE
