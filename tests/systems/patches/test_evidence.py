"""What patches show of sentences in the parts of a video."""

import itertools

import pytest
import torch

from momentvos.systems.patches.evidence import PARTS, STRENGTHS, evidence
from momentvos.systems.patches.logits import Frames, read_sentences, window_scores
from momentvos.systems.tgl.shared_cache import SharedCache

SENTENCES = ["the turtle that jumps", "the blue turtle"]


@pytest.fixture(scope="module")
def model(build):
    return build(patch_dim=16)


def of(model, video, length=None, span=12, stride=1):
    cache = SharedCache(model, video)
    frames = Frames(length or len(video), cache.patches, span, stride)
    return evidence(model, frames, read_sentences(model, SENTENCES))


@torch.no_grad()
def test_parts_are_means_of_their_frames_by_relevance(model, video):
    cache = SharedCache(model, video)
    features = cache.patches(range(12))
    read = read_sentences(model, SENTENCES)
    scores = window_scores(model, features, read, torch.zeros(2, dtype=torch.long))
    made = of(model, video)
    assert made.shape[:2] == (2, PARTS)
    bounds = [round(part * 12 / PARTS) for part in range(PARTS + 1)]
    for part, (first, last) in enumerate(itertools.pairwise(bounds)):
        weight = scores.relevance[:, first:last].softmax(1)
        relevance = (weight * scores.relevance[:, first:last]).sum(1)
        torch.testing.assert_close(made[:, part, -2], relevance, atol=1e-4, rtol=1e-4)
        best = (weight * scores.active[:, first:last].amax(2)).sum(1)
        torch.testing.assert_close(made[:, part, -4], best, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(made[..., -1], scores.presence[:, None].expand(-1, PARTS))
    places = made[..., -STRENGTHS : -STRENGTHS + 2]
    assert ((places > 0) & (places < 1)).all()


@pytest.mark.parametrize(
    ("length", "span", "stride"), [(1, 12, 1), (3, 2, 1), (12, 5, 1), (9, 4, 2)]
)
def test_there_is_evidence_of_any_length(model, video, length, span, stride):
    made = of(model, video, length, span, stride)
    assert made.shape[:2] == (2, PARTS) and made.isfinite().all()
    assert not torch.equal(made[0], made[1])


@torch.no_grad()
def test_presence_is_that_of_the_best_window(model, video):
    read, rows = read_sentences(model, SENTENCES), torch.zeros(2, dtype=torch.long)
    cache = SharedCache(model, video)
    each = [
        window_scores(model, cache.patches(range(first, first + 8)), read, rows).presence
        for first in (0, 4)
    ]
    best = torch.maximum(*each)[:, None].expand(-1, PARTS)
    torch.testing.assert_close(of(model, video, span=8)[..., -1], best, atol=1e-4, rtol=1e-4)
