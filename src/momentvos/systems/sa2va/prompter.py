"""Prompts to the language model: [SEG], and questions in text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor

from momentvos.media import Video
from momentvos.mllm import CachedStates, Turn, VisualInput, generate, states_at
from momentvos.mllm.chat import Part
from momentvos.mllm.forward import Generation
from momentvos.systems.sa2va.pictures import picture_inputs
from momentvos.systems.sa2va.sampling import Anchors, first, uniform
from momentvos.systems.sa2va.templates import request

if TYPE_CHECKING:
    from momentvos.systems.sa2va.config import Sa2VaConfig
    from momentvos.systems.sa2va.model import Sa2VaModel


def sampled(config: Sa2VaConfig, length: int) -> Anchors:
    """The frames that the language model sees of a video of `length` frames."""
    return (first if config.sampling == "first" else uniform)(length, config.frames)


def segmentation_prompt(
    model: Sa2VaModel, video: Video, images: Sequence[VisualInput], sentence: str
) -> tuple[Tensor | None, str]:
    """SAM2's prompt token [1, 1, C] for the sentence, None without [SEG]; and the answer."""
    return ask_for_seg(model, (*images, request(sentence, image=len(video) == 1)))


def ask_for_seg(
    model: Sa2VaModel, parts: tuple[Part, ...], known: CachedStates | None = None
) -> tuple[Tensor | None, str]:
    """SAM2's prompt token [1, 1, C] from the first [SEG] of the answer, or None; and the answer.

    known: the `states` of `generated`.
    """
    answer = generated(model, parts, known)
    (states,) = states_at(answer.hidden[None], answer.ids[None], model.seg_token)
    return (model.prompts(states[:1]) if len(states) else None), answer.text


def answer_question(model: Sa2VaModel, video: Video, question: str) -> str:
    """A text answer, from the sampled frames."""
    frames = sampled(model.config, len(video)).frames
    return generated(model, (*picture_inputs(model, video, frames), question)).text


def generated(
    model: Sa2VaModel,
    parts: tuple[Part, ...],
    states: CachedStates | None = None,
    limit: int | None = None,
) -> Generation:
    """The answer to a question of texts and visual inputs, of at most `limit` tokens.

    limit: None: the configuration's. states: of an earlier question about the same video.
    """
    inputs = model.inputs([model.render([Turn(parts)])])
    most = limit or model.config.answer_limit
    return generate(model.mllm, model.words, inputs, most, states, normed=model.final_norm)
