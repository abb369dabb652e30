"""VRS-HQ's training examples: conversations about videos and images, with masks."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from momentvos.data.batch import ClipBatch
from momentvos.systems.examples import BaseExample, Examples
from momentvos.systems.vrshq import templates


@dataclass(frozen=True)
class Example(BaseExample):
    """One conversation.

    Attributes:
        frames: of a video in order, or an image, uint8 [T, H, W, 3], or None.
        masks: bool [E, T, H, W], one per [TAK] of the answers, in order, or None. Each of these
            answers has one [SEG] a frame.
        target_prompts: [E, C], the prompt that the tokens of each answer should give together, or
            None.
    """

    frames: Tensor | None = None
    masks: Tensor | None = None
    target_prompts: Tensor | None = None

    @property
    def image(self) -> bool:
        """Whether it is about a single image."""
        return self.frames is not None and len(self.frames) == 1


def segmentation_example(
    sentences: Sequence[str],
    frames: Tensor,
    masks: Tensor,
    rng: random.Random | None = None,
    rule: templates.SentenceRule = "released",
) -> Example:
    """Referring segmentation of a video's frames, or of an image (T = 1).

    A sentence without target is answered like any other, and its masks are empty: the answer is
    given at inference, so that only the object score can refuse.

    Args:
        sentences: E of them.
        frames: uint8 [T, H, W, 3].
        masks: bool [E, T, H, W].
        rng: chooses the wording of the answers; None takes the released one.
        rule: how sentences are read, see `templates.written`.
    """
    count = len(frames)
    turns = tuple(
        (templates.question(sentence, count == 1, rule), templates.answer(count, rng))
        for sentence in sentences
    )
    return Example(turns, frames, masks)


def prompt_example(
    sentences: Sequence[str],
    prompts: Tensor,
    frames: int,
    rng: random.Random | None = None,
    rule: templates.SentenceRule = "released",
) -> Example:
    """Referring segmentation of text alone, for distillation of the prompts [E, C].

    frames: of the video (1: of the image) that the sentences are about. rule: as of
    `segmentation_example`.
    """
    turns = tuple(
        (templates.question(sentence, frames == 1, rule), templates.answer(frames, rng))
        for sentence in sentences
    )
    return Example(turns, target_prompts=prompts)


def chat_example(turns: Sequence[tuple[str, str]], frames: Tensor | None = None) -> Example:
    """Questions and answers in text, about a video, an image or nothing."""
    return Example(tuple(turns), frames)


def from_clips(
    batch: ClipBatch, frames: int = 12, rule: templates.SentenceRule = "released"
) -> Examples[Example]:
    """One conversation about each video of a batch of clips, a turn for each sentence.

    A clip of more than `frames` frames is thinned: it is cut into so many equal parts, and a
    frame is drawn from each. Queries without any frame to segment are left out.
    """
    rng = random.Random(int(torch.randint(2**31, ()).item()))
    rows: list[Example] = []
    wanted = batch.segment.any(1).tolist()
    for number, video_frames in enumerate(batch.frames.permute(0, 1, 3, 4, 2)):
        of = batch.video.tolist()
        queries = [query for query, video in enumerate(of) if video == number and wanted[query]]
        if not queries:
            continue
        chosen = spread(len(video_frames), frames, rng)
        sentences = [batch.sentences[query] for query in queries]
        rows.append(
            segmentation_example(
                sentences, video_frames[chosen], batch.masks[queries][:, chosen], rng, rule
            )
        )
    return Examples(tuple(rows))


def spread(length: int, count: int, rng: random.Random) -> list[int]:
    """One frame of each of `count` equal parts of a clip; all frames where they are fewer."""
    if length <= count:
        return list(range(length))
    borders = [length * place // count for place in range(count + 1)]
    return [rng.randrange(a, b) for a, b in pairwise(borders)]
