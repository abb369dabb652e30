"""VRS-HQ's questions and answers: a token for every frame, and one for the video."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

from momentvos.mllm import VisualInput
from momentvos.mllm.chat import Part

SentenceRule = Literal["released", "written"]
"""How sentences are read, see `written`."""

SEG, TAK = "[SEG]", "[TAK]"
TOKENS = (SEG, TAK)
"""The tokens that the released model adds: of one frame, and of the whole video."""

VIDEO_SHOWN, VIDEO_END = "Reference Video: ", " \n"
TASK = "segmentation masks for each frame and for the entire video separately."
QUESTION = "What is {} in the Reference Video? Please respond with " + TASK
LONG_QUESTION = "{} Please find it in the Reference Video and respond with " + TASK
IMAGE_QUESTION = "What is {} in this image? Please respond with segmentation mask."
LONG_IMAGE_QUESTION = "{} Please respond with segmentation mask."
ANSWER = (
    "Sure, the segmentation result of each frame is [SEG], while for the entire video it is [TAK]."
)
"""The answer that the released model is given at inference, instead of generating its own."""

ANSWERS = (
    ANSWER,
    "Frame by frame it is [SEG], and in the video as a whole it is [TAK].",
    "Here are the frames: [SEG]. And here is the video: [TAK].",
)
"""Answers in training, so that the tokens do not depend on the words around them."""


def written(sentence: str, rule: SentenceRule = "released") -> str:
    """A sentence as the model reads it.

    "released": in lower case, with single spaces; a final "." stays. "written": as it is, without
    the spaces around it and without a final ".".
    """
    if rule == "released":
        return " ".join(sentence.lower().split())
    return sentence.strip().rstrip(".")


def question(sentence: str, image: bool = False, rule: SentenceRule = "released") -> str:
    """Question about a sentence; one that is a question itself ("?") is left as it stands."""
    text = written(sentence, rule)
    if sentence.strip().endswith("?"):
        return (LONG_IMAGE_QUESTION if image else LONG_QUESTION).format(text)
    return (IMAGE_QUESTION if image else QUESTION).format(text)


def answer(frames: int, rng: random.Random | None = None) -> str:
    """The answer with one [SEG] for each of `frames` frames; `rng` may choose other words."""
    words = ANSWER if rng is None else rng.choice(ANSWERS)
    return words.replace(SEG, ", ".join(f"({frame}) {SEG}" for frame in range(frames)))


def visual_parts(pictures: Sequence[VisualInput], image: bool = False) -> tuple[Part, ...]:
    """Visual inputs before the first question: an image, or a video's frames by number."""
    if image:
        return (*pictures, "\n")
    parts: list[Part] = [VIDEO_SHOWN]
    for number, picture in enumerate(pictures):
        parts += [f"{', ' if number else ''}({number})", picture]
    return (*parts, VIDEO_END)
