"""Presence of what a sentence means, from scores of patches, and what it does to answers."""

import numpy as np
import pytest
import torch

from momentvos.media.arrays import ArrayVideo
from momentvos.moment import Moment
from momentvos.systems.patches.presence import PatchPresence
from momentvos.systems.tgl.shared_cache import SharedCache

SENTENCE = "the turtle that jumps"


@pytest.fixture
def scores():
    torch.manual_seed(0)
    return torch.randn(2, 6, 9), torch.randn(2, 6, 9), torch.randn(2, 6), torch.randn(2, 6, 9, 8)


def test_it_starts_as_the_mean_relevance_of_the_best_frames(scores):
    present = PatchPresence(8, 5)(*scores, torch.randn(2, 5))
    torch.testing.assert_close(present, scores[2].topk(3, 1).values.mean(1))


def test_what_counts_depends_on_the_words_and_on_the_best_patches(scores):
    part, words = PatchPresence(8, 5), torch.randn(2, 5)
    torch.nn.init.normal_(part.decide[-1].weight)
    before = part(*scores, words)
    assert (part(*scores, words.flip(1)) - before).abs().min() > 1e-4
    sure = scores[0].clone()
    sure[:, 2, 3] = 9.0
    assert (part(sure, *scores[1:], words) - before).abs().min() > 1e-4


def test_it_learns_that_one_kind_of_sentence_is_less_sure_than_another(scores):
    """The same evidence means something for one sentence and nothing for the other."""
    torch.manual_seed(0)
    part = PatchPresence(8, 5)
    same = [one[:1].expand(2, *one.shape[1:]) for one in scores]
    words, truth = torch.randn(2, 5), torch.tensor([0.0, 1.0])
    optimiser = torch.optim.Adam(part.parameters(), 1e-2)
    for _ in range(60):
        optimiser.zero_grad()
        logits = part(*same, words)
        torch.nn.functional.binary_cross_entropy_with_logits(logits, truth).backward()
        optimiser.step()
    assert ((logits > 0) == truth.bool()).all()


@torch.no_grad()
def test_of_a_video_it_is_that_of_the_best_window(video_logits, build, video):
    torch.manual_seed(0)
    model = build(patch_dim=16, tam_span=4)
    torch.nn.init.normal_(model.patches.present.decide[-1].weight)
    whole = video_logits(model, SharedCache(model, video), [SENTENCE]).presence
    pixels = np.stack([frame.rgb for frame in video.frames()])
    parts = []
    for first in range(0, 9, 2):
        cut = ArrayVideo(pixels[first : first + 4], video.fps)
        parts.append(video_logits(model, SharedCache(model, cut), [SENTENCE]).presence)
    torch.testing.assert_close(whole, torch.stack(parts).amax(0), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("sure", [8.0, -8.0])
def test_it_decides_whether_a_sentence_is_answered_or_refused(build, video, sure):
    model = build(patch_dim=16, gate=False, object_score=False, presence_threshold=0.02)
    torch.nn.init.constant_(model.patches.present.decide[-1].bias, sure)
    answer = model.segment(video, SENTENCE)
    assert (answer.presence > 0.02) == answer.found == bool(answer.moment) == (sure > 0)
    inside = [Moment.parse("0:5", video.times)]
    (grounding,) = model.groundings(video, [SENTENCE], inside)
    assert bool(grounding.moment) == (sure > 0)
    assert not grounding.moment - inside[0]
