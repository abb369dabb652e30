"""VRS-HQ's objective: conversations through the language model, [TAK] through SAM2's memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from momentvos.mllm import Turn, hidden_states, language_loss, states_at
from momentvos.mllm.chat import Part, RenderedChat
from momentvos.mllm.distillation import prompt_distillation_loss
from momentvos.propagation import DecoderOptions, Step, merge, run
from momentvos.propagation.step import PromptKind
from momentvos.sam2 import Prompt, Pyramid, attend, decode, encode
from momentvos.sam2.geometry import to_input, to_output
from momentvos.systems.examples import Examples
from momentvos.systems.losses import score_loss
from momentvos.systems.vrshq import chat_template
from momentvos.systems.vrshq.examples import Example
from momentvos.systems.vrshq.losses import Weights, mask_losses
from momentvos.systems.vrshq.plan import from_keyframe
from momentvos.systems.vrshq.tda import aggregate
from momentvos.systems.vrshq.templates import visual_parts
from momentvos.systems.vrshq.tks import Window, training_window

if TYPE_CHECKING:
    from momentvos.systems.vrshq.model import VrsHqModel


@dataclass(frozen=True)
class VrsHqOutput:
    """Outputs of a training step.

    Attributes:
        losses: by the names of `Weights`, unweighted: "language", and where the batch has such
            "mask", "dice", "prompt_distillation", and with a weight "object_score"; and "loss",
            their weighted sum.
        masks: logits [N, h, w] over SAM2's square, of each sentence in each frame of its window.
        windows: of each sentence with masks, example by example.
    """

    losses: dict[str, Tensor]
    masks: Tensor
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True)
class _Query:
    """One sentence with masks: its example, its prompt [C], and the frames that are trained."""

    example: int
    prompt: Tensor
    window: Window
    masks: Tensor


def learn(
    model: VrsHqModel, examples: Examples[Example], weights: Weights | None = None
) -> VrsHqOutput:
    """Losses of a batch of conversations of any kinds.

    Of every sentence a few frames around the keyframe are segmented: it from h'_TAK, the others
    from memory, in both directions, with gradients all the way. Batches without masks pass zeros
    through the parts concerned, so that the same parameters have gradients in every process.
    """
    weights = weights or Weights()
    inputs = model.inputs([rendered(model, row) for row in examples.rows])
    hidden = hidden_states(model.mllm, inputs)
    losses = {"language": language_loss(model.mllm, hidden, inputs.labels)}
    answered = torch.where(inputs.labels == inputs.ids, inputs.ids, -1)
    seg = states_at(hidden, answered, model.seg_token, shifted=model.config.shifted)
    tak = states_at(hidden, answered, model.tak_token, shifted=model.config.shifted)
    queries = [
        query
        for place, row in enumerate(examples.rows)
        if row.masks is not None and len(row.masks)
        for query in _queries(model, place, row, seg[place], tak[place])
    ]
    masks = hidden.new_zeros(0, *model.sam.prompt_encoder.mask_input_size)
    if queries:
        masks, scores, contents = _segmented(model, examples, queries)
        losses |= _losses(model, queries, masks, scores, contents, bool(weights.object_score))
    distilled = [
        (torch.cat([seg[place], tak[place]]), row.target_prompts)
        for place, row in enumerate(examples.rows)
        if row.target_prompts is not None
    ]
    if distilled:
        losses["prompt_distillation"] = _prompt_distillation(model, distilled)
    total = _tie(model, hidden)
    for name, loss in losses.items():
        total = total + getattr(weights, name) * loss
    return VrsHqOutput({"loss": total, **losses}, masks, tuple(query.window for query in queries))


def rendered(model: VrsHqModel, example: Example) -> RenderedChat:
    """The conversation in the chat template; the first question comes after all visual inputs."""
    parts: tuple[Part, ...] = ()
    if example.frames is not None:
        alone = example.image
        pictures = [
            chat_template.image_input(model, frame, alone=alone) for frame in example.frames
        ]
        parts = visual_parts(pictures, example.image)
    turns = [Turn((question,), answer) for question, answer in example.turns]
    turns[0] = Turn((*parts, *turns[0].question), turns[0].answer)
    return chat_template.render(model, turns)


def _queries(
    model: VrsHqModel, place: int, example: Example, seg: Tensor, tak: Tensor
) -> list[_Query]:
    """Queries of an example from its states [E * T, D] and [E, D]; images are not fused."""
    assert example.masks is not None and example.frames is not None
    config, count = model.config, len(example.frames)
    if len(tak) != len(example.masks) or len(seg) != count * len(tak):
        raise ValueError(
            f"{len(example.masks)} sentences in {count} frames, but {len(seg)} tokens of frames "
            f"and {len(tak)} of the video"
        )
    frames, prompts = model.prompts(seg).unflatten(0, (-1, count)), model.prompts(tak)
    fused, shares = aggregate(frames, prompts, 0.0 if example.image else config.alpha)
    explore = config.explore if model.training else 0.0
    queries = []
    for row, masks in enumerate(example.masks):
        window = training_window(shares[row], config.window, explore)
        prompt = fused[row] + config.focus * frames[row, window.key]
        queries.append(_Query(place, prompt, window, masks))
    return queries


def _segmented(
    model: VrsHqModel, examples: Examples[Example], queries: Sequence[_Query]
) -> tuple[Tensor, Tensor, dict[int, tuple[int, int]]]:
    """Logits [N, h, w] and object scores [N], query by query; content sizes inside SAM2's square.

    Every frame is encoded once for all sentences about it.
    """
    rows: dict[tuple[int, int], int] = {}
    contents: dict[int, tuple[int, int]] = {}
    pixels: list[Tensor] = []
    for place in dict.fromkeys(query.example for query in queries):
        wanted = {
            frame for query in queries if query.example == place for frame in query.window.frames
        }
        frames = examples.rows[place].frames
        assert frames is not None
        made, contents[place] = to_input(
            frames[sorted(wanted)], model.config.image_size, "sam", model.config.image_resizer
        )
        rows |= {(place, frame): len(rows) + k for k, frame in enumerate(sorted(wanted))}
        pixels.append(made)
    pyramid = encode(model.sam, torch.cat(pixels).to(model.sam.dtype))

    def features(steps: Sequence[Step]) -> Pyramid:
        wanted = [rows[queries[step.obj_id].example, step.frame] for step in steps]
        return pyramid.select(torch.tensor(wanted, device=pyramid.top.device))

    def prompts(steps: Sequence[Step]) -> Prompt:
        return Prompt(tokens=torch.stack([queries[step.obj_id].prompt for step in steps])[:, None])

    tracked: PromptKind | None = "tokens" if model.config.inject else None
    plan = merge(
        from_keyframe(
            query.window.frames, query.window.key, given="tokens", tracked=tracked, obj_id=number
        )
        for number, query in enumerate(queries)
    )
    logits: dict[tuple[int, int], Tensor] = {}
    scores: dict[tuple[int, int], Tensor] = {}
    for done in run(model.sam, plan, features, prompts, decoder_options(model, gate=False)):
        for row, step in enumerate(done.steps):
            logits[step.obj_id, step.frame] = done.decoded.logits[row]
            scores[step.obj_id, step.frame] = done.decoded.score[row]
    order = sorted(logits)
    joined = torch.stack([logits[key] for key in order])
    return joined, torch.stack([scores[key] for key in order]), contents


def decoder_options(model: VrsHqModel, gate: bool) -> DecoderOptions:
    """How SAM2's decoder is read: its single mask."""
    offsets = model.config.sam_config.enable_temporal_pos_encoding_for_object_pointers
    return DecoderOptions(gate=gate, multimask=False, pointer_offsets=offsets)


