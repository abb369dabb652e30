"""What MomentSeg learns from: conversations about videos and images, with masks and moments."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from momentvos.data.batch import ClipBatch
from momentvos.systems.momentseg import templates


@dataclass(frozen=True)
class Example:
    """One conversation.

    Attributes:
        turns: (question, answer) pairs; what is shown stands before the first question.
        film: low-resolution video, uint8 [T, H, W, 3], or None.
        images: frames to look at, or the image, uint8 [K, H, W, 3], or None.
        shown: the words between the film and the images.
        masks: bool [E, K, H, W], one per [SEG] of the answers, in order, or None.
        moments: bool [Q, T], one per [FIND] of the answers, in order, or None.
        places: bool [Q, T, H, W], what each of them means in those frames, or None.
        prompts: [E, C], what each [SEG] of the answers should tell SAM2, or None.
        queries: the expressions that the [FIND]s of the answers are about, in order, or none.
        meanings: int64 [Q], equal for [FIND]s of the batch that are about the same, or None.
        cells, said: what each token of the film [P, D] and each [FIND] [Q, D] should be in the
            space they share, where D may be less than its width; or None.
    """

    turns: tuple[tuple[str, str], ...]
    film: Tensor | None = None
    images: Tensor | None = None
    shown: str = ""
    masks: Tensor | None = None
    moments: Tensor | None = None
    places: Tensor | None = None
    prompts: Tensor | None = None
    queries: tuple[str, ...] = ()
    meanings: Tensor | None = None
    cells: Tensor | None = None
    said: Tensor | None = None

    def to(self, device: torch.device | str) -> Example:
        """The same with every tensor on `device`."""
        every: dict[str, Any] = {one.name: getattr(self, one.name) for one in fields(self)}
        moved = {name: one.to(device) for name, one in every.items() if isinstance(one, Tensor)}
        return Example(**(every | moved))


@dataclass(frozen=True)
class Examples:
    """A training step's conversations, of any kinds."""

    rows: tuple[Example, ...]

    def to(self, device: torch.device | str) -> Examples:
        """The same with every tensor on `device`."""
        return Examples(tuple(row.to(device) for row in self.rows))


def segmenting(
    sentences: Sequence[str],
    images: Tensor,
    masks: Tensor,
    film: Tensor | None = None,
    rng: random.Random | None = None,
) -> Example:
    """Referring segmentation of frames (with the video they are of) or of an image.

    sentences: E; images: uint8 [K, H, W, 3]; masks: bool [E, K, H, W]. An expression whose mask
    is empty in all frames is refused, and its mask left out.
    """
    rng = rng or random.Random(0)
    questions = templates.IMAGE_QUESTIONS if film is None else templates.VIDEO_QUESTIONS
    there = masks.flatten(1).any(1).tolist()
    turns = tuple(
        (
            rng.choice(questions).format(_tidy(sentence)),
            rng.choice(templates.SEG_ANSWERS) if present else templates.ABSENT,
        )
        for sentence, present in zip(sentences, there, strict=True)
    )
    shown = "" if film is None else templates.VIDEO_SHOWN
    kept = masks[torch.tensor(there, device=masks.device)]
    return Example(turns, film, images, shown, kept)


def grounding(
    sentences: Sequence[str],
    film: Tensor,
    moments: Tensor,
    rng: random.Random | None = None,
    places: Tensor | None = None,
) -> Example:
    """Temporal grounding: which of the film's frames each sentence holds in.

    film: uint8 [T, H, W, 3]; moments: bool [Q, T]; places: bool [Q, T, H, W], or None.
    """
    rng = rng or random.Random(0)
    shown = rng.choice(templates.FILM_PROMPTS)
    turns = _finding(sentences, rng)
    asked = tuple(sentences)
    return Example(turns, film, None, shown, None, moments, places, queries=asked)


def meaning(
    sentences: Sequence[str], meanings: Tensor, rng: random.Random | None = None
) -> Example:
    """Temporal grounding with nothing to see: what is learned is which sentences mean the same.

    meanings: int64 [Q], numbers by which other conversations of the batch mean the same.
    """
    turns = _finding(sentences, rng or random.Random(0))
    return Example(turns, queries=tuple(sentences), meanings=meanings)


def _finding(sentences: Sequence[str], rng: random.Random) -> tuple[tuple[str, str], ...]:
    return tuple(
        (
            rng.choice(templates.FIND_QUESTIONS).format(_tidy(sentence)),
            rng.choice(templates.FIND_ANSWERS),
        )
        for sentence in sentences
    )


def saying(sentences: Sequence[str], prompts: Tensor, rng: random.Random | None = None) -> Example:
    """Referring segmentation with nothing to see: prompts [E, C] are all that is to be learned."""
    rng = rng or random.Random(0)
    questions = (*templates.IMAGE_QUESTIONS, *templates.VIDEO_QUESTIONS)
    turns = tuple(
        (rng.choice(questions).format(_tidy(sentence)), rng.choice(templates.SEG_ANSWERS))
        for sentence in sentences
    )
    return Example(turns, prompts=prompts)


def chatting(
    turns: Sequence[tuple[str, str]], film: Tensor | None = None, images: Tensor | None = None
) -> Example:
    """Questions and answers in words, about a video, images or nothing."""
    return Example(tuple(turns), film, images)


def from_clips(batch: ClipBatch, images: int = 4) -> Examples:
    """Two conversations about each video of a batch of clips: grounding, and segmentation.

    Frames to look at are drawn from those with masks to learn (``batch.segment`` of any lane of
    the video); lanes without a moment in the clip are not grounded. A clip of one frame is an
    image.
    """
    rng = random.Random(int(torch.randint(2**31, ()).item()))
    rows: list[Example] = []
    for number, frames in enumerate(batch.frames.permute(0, 1, 3, 4, 2)):
        lanes = [lane for lane, video in enumerate(batch.video.tolist()) if video == number]
        film = frames if len(frames) > 1 else None
        timed = [lane for lane in lanes if bool(batch.moment[lane].any())]
        if film is not None and timed:
            asked = [batch.sentences[lane] for lane in timed]
            rows.append(grounding(asked, film, batch.moment[timed], rng))
        with_masks = batch.segment[lanes].any(0).nonzero()[:, 0].tolist()
        chosen = sorted(rng.sample(with_masks, min(images, len(with_masks))))
        if lanes and chosen:
            asked = [batch.sentences[lane] for lane in lanes]
            masks = batch.masks[lanes][:, chosen]
            rows.append(segmenting(asked, frames[chosen], masks, film, rng))
    return Examples(tuple(rows))


def _tidy(sentence: str) -> str:
    """As the released training has it: lower case, and no full stop unless it is a question."""
    text = sentence.strip().lower()
    return text if "?" in text else text.replace(".", "").strip()
