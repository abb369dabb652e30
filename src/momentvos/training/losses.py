"""The training losses. Lanes are expressions; logits are compared at a chosen resolution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from momentvos.data.batch import ClipBatch
from momentvos.data.options import STRICT
from momentvos.sam2 import covered
from momentvos.selection.track_selector import ALIKE, UNLIKE, Spread

CLEAREST = 4
"""See `presence`."""
UNSEEN = -20.0
"""Logit of what is not seen."""


@dataclass(frozen=True)
class LossOptions:
    """Weights of the terms of `total`, and where masks are compared.

    dice, focal: lambda of TGL Eq. 7. object_score, relevance, cme, alignment: 0 leaves the term
    out. presence: of the objective "outlines", beside what it says of things and frames; alike,
    unlike: mean and spread of how alike the judge is told that a thing is to a noun that fits and
    to another (`benchmarks/limits.py` prints those of a model).
    rank: weight of the softmax term inside the losses of relevance. balanced: M+ and M- frames
    weigh the same in the relevance loss. size: side in pixels at which masks are compared;
    None is the size of the ground truth (as SAMWISE does).
    """

    dice: float = 1.0
    focal: float = 1.0
    object_score: float = 0.0
    cme: float = 0.0
    relevance: float = 0.0
    alignment: float = 0.0
    presence: float = 1.0
    alike: Spread = ALIKE
    unlike: Spread = UNLIKE
    rank: float = 0.5
    balanced: bool = True
    size: int | None = None

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


class Output(Protocol):
    """What a model returns for a `ClipBatch`; logits and scores count where `segmented`."""

    @property
    def logits(self) -> Tensor: ...  # [L, T, h, w]
    @property
    def scores(self) -> Tensor: ...  # [L, T]
    @property
    def relevance(self) -> Tensor | None: ...  # [L, T]
    @property
    def segmented(self) -> Tensor: ...  # bool [L, T]


def total(output: Output, batch: ClipBatch, options: LossOptions) -> dict[str, Tensor]:
    """Every term with a weight, unweighted, and "loss", their weighted sum (TGL Eq. 7)."""
    chosen = batch.segment & output.segmented
    terms: dict[str, Tensor] = {}
    if options.dice or options.focal:
        logits, masks, lane = at_size(output.logits, batch.masks, chosen, options.size)
        terms["dice"] = dice(logits, masks, lane)
        terms["focal"] = focal(logits, masks, lane)
    if options.object_score:
        present = batch.masks.flatten(2).any(2)
        terms["object_score"] = object_score(output.scores, present, chosen)
    judged = getattr(output, "cme", None)
    if options.cme and judged is not None:
        from momentvos.systems.tgl import cme

        terms["cme"] = cme.loss(*judged)
    if options.relevance and output.relevance is not None:
        terms["relevance"] = relevance(
            output.relevance, batch.moment, options.rank, options.balanced
        )
    similarity = getattr(output, "similarity", None)
    if options.alignment and similarity is not None:
        aligned = alignment(similarity, batch)
        terms["alignment"] = aligned["loss"]
    # Sums to zero: ties every output into the graph, so that a step without segmented frames
    # still has gradients for every trained parameter.
    tie = sum((part.float() * 0).sum() for part in _floats(output))
    weighted = sum((getattr(options, name) * value for name, value in terms.items()), tie)
    assert isinstance(weighted, Tensor)
    if "alignment" in terms:
        terms["accuracy"] = aligned["accuracy"]
    return {"loss": weighted, **terms}


def alignment(similarity: Tensor, batch: ClipBatch, coverage: float = 0.3) -> dict[str, Tensor]:
    """Tell the objects a sentence means, while it holds for them, from all other objects.

    similarity: logits [L, T, h, w]. A place is meant where at least `coverage` of it is
    `batch.active`, and another object's where `batch.objects` covers as much; the rest is left
    out, so that "there is something" earns nothing. The loss is the binary cross entropy, averaged
    apart over both kinds of places and summed, plus at each place that is meant -log of the share
    which the sentences that mean it have in a softmax over all sentences about the video;
    "accuracy" is the mean of both kinds'.
    """
    logits = similarity.float()
    video = batch.video.to(logits.device)
    named = covered(batch.active, logits) > coverage
    other = (covered(batch.objects > 0, logits) > coverage)[video] & ~named
    positive = _mean(F.softplus(-logits[named]))
    negative = _mean(F.softplus(logits[other]))
    shares = [_shares(logits[video == one], named[video == one]) for one in video.unique()]
    accuracy = (_mean((logits[named] > 0).float()) + _mean((logits[other] <= 0).float())) / 2
    loss = positive + negative + _mean(torch.cat(shares)) + 0.0 * logits.sum()
    return {"loss": loss, "accuracy": accuracy}


def _shares(logits: Tensor, named: Tensor) -> Tensor:
    """-log of the share of the right sentences at each of the P places meant: [E, ...] -> [P]."""
    meant = named.any(0)
    right = logits.masked_fill(~named, -torch.inf)[:, meant].logsumexp(0)
    return logits[:, meant].logsumexp(0) - right


def at_size(
    logits: Tensor, masks: Tensor, chosen: Tensor, size: int | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Chosen frames at the resolution of the loss: [N, s, s], [N, s, s] in 0..1, lane [N].

    logits [L, T, h, w] grow bilinearly; masks [L, T, H, W] shrink by averaging, so that a small
    object keeps its weight. chosen: bool [L, T].
    """
    shape = (size, size) if size else masks.shape[-2:]
    lane = chosen.nonzero()[:, 0]
    picked, truth = logits[chosen].float(), masks[chosen].to(logits.device, torch.float32)
    if picked.shape[-2:] != shape:
        picked = F.interpolate(picked[:, None], shape, mode="bilinear", align_corners=False)[:, 0]
    if truth.shape[-2:] != shape:
        truth = F.interpolate(truth[:, None], shape, mode="area")[:, 0]
    return picked, truth, lane


