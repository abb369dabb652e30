"""Scores of patches in a whole video or in training clips, and what they are computed from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from momentvos.results.journal import NO_JOURNAL, Journal
from momentvos.sam2 import Pyramid
from momentvos.selection.trajectory import TEMPERATURE, noun_directions
from momentvos.systems.patches.averages import KeptAverages, PatchAverages, PatchMaps
from momentvos.systems.patches.model import PatchModel
from momentvos.systems.patches.relevance import PatchScores


class Sentences(NamedTuple):
    """L sentences: states and embeddings of their words [L, N, D], bool [L, N], directions of
    nouns [L, K, C].
    """

    text: Tensor
    words: Tensor
    mask: Tensor
    nouns: Tensor


class WindowFeatures(NamedTuple):
    """Features of V windows of T frames, as `PatchRelevance.encode` takes them."""

    top: Tensor
    fine: Tensor
    motion: Tensor

    def similarity(self, nouns: Tensor, video: Tensor) -> Tensor:
        """Of patches to nouns [L, K, C], each about the window `video` [L]: [L, T, P, K]."""
        top = F.normalize(self.top.flatten(3), dim=2)[video]
        return torch.einsum("lkc,ltcp->ltpk", nouns.to(top.dtype), top) / TEMPERATURE


@dataclass(frozen=True)
class Frames:
    """Frames of a video, in windows.

    length: of the video. features: of a window of some frames. span: frames of a window. stride:
    frames from one to the next in it.
    """

    length: int
    features: Callable[[Sequence[int]], WindowFeatures]
    span: int
    stride: int


@dataclass(frozen=True)
class PatchLogits:
    """Scores of L sentences in a whole video of T frames.

    relevance: [L, T]. presence: [L]. maps: of every frame, the logits `active` and `target`.
    """

    relevance: Tensor
    presence: Tensor
    maps: PatchMaps


@torch.no_grad()
def read_sentences(model: PatchModel, sentences: Sequence[str]) -> Sentences:
    """Words and nouns of sentences, as the text encoder reads them without any video."""
    text, mask = model.encode_words(sentences)
    words, _ = model.embed_words(sentences)
    return Sentences(
        text, words, mask, torch.stack([noun_directions(model, one) for one in sentences])
    )


@torch.no_grad()
def window_features(
    model: PatchModel, pixels: Tensor, plain: Pyramid, windows: int = 1
) -> WindowFeatures:
    """F_SAM and features of motion of V windows of T frames, window by window.

    pixels: normalised [V * T, 3, S, S]; plain: F_SAM of them.
    """
    assert model.motion is not None
    small = F.avg_pool2d(pixels.to(model.dtype), 2).unflatten(0, (windows, -1))
    motion = model.motion.encode(small)[1].permute(0, 1, 4, 2, 3)
    top, fine = (level.unflatten(0, (windows, -1)) for level in (plain.top, plain.levels[1]))
    return WindowFeatures(top, fine, motion)


def window_scores(
    model: PatchModel, features: WindowFeatures, sentences: Sentences, video: Tensor
) -> PatchScores:
    """Scores of sentences, each about the window `video` [L]."""
    assert model.patches is not None
    scores: PatchScores = model.patches(
        model.patches.encode(*features),
        video,
        sentences.text,
        sentences.words,
        sentences.mask,
        features.similarity(sentences.nouns, video),
    )
    return scores


def clip_maps(
    model: PatchModel, features: WindowFeatures, video: Tensor, sentences: Sequence[str]
) -> Tensor:
    """Maps of training clips, [L, T, 2, h, w], with gradients for the part alone.

    features: of the clips. video: int64 [L], clip of each sentence.
    """
    scores = window_scores(model, features, read_sentences(model, sentences), video)
    height, width = features.top.shape[-2:]
    maps: Tensor = torch.stack([scores.active, scores.target], 2).unflatten(3, (height, width))
    return maps


def patch_logits(
    model: PatchModel,
    video_frames: Frames,
    sentences: Sequence[str],
    report: Callable[[int, int], None] | None = None,
    journal: Journal = NO_JOURNAL,
) -> PatchLogits:
    """Scores of all frames of a video, averaged where windows overlap.

    Presence is that of the best window.

    report: called with frames done and their total. journal: keeps what is done.
    """
    read, length, count = read_sentences(model, sentences), video_frames.length, len(sentences)
    stride, span = video_frames.stride, video_frames.span
    made = PatchAverages(count, length, model.config.image_size // 16)
    kept = KeptAverages(journal, made)
    video = torch.zeros(count, dtype=torch.long, device=model.device)
    windows = [
        frames[start : start + span]
        for phase in range(min(stride, length))
        for frames in [range(phase, length, stride)]
        for start in starts(len(frames), span)
    ]
    done = kept.restore()
    if done and report is not None:
        report(made.seen, length)
    for number, window in enumerate(windows[done:], done + 1):
        frames = list(window)
        made.add(frames, window_scores(model, video_frames.features(frames), read, video))
        kept.note(frames, number, number == len(windows))
        if report is not None:
            report(made.seen, length)
    return PatchLogits(made.relevance / made.weight, made.presence, made.maps)


def starts(length: int, span: int) -> list[int]:
    """Of windows that overlap by half, and whose last one ends where the video does."""
    last = max(length - span, 0)
    return [*range(0, last, max(span // 2, 1)), last]