def _losses(
    model: VrsHqModel,
    queries: Sequence[_Query],
    logits: Tensor,
    scores: Tensor,
    contents: dict[int, tuple[int, int]],
    scored: bool,
) -> dict[str, Tensor]:
    """Means over all masks, each compared at the size of its own frames."""
    parts = logits.split([len(query.window.frames) for query in queries])
    compared: list[tuple[Tensor, Tensor]] = []
    scored_losses: list[Tensor] = []
    side = model.config.image_size
    for query, part, score in zip(
        queries, parts, scores.split([len(p) for p in parts]), strict=True
    ):
        truth = query.masks[list(query.window.frames)]
        size = (truth.shape[1], truth.shape[2])
        full = to_output(part.float(), contents[query.example], side, size)
        compared.append(mask_losses(full, truth))
        scored_losses.append(score_loss(score, truth) * len(score))
    entropy, dice = (torch.cat(column).mean() for column in zip(*compared, strict=True))
    losses = {"mask": entropy, "dice": dice}
    if scored:
        losses["object_score"] = torch.stack(scored_losses).sum() / len(scores)
    return losses


def _prompt_distillation(model: VrsHqModel, rows: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
    """Prompt distillation of states [E * T + E, D] at [SEG]s and [TAK]s to targets [E, C].

    Each token has its share in the sum that prompts SAM2.
    """
    share = 1 / (1 + model.config.focus)
    targets = []
    for states, prompts in rows:
        frames = len(states) // len(prompts) - 1
        targets.append(torch.cat([prompts.repeat_interleave(frames, 0), prompts]))
    predicted = model.prompts(torch.cat([states for states, _ in rows]))
    return prompt_distillation_loss(predicted, share * torch.cat(targets))


def _tie(model: VrsHqModel, hidden: Tensor) -> Tensor:
    """Zero, with a gradient to the perceptron and the mask decoder."""
    prompt = Prompt(tokens=model.prompts(hidden[:1, :1]))
    vision = model.config.sam_config.vision_config
    decoder = model.sam.mask_decoder
    high, middle, top = (
        hidden.new_zeros(1, vision.fpn_hidden_size, *side) for side in vision.backbone_feature_sizes
    )
    pyramid = Pyramid((decoder.conv_s0(high), decoder.conv_s1(middle), top))
    made = decode(model.sam, pyramid.with_top(attend(model.sam, top)), prompt, gate=False)
    return 0.0 * (made.logits.sum() + made.score.sum() + made.iou.sum()).float()
