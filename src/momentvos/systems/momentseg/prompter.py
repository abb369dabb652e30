"""Prompts to the language model: [FIND], [SEG], and questions in text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import Tensor

from momentvos.media import Video
from momentvos.mllm import VisualInput, states_at
from momentvos.mllm.chat import PADS, Part
from momentvos.systems.momentseg.find import (
    frame_features,
    released_curve,
    similarity,
    smooth,
)
from momentvos.systems.momentseg.templates import (
    FIND_QUESTION,
    FIND_VIDEO_SHOWN,
    IMAGE_QUESTION,
    IMAGE_WORD,
    SEG_QUESTION,
    VIDEO_SHOWN,
    VIDEO_WORD,
)
from momentvos.systems.momentseg.video_context import VideoContext, image_inputs
from momentvos.systems.sa2va.prompter import ask_for_seg, generated

if TYPE_CHECKING:
    from momentvos.systems.momentseg.model import MomentSegModel


@dataclass(frozen=True)
class Find:
    """Relevance of one sentence by [FIND].

    curve: smoothed relevance 0..1 of each frame, None where the answer has no [FIND]; text: the
    answer.
    """

    curve: tuple[float, ...] | None
    text: str = ""


def find(model: MomentSegModel, context: VideoContext, sentence: str) -> Find:
    """Relevance of every frame of the video, by similarity to [FIND]."""
    question = FIND_VIDEO_SHOWN + FIND_QUESTION.format(sentence)
    answer = generated(model, (context.visual, question), context.states)
    ids, hidden = answer.ids[None], answer.hidden[None]
    (states,) = states_at(hidden, ids, model.find_token)
    if not len(states):
        return Find(None, answer.text)
    (tokens,) = states_at(hidden, ids, model.token(PADS["video"]))
    length, steps, config = len(context.video), context.visual.grid[0], model.config
    query, shown = model.find_mlp(states[:1]), model.find_mlp(tokens)
    if config.precise or config.centred:
        logits = similarity(query, frame_features(shown, steps, length, config.centred))[0]
        curve = smooth(logits.sigmoid().cpu(), config.sigma)
    else:
        curve = released_curve(query, shown, steps, length, config.sigma)
    return Find(tuple(curve.clamp(0, 1).tolist()), answer.text)


def segmentation_prompt(
    model: MomentSegModel,
    config: Any,
    video: Video,
    context: VideoContext | None,
    images: Sequence[VisualInput],
    sentence: str,
) -> tuple[Tensor | None, str]:
    """SAM2's prompt token [1, 1, C] for the sentence, None without [SEG]; and the answer.

    context: the low-resolution video, where the configuration's view shows it.
    """
    parts: tuple[Part, ...]
    if len(video) == 1:
        parts = (
            *(images or image_inputs(model, video, [0])),
            ("\n" if config.image_newline else " ") + IMAGE_QUESTION.format(sentence),
        )
    elif config.grounding == "none":
        parts = (*images, SEG_QUESTION.format(sentence))
    else:
        video_word, image_word = (VIDEO_WORD, IMAGE_WORD) if config.placeholders else ("", "")
        visual = video_word if context is None else context.visual
        shown: Sequence[Part] = images or (image_word,)
        parts = (visual, VIDEO_SHOWN + " ", *shown, SEG_QUESTION.format(sentence))
    return ask_for_seg(model, parts, None if context is None else context.states)


def answer_question(model: MomentSegModel, video: Video, question: str) -> str:
    """A text answer, from the low-resolution video, or from the image."""
    if len(video) == 1:
        inputs = image_inputs(model, video, [0])
    else:
        inputs = [VideoContext.of(model, video).visual]
    limit = 4 * model.config.answer_limit
    lead = "\n" if model.config.image_newline else ""
    return generated(model, (*inputs, lead + question), limit=limit).text
