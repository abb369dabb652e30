"""MomentSeg's training objective: conversations through the language model, [SEG] through SAM2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from momentvos.mllm import (
    Inputs,
    Turn,
    hidden_states,
    image_input,
    language_loss,
    render_chat,
    states_at,
    video_input,
)
from momentvos.mllm.alignment import coverage, sentence_word_loss, word_bank
from momentvos.mllm.chat import PADS, Part, RenderedChat
from momentvos.mllm.distillation import (
    contrastive_loss,
    dual_encoder_distillation_loss,
    prompt_distillation_loss,
)
from momentvos.sam2 import Decoded, Prompt, Pyramid, attend, decode, encode, to_pixels
from momentvos.sam2.geometry import fitted
from momentvos.systems.examples import Examples
from momentvos.systems.losses import score_loss
from momentvos.systems.momentseg import find
from momentvos.systems.momentseg.examples import Example
from momentvos.systems.momentseg.losses import Weights, mask_losses
from momentvos.systems.momentseg.pretrain.losses import iou_loss, patch_alignment

if TYPE_CHECKING:
    from momentvos.systems.momentseg.model import MomentSegModel


@dataclass(frozen=True)
class MomentSegOutput:
    """Outputs of a training step.

    Attributes:
        losses: by the names of `Weights`, unweighted: "language", and where the batch has such
            "mask", "dice", "find" and the others with a weight; and "loss", their weighted sum.
        masks: logits [N, h, w] of each [SEG] in each of its frames, example by example.
        relevance: per example with [FIND] its logits [Q, T].
    """

    losses: dict[str, Tensor]
    masks: Tensor
    relevance: tuple[Tensor, ...] = field(default=())


@dataclass(frozen=True)
class _States:
    """Hidden states example by example: at [SEG], at [FIND], and of the context's tokens."""

    seg: Sequence[Tensor]
    find: Sequence[Tensor]
    context: Sequence[Tensor]


def learn(
    model: MomentSegModel, examples: Examples[Example], weights: Weights | None = None
) -> MomentSegOutput:
    """Losses of a batch of conversations of any kinds.

    Frames are segmented one by one, without memory, as released. Batches without masks or
    queries pass zeros through the parts concerned, so that the same parameters have gradients in
    every process.
    """
    weights = weights or Weights()
    inputs = model.inputs([_rendered(model, row) for row in examples.rows])
    hidden = hidden_states(model.mllm, inputs)
    answered = torch.where(inputs.labels == inputs.ids, inputs.ids, -1)
    states = _States(
        states_at(hidden, answered, model.seg_token),
        states_at(hidden, answered, model.find_token),
        states_at(hidden, inputs.ids, model.token(PADS["video"])),
    )
    losses = {"language": language_loss(model.mllm, hidden, inputs.labels)}
    masks = hidden.new_zeros(0, *model.sam.prompt_encoder.mask_input_size)
    segmented = _segmentation(model, examples.rows, states, weights)
    if segmented is not None:
        masks = segmented[0]
        losses |= segmented[1]
    losses |= _text_alone(model, examples.rows, states, weights)
    relevance, grounded = _grounding(model, examples.rows, states, inputs)
    losses |= grounded
    total = _tie(model, hidden)
    for name, loss in losses.items():
        total = total + getattr(weights, name) * loss
    return MomentSegOutput({"loss": total, **losses}, masks, relevance)


def _segmentation(
    model: MomentSegModel, rows: Sequence[Example], states: _States, weights: Weights
) -> tuple[Tensor, dict[str, Tensor]] | None:
    """Mask logits [N, h, w] and their losses; None where there are no masks to learn."""
    decoded: list[Decoded] = []
    truth: list[Tensor] = []
    aligned: list[Tensor] = []
    for example, seg in zip(rows, states.seg, strict=True):
        if example.masks is not None and example.images is not None and len(example.masks):
            prompts, pyramid = model.prompts(seg), _encoded(model, example.images)
            decoded.append(_decoded(model, pyramid, prompts))
            truth.append(example.masks.flatten(0, 1))
            if weights.patch_alignment:
                aligned.append(patch_alignment(prompts[:, 0], pyramid.top, example.masks))
    if not truth:
        return None
    losses: dict[str, Tensor] = {}
    masks, true = torch.cat([one.logits for one in decoded]), torch.cat(truth)
    losses["mask"], losses["dice"] = mask_losses(masks, true, weights)
    if weights.object_score or weights.iou:
        losses["object_score"] = score_loss(torch.cat([one.score for one in decoded]), true)
        losses["iou"] = iou_loss(masks, torch.cat([one.iou for one in decoded]), true)
    if aligned:
        losses["patch_alignment"] = torch.stack(aligned).mean()
    return masks, losses


