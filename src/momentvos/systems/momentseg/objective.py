"""A training step: conversations through the language model, [SEG] through SAM2, losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from momentvos.mllm import (
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
from momentvos.sam2.geometry import resize
from momentvos.systems.momentseg import find
from momentvos.systems.momentseg.examples import Example, Examples
from momentvos.systems.momentseg.losses import Weights, alignment, judgement_losses, mask_losses

if TYPE_CHECKING:
    from momentvos.systems.momentseg.model import MomentSegModel


@dataclass(frozen=True)
class MomentSegOutput:
    """What a training step gives.

    Attributes:
        terms: "language", "mask", "dice", "find", "heard", "agree", "watched", "places", and with
            a weight "object_score", "iou", "align" and "echo", unweighted, where the batch has
            such; and "loss", their weighted sum.
        masks: logits [N, h, w] of each [SEG] in each of its frames, example by example.
        relevance: per example with [FIND] its logits [Q, T].
    """

    terms: dict[str, Tensor]
    masks: Tensor
    relevance: tuple[Tensor, ...] = field(default=())


def learn(
    model: MomentSegModel, examples: Examples, weights: Weights | None = None
) -> MomentSegOutput:
    """Losses of a batch of conversations of any kinds.

    Frames are segmented one by one, without memory, as released. Batches without masks or
    queries pass zeros through the parts concerned, so that the same parameters have gradients in
    every process.
    """
    weights = weights or Weights()
    inputs = model.inputs([_written(model, row) for row in examples.rows])
    hidden = hidden_states(model.mllm, inputs)
    terms = {"language": language_loss(model.mllm, hidden, inputs.labels)}
    learned = torch.where(inputs.labels == inputs.ids, inputs.ids, -1)
    seg = states_at(hidden, learned, model.seg_token)
    decoded: list[Decoded] = []
    truth: list[Tensor] = []
    aligned: list[Tensor] = []
    for example, states in zip(examples.rows, seg, strict=True):
        if example.masks is not None and example.images is not None and len(example.masks):
            prompts, pyramid = model.prompts(states), _encoded(model, example.images)
            decoded.append(_decoded(model, pyramid, prompts))
            truth.append(example.masks.flatten(0, 1))
            if weights.align:
                aligned.append(alignment(prompts[:, 0], pyramid.top, example.masks))
    masks = hidden.new_zeros(0, *model.sam.prompt_encoder.mask_input_size)
    if truth:
        masks, true = torch.cat([one.logits for one in decoded]), torch.cat(truth)
        terms["mask"], terms["dice"] = mask_losses(masks, true, weights)
        if weights.object_score or weights.iou:
            scores = torch.cat([one.score for one in decoded])
            iou = torch.cat([one.iou for one in decoded])
            judged = judgement_losses(masks, scores, iou, true)
            terms["object_score"], terms["iou"] = judged
        if aligned:
            terms["align"] = torch.stack(aligned).mean()
    finds = states_at(hidden, learned, model.find_token)
    rows = examples.rows
    if told := [(seg[k], row.prompts) for k, row in enumerate(rows) if row.prompts is not None]:
        states, wanted = (torch.cat(parts) for parts in zip(*told, strict=True))
        terms["heard"] = prompt_distillation_loss(model.prompts(states)[:, 0], wanted)
    if meant := [
        (finds[k], row.meanings) for k, row in enumerate(rows) if row.meanings is not None
    ]:
        states, meanings = (torch.cat(parts) for parts in zip(*meant, strict=True))
        terms["agree"] = contrastive_loss(model.find_mlp(states), meanings)
    texts = [one for row in rows for one in row.queries]
    if weights.echo and texts:
        said, known = word_bank(model.words, texts)
        words = model.mllm.get_input_embeddings().weight[torch.tensor(known, device=hidden.device)]
        states = torch.cat([finds[k] for k, row in enumerate(rows) if row.queries])
        terms["echo"] = sentence_word_loss(states, said, words)
    relevance: list[Tensor] = []
    found: list[Tensor] = []
    watched: list[Tensor] = []
    placed: list[Tensor] = []
    videos = states_at(hidden, inputs.ids, model.token(PADS["video"]))
    for place, example in enumerate(examples.rows):
        if example.moments is None:
            continue
        steps, count = inputs.grids[place][0][0], example.moments.shape[1]
        seen = model.find_mlp(videos[place])
        frames = find.frame_features(seen, steps, count, model.config.centred)
        asked = model.find_mlp(finds[place])
        relevance.append(find.similarity(asked, frames))
        if example.places is not None:
            covered = coverage(example.places, inputs.grids[place][0], model.patching.temporal)
            placed.append(find.places_loss(asked, seen, covered, model.config.centred))
        if example.cells is not None and example.said is not None:
            watched.append(
                dual_encoder_distillation_loss(seen, asked, example.cells, example.said, steps)
            )
        found.append(example.moments)
    if relevance:
        every, moments = _joined(relevance), _joined(found)
        terms["find"] = find.loss(every, moments)
    if watched:
        terms["watched"] = torch.stack(watched).mean()
    if placed:
        terms["places"] = torch.stack(placed).mean()
    total = _tie(model, hidden)
    for name, term in terms.items():
        total = total + getattr(weights, name) * term
    return MomentSegOutput({"loss": total, **terms}, masks, tuple(relevance))


def _written(model: MomentSegModel, example: Example) -> RenderedChat:
    """The conversation in tokens; the first question comes after all that is shown."""
    config, patching = model.config, model.patching
    parts: list[Part] = []
    if example.film is not None:
        parts.append(video_input(example.film, patching, config.budget("film")))
    parts.append(example.shown)
    if example.images is not None:
        budget = config.budget("image" if example.film is not None else "picture")
        parts += [image_input(image, patching, budget) for image in example.images]
    pictured = example.images is not None or (example.film is not None and not example.shown)
    lead = "\n" if pictured else ""
    turns = [Turn((question,), answer) for question, answer in example.turns]
    turns[0] = Turn((*parts, lead, *turns[0].question), turns[0].answer)
    return render_chat(model.words, turns)


def _encoded(model: MomentSegModel, images: Tensor) -> Pyramid:
    """Features of uint8 [K, H, W, 3], stretched to SAM2's square."""
    size = (model.config.image_size, model.config.image_size)
    return encode(model.sam, to_pixels(resize(images, size)).to(model.sam.dtype))


def _decoded(model: MomentSegModel, pyramid: Pyramid, prompts: Tensor) -> Decoded:
    """E prompts [E, 1, C] in K images, E * K rows: the best of three masks, without memory."""
    lanes, frames = len(prompts), len(pyramid.top)
    row = torch.arange(frames, device=prompts.device).repeat(lanes)
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
    judged = made.score.sum() + made.iou.sum()
    return 0.0 * (made.logits.sum() + judged + model.find_mlp(state).sum()).float()


def _joined(rows: Sequence[Tensor]) -> Tensor:
    """Rows of any length behind each other, [1, all]: a mean over all of them."""
    return torch.cat([row.flatten() for row in rows])[None]