def dice(logits: Tensor, masks: Tensor, lane: Tensor) -> Tensor:
    """Clip-volume dice: mean over lanes of 1 - (2 sum(p y) + 1) / (sum(p) + sum(y) + 1).

    logits, masks: [N, s, s]; lane [N]. p = sigmoid(logits); the sums run over every pixel of
    every frame of a lane (SAMWISE models/segmentation.py). No frames: 0.
    """
    probability = logits.sigmoid().flatten(1)
    truth = masks.flatten(1)
    both = _per_lane((probability * truth).sum(1), lane)
    either = _per_lane(probability.sum(1) + truth.sum(1), lane)
    return _mean(1 - (2 * both + 1) / (either + 1))


def focal(
    logits: Tensor, masks: Tensor, lane: Tensor, alpha: float = 0.25, gamma: float = 2.0
) -> Tensor:
    """Sigmoid focal loss: mean over lanes of the mean over a lane's pixels of a (1 - q)^gamma CE.

    CE is the binary cross entropy with the truth y, q = p y + (1 - p)(1 - y) and
    a = alpha y + (1 - alpha)(1 - y) (Lin et al., 2017). logits, masks: [N, s, s]; lane [N].
    """
    probability = logits.sigmoid()
    entropy = F.binary_cross_entropy_with_logits(logits, masks, reduction="none")
    hit = probability * masks + (1 - probability) * (1 - masks)
    weight = alpha * masks + (1 - alpha) * (1 - masks)
    frame = (weight * (1 - hit) ** gamma * entropy).flatten(1).mean(1)
    return _mean(_per_lane(frame, lane) / _per_lane(torch.ones_like(frame), lane))


def object_score(scores: Tensor, present: Tensor, chosen: Tensor) -> Tensor:
    """Binary cross entropy of SAM2's object score with "the mask is not empty", mean over frames.

    scores [L, T] logits; present, chosen: bool [L, T]; only chosen frames count.
    """
    return _mean(
        F.binary_cross_entropy_with_logits(
            scores[chosen].float(), present[chosen].float(), reduction="none"
        )
    )


