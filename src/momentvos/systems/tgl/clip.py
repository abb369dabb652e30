"""A training clip through TGL: ground, adapt, and run the plan with gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from momentvos.data.batch import ClipBatch
from momentvos.moment import Moment
from momentvos.propagation import DecoderOptions, Plan, Step, merge, run
from momentvos.sam2 import Prompt, Pyramid, to_pixels
from momentvos.systems.tgl.features import (
    Adapted,
    Shared,
    adapted_features,
    plain_features,
    shared_features,
)
from momentvos.systems.tgl.lessons import similarity
from momentvos.systems.tgl.plan import dual_path
from momentvos.systems.tgl.switch import MemorySwitch
from momentvos.systems.tgl.views import Views, views
from momentvos.text import Tokens

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel


@dataclass(frozen=True)
class TglOutput:
    """What a training clip gives; L lanes, T frames.

    Attributes:
        logits: [L, T, h, w] mask logits at a quarter of the input size, 0 where not segmented.
        scores: [L, T] object score logits.
        relevance: [L, T] relevance logits, None without a grounder to train.
        segmented: bool [L, T], where logits and scores count.
        similarity: [L, T, h, w] logits at stride 16, how alike each place is to the prompt, where
            all frames are adapted; else None.
        cme: class logits [M, 2] and labels [M] of the conditional memory encoder, or None.
    """

    logits: Tensor
    scores: Tensor
    relevance: Tensor | None
    segmented: Tensor
    similarity: Tensor | None = None
    cme: tuple[Tensor, Tensor] | None = None


@dataclass(frozen=True)
class _Lanes:
    """Adapted features of all lanes, and in which row each frame of a lane stands.

    rows: int64 [L, T] row in the pyramid, -1 where not adapted; windows: int64 [L, T] row of the
    prompt; prompts: [windows, K, C].
    """

    adapted: Adapted
    rows: Tensor
    windows: Tensor
    prompts: Tensor


def segment_clip(model: TglModel, batch: ClipBatch) -> TglOutput:
    """Segment the frames ``batch.segment`` of every lane along its dual-path plan.

    M+ of a lane is ``batch.moment`` among those frames; a lane without any of M+ is segmented as
    a whole with the sentence, as in SAMWISE. Predicted soft masks enter memory, nothing is
    detached. Relevance is predicted for all T frames, where a grounder is there to be trained.
    """
    lanes, frames = batch.moment.shape
    shared = shared_features(model, to_pixels(batch.frames.flatten(0, 1)))
    place = batch.video[:, None] * frames + torch.arange(frames, device=batch.video.device)
    tokens = model.tokenize(batch.sentences)
    prompted = _prompted(model, batch)
    if model.config.adapter_scope == "window":
        clip = _adapt_windows(model, shared, place, tokens)
    else:
        clip = _adapt_moments(model, shared, place, tokens, prompted)
    plan = merge(
        dual_path(
            torch.nonzero(batch.segment[lane])[:, 0].tolist(),
            Moment.from_flags((batch.moment[lane] & batch.segment[lane]).tolist()),
            moment_features=model.config.moment_features,
            memory=model.config.memory,
            moment_reads=model.config.moment_reads,
            count=model.config.memory_frames,
            pointers=model.config.pointers,
            slots=model.config.slots,
            obj_id=lane,
        )
        for lane in range(lanes)
        if batch.segment[lane].any()
    )
    logits, scores, judged = _propagate(model, plan, shared, place, clip)
    top = clip.adapted.top(model) if model.config.adapter_scope == "window" else None
    relevance = _relevance(model, shared, place, tokens, clip, top)
    alike = None
    if top is not None and model.training:
        prompts = clip.prompts.unflatten(0, (lanes, -1)).mean(1)
        alike = similarity(prompts, tokens, top.unflatten(0, (lanes, frames)))
    return TglOutput(logits, scores, relevance, batch.segment, alike, judged)


def _prompted(model: TglModel, batch: ClipBatch) -> Tensor:
    """Frames [L, T] that are adapted and prompted: M+, or all where there is none (or no MFE)."""
    inside = batch.moment & batch.segment
    every = ~inside.any(1, keepdim=True) | (not model.config.moment_features)
    return torch.where(every, batch.segment, inside)


def _adapt_windows(model: TglModel, shared: Shared, place: Tensor, tokens: Tokens) -> _Lanes:
    """All T frames of each lane, in windows of ``config.window`` frames."""
    lanes, frames = place.shape
    size = min(model.config.window, frames)
    if frames % size:
        raise ValueError(f"clips of {frames} frames do not split into windows of {size}")
    parts = frames // size
    repeated = tokens.repeat(parts)
    part = torch.arange(parts, device=place.device)
    about = (place[:, :1] // size + part).flatten()
    adapted = adapted_features(model, shared, repeated, about=(about, size))
    windows = torch.arange(lanes * parts, device=place.device).view(lanes, parts)
    return _Lanes(
        adapted,
        torch.arange(lanes * frames, device=place.device).view(lanes, frames),
        windows.repeat_interleave(size, 1),
        model.prompt(adapted.text, repeated),
    )


def _adapt_moments(
    model: TglModel, shared: Shared, place: Tensor, tokens: Tokens, prompted: Tensor
) -> _Lanes:
    """Only the prompted frames of each lane, packed to the left, as one window."""
    most = max(int(prompted.sum(1).max()), 1)
    order = prompted.int().argsort(dim=1, descending=True, stable=True)[:, :most]
    mask = prompted.gather(1, order)
    adapted = adapted_features(model, shared.select(place.gather(1, order).flatten()), tokens, mask)
    packed = torch.arange(len(place) * most, device=place.device).view(-1, most)
    rows = torch.full_like(place, -1).scatter(1, order, torch.where(mask, packed, -1))
    windows = torch.arange(len(place), device=place.device)[:, None].expand_as(place)
    return _Lanes(adapted, rows, windows, model.prompt(adapted.text, tokens))


def _propagate(
    model: TglModel, plan: Plan, shared: Shared, place: Tensor, clip: _Lanes
) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor] | None]:
    row_of: dict[tuple[int, int], int] = {}
    made: dict[str, Pyramid] = {}
    for kind, source in (("adapted", clip.rows), ("plain", place)):
        wanted = [step for step in plan.steps() if step.features == kind]
        if wanted:
            unique, row = source[index_of(wanted, place)].unique(return_inverse=True)
            keys = ((step.obj_id, step.frame) for step in wanted)
            row_of |= dict(zip(keys, row.tolist(), strict=True))
            made[kind] = (
                clip.adapted.pyramid(model, unique)
                if kind == "adapted"
                else plain_features(model, shared.select(unique))
            )

    def features(steps: Sequence[Step]) -> Pyramid:
        rows = [row_of[step.obj_id, step.frame] for step in steps]
        return made[steps[0].features].select(torch.tensor(rows, device=place.device))

    def prompts(steps: Sequence[Step]) -> Prompt:
        return Prompt(tokens=clip.prompts[clip.windows[index_of(steps, place)]])

    options = DecoderOptions(gate=False, batch=1 << 30, scored=model.config.object_score)
    switch = MemorySwitch(model, prompts) if model.config.cme else None
    steps: list[Step] = []
    logits, scores = [], []
    for part in run(model.sam, plan, features, prompts, options, switch):
        steps += part.steps
        logits.append(part.decoded.logits)
        scores.append(part.decoded.score)
    side = model.config.image_size // 4
    every_logit = clip.prompts.new_zeros(*place.shape, side, side)
    every_score = clip.prompts.new_zeros(place.shape)
    if steps:
        where = index_of(steps, place)
        every_logit = every_logit.index_put(where, torch.cat(logits).to(every_logit.dtype))
        every_score = every_score.index_put(where, torch.cat(scores).to(every_score.dtype))
    return every_logit, every_score, switch.judged() if switch else None


def index_of(steps: Sequence[Step], like: Tensor) -> tuple[Tensor, Tensor]:
    """(lane, frame) of the steps as index tensors."""
    pairs = torch.tensor([(step.obj_id, step.frame) for step in steps], device=like.device)
    pairs = pairs.view(-1, 2).long()
    return pairs[:, 0], pairs[:, 1]


def _relevance(
    model: TglModel,
    shared: Shared,
    place: Tensor,
    tokens: Tokens,
    clip: _Lanes,
    top: Tensor | None,
) -> Tensor | None:
    """Relevance of all T frames, or None where TAM is not trained.

    With scope "moment" the features of all frames come from a pass of their own, detached and as
    at inference: the grounder is trained beside a segmenter that never sees M- through the
    adapter, nor through the running statistics of its norms.
    """
    if model.tam is None or not any(p.requires_grad for p in model.tam.parameters()):
        return None
    if top is None:
        training = model.training
        model.eval()
        with torch.no_grad():
            clip = _adapt_windows(model, shared, place, tokens)
        model.train(training)
        top = clip.adapted.top(model)
    seen = views(model, tokens, top.unflatten(0, place.shape), clip.adapted.text, clip.prompts)
    return seen.scores(model)


@torch.no_grad()
def view_clip(model: TglModel, batch: ClipBatch) -> Views:
    """What TAM sees of all frames of a clip, for training it alone: as at inference."""
    training = model.training
    model.eval()
    frames = batch.moment.shape[1]
    shared = shared_features(model, to_pixels(batch.frames.flatten(0, 1)))
    place = batch.video[:, None] * frames + torch.arange(frames, device=batch.video.device)
    tokens = model.tokenize(batch.sentences)
    clip = _adapt_windows(model, shared, place, tokens)
    top = clip.adapted.top(model).unflatten(0, place.shape)
    model.train(training)
    return views(model, tokens, top, clip.adapted.text, clip.prompts)