def _text_alone(
    model: MomentSegModel, rows: Sequence[Example], states: _States, weights: Weights
) -> dict[str, Tensor]:
    """Losses of text alone: prompt distillation, paraphrases and words of [FIND]."""
    losses: dict[str, Tensor] = {}
    distilled = [
        (states.seg[k], row.target_prompts)
        for k, row in enumerate(rows)
        if row.target_prompts is not None
    ]
    if distilled:
        seg, targets = (torch.cat(parts) for parts in zip(*distilled, strict=True))
        losses["prompt_distillation"] = prompt_distillation_loss(model.prompts(seg)[:, 0], targets)
    paraphrased = [
        (states.find[k], row.paraphrases)
        for k, row in enumerate(rows)
        if row.paraphrases is not None
    ]
    if paraphrased:
        finds, same = (torch.cat(parts) for parts in zip(*paraphrased, strict=True))
        losses["paraphrase"] = contrastive_loss(model.find_mlp(finds), same)
    texts = [one for row in rows for one in row.queries]
    if weights.find_words and texts:
        spelled, bank_tokens = word_bank(model.words, texts)
        finds = torch.cat([states.find[k] for k, row in enumerate(rows) if row.queries])
        bank = torch.tensor(bank_tokens, device=finds.device)
        words = model.mllm.get_input_embeddings().weight[bank]
        losses["find_words"] = sentence_word_loss(finds, spelled, words)
    return losses


def _grounding(
    model: MomentSegModel, rows: Sequence[Example], states: _States, inputs: Inputs
) -> tuple[tuple[Tensor, ...], dict[str, Tensor]]:
    """Per example with moments its relevance logits [Q, T]; losses of [FIND]."""
    relevance: list[Tensor] = []
    moments: list[Tensor] = []
    distilled: list[Tensor] = []
    localised: list[Tensor] = []
    for place, example in enumerate(rows):
        if example.moments is None:
            continue
        grid, count = inputs.grids[place][0], example.moments.shape[1]
        patches = model.find_mlp(states.context[place])
        frames = find.frame_features(patches, grid[0], count, model.config.centred)
        queries = model.find_mlp(states.find[place])
        relevance.append(find.similarity(queries, frames))
        moments.append(example.moments)
        if example.context_masks is not None:
            covered = coverage(example.context_masks, grid, model.patching.temporal)
            localised.append(find.patch_loss(queries, patches, covered, model.config.centred))
        if example.patch_features is not None and example.sentence_features is not None:
            targets = (example.patch_features, example.sentence_features)
            distilled.append(dual_encoder_distillation_loss(patches, queries, *targets, grid[0]))
    losses: dict[str, Tensor] = {}
    if relevance:
        losses["find"] = find.loss(_joined(relevance), _joined(moments))
    if distilled:
        losses["dual_distillation"] = torch.stack(distilled).mean()
    if localised:
        losses["find_patches"] = torch.stack(localised).mean()
    return tuple(relevance), losses


def _rendered(model: MomentSegModel, example: Example) -> RenderedChat:
    """The conversation in the chat template; the first question comes after all visual inputs."""
    config, patching = model.config, model.patching
    parts: list[Part] = []
    if example.context is not None:
        budget = config.budget("context")
        context = video_input(example.context, patching, budget, resizer=config.image_resizer)
        parts.append(context)
    parts.append(example.caption)
    if example.images is not None:
        budget = config.budget("image" if example.context is not None else "picture")
        resizer = config.image_resizer
        parts += [image_input(image, patching, budget, resizer) for image in example.images]
    visual = example.images is not None or (example.context is not None and not example.caption)
    lead = "\n" if visual else ""
    turns = [Turn((question,), answer) for question, answer in example.turns]
    turns[0] = Turn((*parts, lead, *turns[0].question), turns[0].answer)
    return render_chat(model.words, turns)


def _encoded(model: MomentSegModel, images: Tensor) -> Pyramid:
    """Features of uint8 [K, H, W, 3], stretched to SAM2's square."""
    config = model.config
    frames = fitted(images, config.image_size, "stretch", config.image_resizer)
    return encode(model.sam, to_pixels(frames).to(model.sam.dtype))


def _decoded(model: MomentSegModel, pyramid: Pyramid, prompts: Tensor) -> Decoded:
    """E prompts [E, 1, C] in K images, E * K rows: the best of three masks, without memory."""
    queries, frames = len(prompts), len(pyramid.top)
    row = torch.arange(frames, device=prompts.device).repeat(queries)
    prompt = Prompt(tokens=prompts.repeat_interleave(frames, 0))
    return _segmented(model, pyramid.select(row), prompt)


def _segmented(model: MomentSegModel, pyramid: Pyramid, prompt: Prompt) -> Decoded:
    top = attend(model.sam, pyramid.top)
    return decode(model.sam, pyramid.with_top(top), prompt, multimask=True, gate=False)


def _tie(model: MomentSegModel, hidden: Tensor) -> Tensor:
    """Zero, with a gradient to both perceptrons and the mask decoder."""
    state = hidden[:1, 0]
    prompt = Prompt(tokens=model.prompts(state))
    config = model.config.sam_config
    sides = config.vision_config.backbone_feature_sizes
    width = config.vision_config.fpn_hidden_size
    decoder = model.sam.mask_decoder
    high, middle, top = (state.new_zeros(1, width, *side) for side in sides)
    pyramid = Pyramid((decoder.conv_s0(high), decoder.conv_s1(middle), top))
    made = _segmented(model, pyramid, prompt)
    scores = made.score.sum() + made.iou.sum()
    total: Tensor = made.logits.sum() + scores + model.find_mlp(state).sum()
    return 0.0 * total.float()


def _joined(rows: Sequence[Tensor]) -> Tensor:
    """Rows of any length behind each other, [1, all]: a mean over all of them."""
    return torch.cat([row.flatten() for row in rows])[None]
