"""Scores of patches in a whole video or in training clips, and what they are computed from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from momentvos.results.journal import NO_JOURNAL, Journal
from momentvos.sam2 import Pyramid, to_pixels
from momentvos.selection.trajectory import TEMPERATURE, noun_directions
from momentvos.systems.tgl.features import Shared, plain_features
from momentvos.systems.tgl.patch_averages import KeptAverages, PatchAverages
from momentvos.systems.tgl.patches import PatchScores
from momentvos.systems.tgl.shared_cache import SharedCache
from momentvos.systems.tgl.windows import stride_for

if TYPE_CHECKING:
    from momentvos.systems.tgl.model import TglModel


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
class PatchLogits:
    """Scores of L sentences in a whole video of T frames.

    relevance: [L, T]. presence: [L]. maps: [L, T, 2, h, w], half precision, the logits `active`
    and `target`.
    """

    relevance: Tensor
    presence: Tensor
    maps: Tensor


@torch.no_grad()
def read_sentences(model: TglModel, sentences: Sequence[str]) -> Sentences:
    """Words and nouns of sentences, by the text encoder without adapters."""
    text, mask = model.encode_words(sentences)
    words, _ = model.embed_words(sentences)
    return Sentences(
        text, words, mask, torch.stack([noun_directions(model, one) for one in sentences])
    )


@torch.no_grad()
def window_features(
    model: TglModel, shared: Shared, windows: int, plain: Pyramid | None = None
) -> WindowFeatures:
    """F_SAM and features of motion; shared: V * T frames, window by window.

    plain: F_SAM of them, where it is known.
    """
    pyramid = plain_features(model, shared) if plain is None else plain
    assert model.motion is not None
    assert shared.pixels is not None
    small = F.avg_pool2d(to_pixels(shared.pixels).to(model.dtype), 2).unflatten(0, (windows, -1))
    motion = model.motion.encode(small)[1].transpose(1, 2)
    top, fine = (level.unflatten(0, (windows, -1)) for level in (pyramid.top, pyramid.levels[1]))
    return WindowFeatures(top, fine, motion)


def window_scores(
    model: TglModel, features: WindowFeatures, sentences: Sentences, video: Tensor
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


def clip_maps(model: TglModel, shared: Shared, video: Tensor, sentences: Sequence[str]) -> Tensor:
    """`PatchLogits.maps` of training clips: [L, T, 2, h, w], with gradients for the part alone.

    shared: V * T frames, clip by clip. video: int64 [L], clip of each sentence.
    """
    features = window_features(model, shared, int(video.max()) + 1)
    scores = window_scores(model, features, read_sentences(model, sentences), video)
    height, width = features.top.shape[-2:]
    maps: Tensor = torch.stack([scores.active, scores.target], 2).unflatten(3, (height, width))
    return maps


def patch_logits(
    model: TglModel,
    cache: SharedCache,
    sentences: Sequence[str],
    report: Callable[[int, int], None] | None = None,
    journal: Journal = NO_JOURNAL,
) -> PatchLogits:
    """Scores of all frames of the cache's video, averaged where windows overlap.

    Presence is that of the best window.

    report: called with frames done and their total. journal: keeps what is done.
    """
    read, length, count = read_sentences(model, sentences), len(cache.video), len(sentences)
    stride, span = stride_for(cache.video.fps, model.config.rate), model.config.tam_span
    made = PatchAverages(count, length, model.config.image_size // 16, model.device)
    kept = KeptAverages(journal, made)
    video = torch.zeros(count, dtype=torch.long, device=model.device)
    windows = [
        frames[start : start + span]
        for phase in range(min(stride, length))
        for frames in [range(phase, length, stride)]
        for start in _starts(len(frames), span)
    ]
    done = kept.restore()
    if done and report is not None:
        report(made.seen, length)
    for number, window in enumerate(windows[done:], done + 1):
        frames = list(window)
        features = window_features(model, cache(frames), 1, cache.plain(frames))
        made.add(frames, window_scores(model, features, read, video))
        kept.note(frames, number, number == len(windows))
        if report is not None:
            report(made.seen, length)
    return PatchLogits(made.relevance / made.weight, made.presence, made.maps)


def _starts(length: int, span: int) -> list[int]:
    """Of windows that overlap by half, and whose last one ends where the video does."""
    last = max(length - span, 0)
    return [*range(0, last, max(span // 2, 1)), last]
