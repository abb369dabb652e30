"""TGL's own objective: ground and adapt a training clip, and run its plan with gradients."""

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
from momentvos.systems.patches.logits import clip_maps
from momentvos.systems.tgl.clip_features import (
    ClipFeatures,
    adapt_moments,
    adapt_windows,
    prompted_frames,
)
from momentvos.systems.tgl.features import (
    Shared,
    patch_features,
    plain_features,
    shared_features,
)
from momentvos.systems.tgl.plan import dual_path
from momentvos.systems.tgl.similarity import similarity
from momentvos.systems.tgl.switch import MemorySwitch
from momentvos.systems.tgl.tam_inputs import tam_inputs
from momentvos.text import Tokens

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel


@dataclass(frozen=True)
class TglOutput:
    """Outputs of the model for a training clip: L queries about T frames each.

    Attributes:
        logits: [L, T, h, w] mask logits at a quarter of the input size, 0 where not segmented.
        scores: [L, T] object score logits.
        relevance: [L, T] relevance logits, None without a grounder to train.
        segmented: bool [L, T], where logits and scores count.
        similarity: [L, T, h, w] logits at stride 16, of each patch to the prompt, where all frames
            are adapted; else None.
        cme: class logits [M, 2] and labels [M] of the conditional memory encoder, or None.
    """

    logits: Tensor
    scores: Tensor
    relevance: Tensor | None
    segmented: Tensor
    similarity: Tensor | None = None
    cme: tuple[Tensor, Tensor] | None = None


def segment_clip(model: TglModel, batch: ClipBatch) -> TglOutput:
    """Segment the frames ``batch.segment`` of every query along its dual-path plan.

    M+ of a query is ``batch.moment`` among those frames; a query without any of M+ is segmented as
    a whole with the sentence, as in SAMWISE. Predicted soft masks enter memory, nothing is
    detached. Relevance is predicted for all T frames, where a grounder is there to be trained.
    """
    queries, frames = batch.moment.shape
    shared = shared_features(model, to_pixels(batch.frames.flatten(0, 1)))
    place = batch.video[:, None] * frames + torch.arange(frames, device=batch.video.device)
    tokens = model.tokenize(batch.sentences)
    prompted = prompted_frames(model, batch)
    if model.config.adapter_scope == "window":
        clip = adapt_windows(model, shared, place, tokens)
    else:
        clip = adapt_moments(model, shared, place, tokens, prompted)
    plan = merge(
        dual_path(
            torch.nonzero(batch.segment[query])[:, 0].tolist(),
            Moment.from_flags((batch.moment[query] & batch.segment[query]).tolist()),
            moment_features=model.config.moment_features,
            memory=model.config.memory,
            moment_reads=model.config.moment_reads,
            count=model.config.memory_frames,
            pointers=model.config.pointers,
            slots=model.config.slots,
            obj_id=query,
        )
        for query in range(queries)
        if batch.segment[query].any()
    )
    maps = None
    if model.patches is not None:
        maps = clip_maps(
            model,
            patch_features(model, shared, plain_features(model, shared), len(batch.frames)),
            batch.video,
            batch.sentences,
        )
    logits, scores, classified = _propagate(model, plan, shared, place, clip, maps)
    top = clip.adapted.top(model) if model.config.adapter_scope == "window" else None
    relevance = _relevance(model, shared, place, tokens, clip, top)
    similarities = None
    if top is not None and model.training:
        prompts = clip.prompts.unflatten(0, (queries, -1)).mean(1)
        similarities = similarity(prompts, tokens, top.unflatten(0, (queries, frames)))
    return TglOutput(logits, scores, relevance, batch.segment, similarities, classified)


def _propagate(
    model: TglModel,
    plan: Plan,
    shared: Shared,
    place: Tensor,
    clip: ClipFeatures,
    maps: Tensor | None,
) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor] | None]:
    row_of: dict[tuple[int, int], int] = {}
    pyramids: dict[str, Pyramid] = {}
    for kind, source in (("adapted", clip.rows), ("plain", place)):
        wanted = [step for step in plan.steps() if step.features == kind]
        if wanted:
            unique, row = source[index_of(wanted, place)].unique(return_inverse=True)
            keys = ((step.obj_id, step.frame) for step in wanted)
            row_of |= dict(zip(keys, row.tolist(), strict=True))
            pyramids[kind] = (
                clip.adapted.pyramid(model, unique)
                if kind == "adapted"
                else plain_features(model, shared.select(unique))
            )

    def features(steps: Sequence[Step]) -> Pyramid:
        rows = [row_of[step.obj_id, step.frame] for step in steps]
        return pyramids[steps[0].features].select(torch.tensor(rows, device=place.device))

    def prompts(steps: Sequence[Step]) -> Prompt:
        where = index_of(steps, place)
        dense = None
        if maps is not None and model.patch_prompt is not None:
            dense = model.patch_prompt(maps[where])
        return Prompt(tokens=clip.prompts[clip.windows[where]], dense=dense)

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
    return every_logit, every_score, switch.classified() if switch else None


def index_of(steps: Sequence[Step], like: Tensor) -> tuple[Tensor, Tensor]:
    """(query, frame) of the steps as index tensors."""
    pairs = torch.tensor([(step.obj_id, step.frame) for step in steps], device=like.device)
    pairs = pairs.view(-1, 2).long()
    return pairs[:, 0], pairs[:, 1]


def _relevance(
    model: TglModel,
    shared: Shared,
    place: Tensor,
    tokens: Tokens,
    clip: ClipFeatures,
    top: Tensor | None,
) -> Tensor | None:
    """Relevance of all T frames, or None where TAM is not trained.

    With scope "moment" the features of all frames come from a pass of their own, detached and as
    at inference: so M- reaches neither the segmenter's adapters nor the running statistics of
    their norms.
    """
    if model.tam is None or not any(p.requires_grad for p in model.tam.parameters()):
        return None
    if top is None:
        training = model.training
        model.eval()
        with torch.no_grad():
            clip = adapt_windows(model, shared, place, tokens)
        model.train(training)
        top = clip.adapted.top(model)
    top = top.unflatten(0, place.shape)
    return tam_inputs(model, tokens, top, clip.adapted.text, clip.prompts).scores(model)
