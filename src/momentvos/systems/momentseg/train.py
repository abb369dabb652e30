"""MomentSeg's and Sa2VA's training, on conversations or clips; see `momentvos.systems.training`."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from momentvos.data.conversation import Conversation, ConversationBatch
from momentvos.systems import mllm_training
from momentvos.systems.examples import Examples
from momentvos.systems.mllm_training import init_part, precompute
from momentvos.systems.momentseg.examples import (
    Example,
    chat_example,
    grounding_example,
    paraphrase_example,
    prompt_example,
    segmentation_example,
)
from momentvos.systems.momentseg.losses import Weights
from momentvos.systems.momentseg.model import MomentSegModel
from momentvos.systems.momentseg.presets import momentseg_mini
from momentvos.systems.momentseg.pretrain.init_weights import init_mask_choices, init_weights
from momentvos.systems.options import ModelOptions, StageTask
from momentvos.systems.pretrain.extend import extended
from momentvos.systems.pretrain.teachers import dual_encoder_teacher, text_prompt_teacher

__all__ = ["check", "extended", "from_preset", "init_part", "losses", "precompute"]


def from_preset(options: ModelOptions) -> MomentSegModel:
    """Preset "mini" or "base", see `mllm_training.build_preset`."""
    build = (MomentSegModel, momentseg_mini, init_weights)
    model: MomentSegModel = mllm_training.build_preset(options, *build)
    if options.preset == "mini" and "sam" in options.weights:
        init_mask_choices(model.sam.mask_decoder)
    return model


def check(stage: StageTask) -> None:
    """The losses of `momentvos.systems.momentseg.losses.Weights`."""
    mllm_training.check(stage, Weights, "MomentSeg")


def losses(model: MomentSegModel, batch: Any, stage: StageTask) -> dict[str, Tensor]:
    """The model's own losses, of clips or conversations, or the selector's."""
    weights = Weights(**stage.loss_weights)  # type: ignore[arg-type]
    return mllm_training.losses(
        model, batch, stage, weights, lambda conversations: _examples(model, conversations, stage)
    )


def _examples(
    model: MomentSegModel, batch: ConversationBatch, stage: StageTask
) -> Examples[Example]:
    """Conversations in the released wording, drawn by torch's random numbers."""
    rng = random.Random(int(torch.randint(2**31, ()).item()))
    rows: list[Example] = []
    for place, conversation in enumerate(batch.rows):
        if not conversation.sentences or _has_targets(conversation) or stage.teacher is None:
            rows.append(_example(model, conversation, rng, stage.grounder))
        elif rng.random() < 0.5:
            prompts = text_prompt_teacher(stage.teacher)(conversation.sentences)
            rows.append(prompt_example(conversation.sentences, prompts, rng))
        else:
            count = len(conversation.sentences)
            same = torch.arange(count) + place * count
            texts = (conversation.sentences, conversation.paraphrases)
            rows += [paraphrase_example(text, same, rng) for text in texts]
    return Examples(tuple(rows))


def _has_targets(conversation: Conversation) -> bool:
    """Whether there are masks or moments to learn."""
    masked = conversation.masks is not None and conversation.images is not None
    return masked or (conversation.moments is not None and conversation.context is not None)


def _example(
    model: MomentSegModel, conversation: Conversation, rng: random.Random, grounder: str | None
) -> Example:
    """Segmentation, grounding or an answer in words, as the conversation has masks or moments.

    grounder: a dual encoder whose features are the targets of grounding, too.
    """
    sentences, context = conversation.sentences, conversation.context
    if conversation.masks is not None and conversation.images is not None:
        return segmentation_example(
            sentences, conversation.images, conversation.masks, context, rng
        )
    if conversation.moments is None or context is None:
        return chat_example(conversation.turns, context, conversation.images)
    moments, masks = conversation.moments, conversation.context_masks
    example = grounding_example(sentences, context, moments, rng, masks)
    if grounder is None:
        return example
    patching = model.patching
    size = (context.shape[1], context.shape[2])
    height, width = patching.fit(size, model.config.budget("context"))
    grid = (height // patching.side, width // patching.side)
    teacher = dual_encoder_teacher(grounder)
    patches, texts = teacher(context, sentences, grid, patching.temporal)
    return replace(example, patch_features=patches, sentence_features=texts)
