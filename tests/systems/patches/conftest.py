"""Scores of patches by a TGL with random weights."""

import pytest

from momentvos.sam2 import to_pixels
from momentvos.systems.patches.logits import Frames, clip_maps, patch_logits
from momentvos.systems.tgl.features import patch_features, plain_features, shared_features
from momentvos.systems.windows import stride_for


@pytest.fixture(scope="session")
def video_logits():
    """`patch_logits` of the video of a `SharedCache`."""

    def score(model, cache, sentences):
        stride = stride_for(cache.video.fps, model.config.rate)
        frames = Frames(len(cache.video), cache.patches, model.config.tam_span, stride)
        return patch_logits(model, frames, sentences)

    return score


@pytest.fixture(scope="session")
def clip_of():
    """`clip_maps` of frames [V, T, 3, S, S] of whole clips."""

    def score(model, frames, video, sentences):
        shared = shared_features(model, to_pixels(frames.flatten(0, 1)))
        features = patch_features(model, shared, plain_features(model, shared), len(frames))
        return clip_maps(model, features, video, sentences)

    return score
