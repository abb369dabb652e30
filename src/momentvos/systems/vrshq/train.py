"""VRS-HQ's training, on conversations or clips; see `momentvos.systems.training`."""

from __future__ import annotations

import random
from typing import Any

import torch
from torch import Tensor

from momentvos.data.conversation import Conversation, ConversationBatch
from momentvos.errors import RecipeError
from momentvos.systems import mllm_training
from momentvos.systems.examples import Examples
from momentvos.systems.mllm_training import init_part, precompute
from momentvos.systems.options import ModelOptions, StageTask
from momentvos.systems.pretrain.extend import extended
from momentvos.systems.pretrain.teachers import text_prompt_teacher
from momentvos.systems.vrshq.examples import (
    Example,
    chat_example,
    prompt_example,
    segmentation_example,
)
from momentvos.systems.vrshq.losses import Weights
from momentvos.systems.vrshq.model import VrsHqModel
from momentvos.systems.vrshq.presets import vrshq_mini
from momentvos.systems.vrshq.pretrain.init_weights import init_weights
from momentvos.systems.vrshq.templates import SentenceRule

__all__ = ["check", "extended", "from_preset", "init_part", "losses", "precompute"]


def from_preset(options: ModelOptions) -> VrsHqModel:
    """Preset "mini" or "base", see `mllm_training.build_preset`."""
    build = (VrsHqModel, vrshq_mini, init_weights)
    model: VrsHqModel = mllm_training.build_preset(options, *build)
    return model


def check(stage: StageTask) -> None:
    """The losses of `momentvos.systems.vrshq.losses.Weights`; there is no task "ground"."""
    mllm_training.check(stage, Weights, "VRS-HQ")
    for conversation in (stage.conversation, *(part.conversation for part in stage.mixture)):
        if conversation is not None and conversation.tasks.get("ground", 0) > 0:
            raise RecipeError(
                f"The stage '{stage.name}': VRS-HQ cannot learn the task \"ground\"; leave it out."
            )


def losses(model: VrsHqModel, batch: Any, stage: StageTask) -> dict[str, Tensor]:
    """The model's own losses, of clips or conversations, or the selector's."""
    weights = Weights(**stage.loss_weights)

    def examples(conversations: ConversationBatch) -> Examples[Example]:
        rng = random.Random(int(torch.randint(2**31, ()).item()))
        rule = model.config.sentence_rule
        rows = (_example(one, rng, stage.teacher, rule) for one in conversations.rows)
        return Examples(tuple(rows))

    return mllm_training.losses(model, batch, stage, weights, examples)


def _example(
    conversation: Conversation, rng: random.Random, teacher: str | None, rule: SentenceRule
) -> Example:
    """A conversation in the released wording.

    A video is given by its high-resolution frames; where there are none, by its context. teacher:
    the model whose prompts are the targets where there is text alone.
    """
    sentences, images = conversation.sentences, conversation.images
    if conversation.masks is not None and images is not None:
        return segmentation_example(sentences, images, conversation.masks, rng, rule)
    if sentences and teacher is not None:
        prompts = text_prompt_teacher(teacher)(sentences)
        return prompt_example(sentences, prompts, rng.choice((1, 1, 4, 8)), rng, rule)
    return chat_example(conversation.turns, conversation.context if images is None else images)
