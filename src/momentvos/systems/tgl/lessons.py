"""First lessons for encoders that start from nothing: which words mean which pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from momentvos.data.batch import ClipBatch
from momentvos.sam2 import to_pixels
from momentvos.systems.tgl.features import adapted_features, plain_features, shared_features
from momentvos.text import Tokens

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel

Lesson = Literal["names", "motions"]

TEMPERATURE = 0.1


def similarity(prompts: Tensor, tokens: Tokens, top: Tensor) -> Tensor:
    """How alike each place is to each sentence: mean cosine over the prompt tokens it has.

    prompts: rho_txt [L, K, C]; a sentence without verbs has only the first. top: [L, T, C, h, w].
    Returns logits [L, T, h, w] within +-1 / TEMPERATURE.
    """
    return _likeness(prompts, tokens, top).sum(1)


def match(prompts: Tensor, tokens: Tokens, top: Tensor) -> Tensor:
    """What is where the thing that the sentence names may be, in each frame: [L, T, K + C].

    First what each of the K prompt tokens has in common with it, then its C features. Places are
    weighed by a softmax of what the first token, which names things, has in common with them. The
    one best place would often be that of a thing which only moves as the sentence says.
    """
    alike = _likeness(prompts, tokens, top).flatten(3)
    weight = alike[:, 0].softmax(2)
    found = torch.einsum("ltp,ltcp->ltc", weight, top.flatten(3))
    common = torch.einsum("ltp,lktp->ltk", weight, alike)
    return torch.cat([common, found], 2)


def _likeness(prompts: Tensor, tokens: Tokens, top: Tensor) -> Tensor:
    """Each token's share in `similarity`, [L, K, T, h, w]."""
    weight = prompts.new_ones(prompts.shape[:2])
    weight[:, 1:] = tokens.verbs.any(1, keepdim=True).to(weight.dtype)
    weight = weight / weight.sum(1, keepdim=True)
    directions = F.normalize(prompts, dim=2) * weight[..., None]
    return torch.einsum("lkc,ltchw->lkthw", directions, F.normalize(top, dim=2)) / TEMPERATURE


def lesson(model: TglModel, batch: ClipBatch, kind: Lesson) -> Tensor:
    """`similarity` of F_SAM ("names") or of F_Adp ("motions") to the sentences alone.

    Not part of TGL, whose encoders are pretrained; it stands in for that. "names" trains both
    encoders before anything is asked of the adapters. In "motions" the adapters see the window of
    T frames with one of the sentences about it (each video's first), and every sentence must still
    be found in the result: so F_Adp comes to hold what each object does.

    Returns [L, T, h, w] at stride 16.
    """
    frames = batch.moment.shape[1]
    shared = shared_features(model, to_pixels(batch.frames.flatten(0, 1)))
    if kind == "names":
        top = plain_features(model, shared).top
    else:
        place = {video: lane for lane, video in reversed(list(enumerate(batch.video.tolist())))}
        first = [batch.sentences[place[video]] for video in range(len(batch.frames))]
        top = adapted_features(model, shared, model.tokenize(first)).top(model)
    tokens = model.tokenize(batch.sentences)
    prompts = model.prompt(model.encode_words(batch.sentences)[0], tokens)
    return similarity(prompts, tokens, top.unflatten(0, (-1, frames))[batch.video])
