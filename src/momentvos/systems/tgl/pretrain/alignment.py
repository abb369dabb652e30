"""Pretext tasks "names" and "motions": align words with image patches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from momentvos.data.batch import ClipBatch
from momentvos.sam2 import covered, to_pixels
from momentvos.selection.losses import mean_or_zero
from momentvos.systems.tgl.features import adapted_features, plain_features, shared_features
from momentvos.systems.tgl.similarity import similarity

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel

Task = Literal["names", "motions"]


def patch_similarity(model: TglModel, batch: ClipBatch, task: Task) -> Tensor:
    """`similarity` of F_SAM ("names") or of F_Adp ("motions") to the sentences alone.

    It stands in for pretrained encoders. "names" trains both encoders before the adapters are
    trained. In "motions" the window of T frames is adapted with one of the sentences about it
    (each video's first), and the result is aligned with every sentence: so F_Adp comes to encode
    the motion of each object.

    Returns logits [L, T, h, w] at stride 16.
    """
    frames = batch.moment.shape[1]
    shared = shared_features(model, to_pixels(batch.frames.flatten(0, 1)))
    if task == "names":
        top = plain_features(model, shared).top
    else:
        place = {video: query for query, video in reversed(list(enumerate(batch.video.tolist())))}
        first = [batch.sentences[place[video]] for video in range(len(batch.frames))]
        top = adapted_features(model, shared, model.tokenize(first)).top(model)
    tokens = model.tokenize(batch.sentences)
    prompts = model.prompt(model.encode_words(batch.sentences)[0], tokens)
    return similarity(prompts, tokens, top.unflatten(0, (-1, frames))[batch.video])


def patch_alignment(
    similarity: Tensor, batch: ClipBatch, coverage: float = 0.3
) -> dict[str, Tensor]:
    """Patch classification: objects that a sentence means, while it holds, against all others.

    similarity: logits [L, T, h, w]. A patch is positive where at least `coverage` of it is
    `batch.active`, and negative where `batch.objects` covers as much; the rest is left out, so that
    objectness earns nothing. The loss is the binary cross entropy, averaged apart over both kinds
    of patches and summed, plus at each positive patch -log of the share which its sentences have in
    a softmax over all sentences about the video; "accuracy" is the mean of both kinds'.
    """
    logits = similarity.float()
    video = batch.video.to(logits.device)
    active = covered(batch.active, logits) > coverage
    other = (covered(batch.objects > 0, logits) > coverage)[video] & ~active
    positive = mean_or_zero(F.softplus(-logits[active]))
    negative = mean_or_zero(F.softplus(logits[other]))
    shares = [_shares(logits[video == one], active[video == one]) for one in video.unique()]
    right = ((logits[active] > 0).float(), (logits[other] <= 0).float())
    accuracy = (mean_or_zero(right[0]) + mean_or_zero(right[1])) / 2
    loss = positive + negative + mean_or_zero(torch.cat(shares)) + 0.0 * logits.sum()
    return {"loss": loss, "accuracy": accuracy}


def _shares(logits: Tensor, active: Tensor) -> Tensor:
    """-log of the share of the right sentences at each of P positive patches: [E, ..] -> [P]."""
    meant = active.any(0)
    right = logits.masked_fill(~active, -torch.inf)[:, meant].logsumexp(0)
    return logits[:, meant].logsumexp(0) - right
