"""MomentSeg's training examples: conversations about videos and images, with masks and moments."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from momentvos.data.batch import ClipBatch
from momentvos.systems.examples import BaseExample, Examples
from momentvos.systems.momentseg import templates


@dataclass(frozen=True)
class Example(BaseExample):
    """One conversation.

    Attributes:
        context: low-resolution video, uint8 [T, H, W, 3], or None.
        images: frames at high resolution, or the image, uint8 [K, H, W, 3], or None.
        caption: text between the context and the images.
        masks: bool [E, K, H, W], one per [SEG] of the answers, in order, or None.
        moments: bool [Q, T], one per [FIND] of the answers, in order, or None.
        context_masks: bool [Q, T, H, W], masks of each one's target in those frames, or None.
        target_prompts: [E, C], the prompt that each [SEG] of the answers should give, or None.
        queries: the expressions that the [FIND]s of the answers are about, in order, or none.
        paraphrases: int64 [Q], equal for [FIND]s of the batch with the same meaning, or None.
        patch_features, sentence_features: targets of each token of the context [P, D] and of each
            [FIND] [Q, D] in the space they share, where D may be less than its width; or None.
    """

    context: Tensor | None = None
    images: Tensor | None = None
    caption: str = ""
    masks: Tensor | None = None
    moments: Tensor | None = None
    context_masks: Tensor | None = None
    target_prompts: Tensor | None = None
    queries: tuple[str, ...] = ()
    paraphrases: Tensor | None = None
    patch_features: Tensor | None = None
    sentence_features: Tensor | None = None


def segmentation_example(
    sentences: Sequence[str],
    images: Tensor,
    masks: Tensor,
    context: Tensor | None = None,
    rng: random.Random | None = None,
) -> Example:
    """Referring segmentation of frames (with the video they are of) or of an image.

    sentences: E; images: uint8 [K, H, W, 3]; masks: bool [E, K, H, W]. An expression whose mask
    is empty in all frames is refused, and its mask left out.
    """
    rng = rng or random.Random(0)
    questions = templates.IMAGE_QUESTIONS if context is None else templates.VIDEO_QUESTIONS
    there = masks.flatten(1).any(1).tolist()
    turns = tuple(
        (
            rng.choice(questions).format(_tidy(sentence)),
            rng.choice(templates.SEG_ANSWERS) if present else templates.ABSENT,
        )
        for sentence, present in zip(sentences, there, strict=True)
    )
    caption = "" if context is None else templates.VIDEO_SHOWN
    kept = masks[torch.tensor(there, device=masks.device)]
    return Example(turns, context, images, caption, kept)


def grounding_example(
    sentences: Sequence[str],
    context: Tensor,
    moments: Tensor,
    rng: random.Random | None = None,
    context_masks: Tensor | None = None,
) -> Example:
    """Temporal grounding: which of the context's frames each sentence holds in.

    context: uint8 [T, H, W, 3]; moments: bool [Q, T]; context_masks: bool [Q, T, H, W], or None.
    """
    rng = rng or random.Random(0)
    caption = rng.choice(templates.CONTEXT_CAPTIONS)
    turns = _find_turns(sentences, rng)
    queries = tuple(sentences)
    return Example(turns, context, None, caption, None, moments, context_masks, queries=queries)


def paraphrase_example(
    sentences: Sequence[str], paraphrases: Tensor, rng: random.Random | None = None
) -> Example:
    """Temporal grounding of text alone, for sentences of equal meaning.

    paraphrases: int64 [Q], equal where conversations of the batch mean the same.
    """
    turns = _find_turns(sentences, rng or random.Random(0))
    return Example(turns, queries=tuple(sentences), paraphrases=paraphrases)


def _find_turns(sentences: Sequence[str], rng: random.Random) -> tuple[tuple[str, str], ...]:
    return tuple(
        (
            rng.choice(templates.FIND_QUESTIONS).format(_tidy(sentence)),
            rng.choice(templates.FIND_ANSWERS),
        )
        for sentence in sentences
    )


def prompt_example(
    sentences: Sequence[str], prompts: Tensor, rng: random.Random | None = None
) -> Example:
    """Referring segmentation of text alone, for distillation of the prompts [E, C]."""
    rng = rng or random.Random(0)
    questions = (*templates.IMAGE_QUESTIONS, *templates.VIDEO_QUESTIONS)
    turns = tuple(
        (rng.choice(questions).format(_tidy(sentence)), rng.choice(templates.SEG_ANSWERS))
        for sentence in sentences
    )
    return Example(turns, target_prompts=prompts)


def chat_example(
    turns: Sequence[tuple[str, str]], context: Tensor | None = None, images: Tensor | None = None
) -> Example:
    """Questions and answers in text, about a video, images or nothing."""
    return Example(tuple(turns), context, images)


def from_clips(batch: ClipBatch, images: int = 4) -> Examples[Example]:
    """Two conversations about each video of a batch of clips: grounding, and segmentation.

    Images are drawn from those with masks to learn (``batch.segment`` of any query of
    the video); queries without a moment in the clip are not grounded. A clip of one frame is an
    image.
    """
    rng = random.Random(int(torch.randint(2**31, ()).item()))
    rows: list[Example] = []
    for number, frames in enumerate(batch.frames.permute(0, 1, 3, 4, 2)):
        queries = [query for query, video in enumerate(batch.video.tolist()) if video == number]
        context = frames if len(frames) > 1 else None
        timed = [query for query in queries if bool(batch.moment[query].any())]
        if context is not None and timed:
            sentences = [batch.sentences[query] for query in timed]
            rows.append(grounding_example(sentences, context, batch.moment[timed], rng))
        with_masks = batch.segment[queries].any(0).nonzero()[:, 0].tolist()
        chosen = sorted(rng.sample(with_masks, min(images, len(with_masks))))
        if queries and chosen:
            sentences = [batch.sentences[query] for query in queries]
            masks = batch.masks[queries][:, chosen]
            rows.append(segmentation_example(sentences, frames[chosen], masks, context, rng))
    return Examples(tuple(rows))


def _tidy(sentence: str) -> str:
    """As the released training has it: lower case, and no full stop unless it is a question."""
    text = sentence.strip().lower()
    return text if "?" in text else text.replace(".", "").strip()