def relevance(logits: Tensor, moment: Tensor, rank: float = 0.5, balanced: bool = True) -> Tensor:
    """How well the grounder tells M+ from M-: BCE(s_t, 1[t in M+]) + rank * softmax term.

    logits [L, T], moment bool [L, T]. `balanced`: half the mean over all M+ frames of the batch
    plus half the mean over all M- frames; a batch with one kind only: its mean. Softmax term:
    mean over lanes with M+ frames of -log sum_{t in M+} softmax(s)_t. The paper names no loss
    for its Temporal Alignment Module; this one makes both a threshold and the top frame useful.
    """
    logits, truth = logits.float(), moment.float()
    entropy = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    if balanced and moment.any() and not moment.all():
        threshold = (entropy[moment].mean() + entropy[~moment].mean()) / 2
    else:
        threshold = _mean(entropy)
    inside = logits.masked_fill(~moment, float("-inf"))[moment.any(1)]
    top = _mean(logits[moment.any(1)].logsumexp(1) - inside.logsumexp(1))
    return threshold + rank * top


def actors(batch: ClipBatch, count: int) -> tuple[Tensor, Tensor]:
    """Which things do what the sentence says, and which are to be seen at all: bool [L, O, T].

    count: O, of the objects from number 1 on. A thing acts where most of its pixels are `active`.
    """
    area = _areas(batch.objects, count)
    shown = batch.objects[batch.video] * batch.active
    return 2 * _areas(shown, count) > area[batch.video], (area > 0)[batch.video]


def _areas(numbers: Tensor, count: int) -> Tensor:
    """Pixels of each number from 1 on: uint8 [N, T, H, W] -> int32 [N, count, T]."""
    flat = numbers.flatten(2)
    each = [flat == number for number in range(1, count + 1)]  # bytes are added up fastest
    return torch.stack([one.view(torch.uint8).sum(2, dtype=torch.int32) for one in each], 1)


def judgement(
    logits: Tensor, does: Tensor, seen: Tensor, options: LossOptions
) -> dict[str, Tensor]:
    """The terms "things" and "presence" of judged things, and "loss", their weighted sum.

    All as in `relevance_of_things`.
    """
    things = relevance_of_things(logits, does, seen, options.rank)
    anything = presence(logits, does, seen)
    return {
        "loss": things + options.presence * anything,
        "things": things,
        "presence": anything,
    }


def presence(logits: Tensor, does: Tensor, seen: Tensor) -> Tensor:
    """Is anything meant at all? Binary cross entropy of the mean of the `CLEAREST` logits.

    All as in `relevance_of_things`. Half the mean over lanes in which something acts plus half the
    mean over the others.
    """
    acts = (does & seen).flatten(1).any(1)
    heard = logits.float().masked_fill(~seen, UNSEEN).flatten(1)
    clearest = heard.topk(min(CLEAREST, heard.shape[1]), 1).values.mean(1)
    entropy = F.softplus(torch.where(acts, -clearest, clearest))
    return (_mean(entropy[acts]) + _mean(entropy[~acts])) / 2


def relevance_of_things(logits: Tensor, does: Tensor, seen: Tensor, rank: float = 0.5) -> Tensor:
    """As `relevance`, where it is asked of every frame and every thing in it.

    logits [L, O, T]; does, seen: bool [L, O, T] of `actors`; what is not seen does not count. The
    softmax of a lane goes over all frames of all things: it tells which one is meant, and when.
    """
    logits = logits.float()
    entropy = F.binary_cross_entropy_with_logits(logits, does.float(), reduction="none")
    both = _mean(entropy[does & seen]) + _mean(entropy[~does & seen])
    asked = (does & seen).flatten(1).any(1)
    all_ = logits.masked_fill(~seen, float("-inf")).flatten(1)[asked]
    right = logits.masked_fill(~(does & seen), float("-inf")).flatten(1)[asked]
    return both / 2 + rank * _mean(all_.logsumexp(1) - right.logsumexp(1)) + 0.0 * logits.sum()


def _per_lane(values: Tensor, lane: Tensor) -> Tensor:
    """Sum of `values` [N] for each lane that has any."""
    place = torch.unique(lane, return_inverse=True)[1]
    lanes = int(place.max()) + 1 if len(place) else 0
    return values.new_zeros(lanes).index_add(0, place, values)


def _mean(values: Tensor) -> Tensor:
    return values.mean() if values.numel() else values.sum()


def _floats(output: Output) -> list[Tensor]:
    parts = (output.logits, output.scores, output.relevance)
    return [part for part in parts if part is not None and part.requires_grad]
