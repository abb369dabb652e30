"""Candidates that are tracked, and those of them that are meant."""

import numpy as np
import pytest
import torch

import momentvos
from momentvos.data.world import render, scene
from momentvos.media.arrays import ArrayVideo
from momentvos.propagation import DecoderOptions
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.selection import MaskVote, Tracker, TrackSelection, run_together
from momentvos.selection.candidates import mask_components
from momentvos.text import ANY, Number


@pytest.fixture(scope="module")
def mini():
    return momentvos.load("tgl-mini")


class Counting(FeatureCache):
    """A feature cache that counts the frames requested."""

    requested = 0

    def __call__(self, frames):
        self.requested += len(frames)
        return super().__call__(frames)


def pointing(made, side):
    """Frames, labels, two objects, and logits: three frames of four point at the first object."""
    frames, ids = render(made, range(12), side)
    sizes = [(ids == k + 1).sum((1, 2)).min() for k in range(len(made.objects))]
    right, wrong = (int(k) + 1 for k in np.argsort(sizes)[::-1][:2])
    logits = {}
    for frame in range(2, 10):
        mask = ids[frame] == (wrong if frame % 4 == 3 else right)
        small = torch.from_numpy(mask).float()[None, None]
        small = torch.nn.functional.avg_pool2d(small, 4)[0, 0]
        logits[frame] = (small * 2 - 1) * 6
    return frames, ids, right, wrong, logits


class Truth:
    """An oracle selector, which has the object that is meant."""

    context = 0

    def __init__(self, ids, meant):
        self.ids, self.meant, self.frames = ids, meant, []

    def __call__(self, sentence, tracks, frames):
        assert sentence == "the dog" and list(frames) == list(range(2, 10))
        self.frames += [sorted(masks) for masks in tracks]
        return [
            {
                frame: 2.0 if (self.ids[frame][mask] == self.meant).mean() > 0.5 else -2.0
                for frame, mask in masks.items()
            }
            for masks in tracks
        ]

    def pool(self, log_odds):
        return float(np.mean(log_odds))


class GivenMasks:
    """Candidates from given mask logits."""

    presence = 1.0

    def __init__(self, cache, logits, radius=0):
        self.cache, self.logits, self.radius = cache, logits, radius

    def __call__(self, frames):
        assert list(frames) == sorted(self.logits)
        return mask_components(self.cache, self.logits, self.radius)


def selection(mini, cache, logits, selector=None, radius=0, number=ANY):
    candidates = GivenMasks(cache, logits, radius)
    tracker = Tracker(mini.sam, cache, DecoderOptions(), radius)
    chosen = selector or MaskVote(candidates)
    return TrackSelection("the dog", candidates, tracker, chosen, 4, 0.5, number)


def test_a_selector_outvotes_the_frames(mini):
    made, side = scene(3, "test"), mini.config.image_size
    frames, ids, _, wrong, logits = pointing(made, side)
    cache = FeatureCache(mini.sam, ArrayVideo(frames, made.fps), "pad")
    truth = Truth(ids, wrong)
    with torch.inference_mode():
        chosen = selection(mini, cache, logits, truth, 2, Number(1, 1))
        answer = list(chosen.run(sorted(logits), 12))
    assert len(truth.frames) == 2 and all(set(one) <= set(range(2, 10)) for one in truth.frames)
    assert {one.log_odds for one in answer if one.frame in logits} == {2.0}
    assert {one.log_odds for one in answer if one.frame not in logits} == {None}
    shares = [np.mean(ids[one.frame][(one.logits > 0).numpy()] == wrong) for one in answer]
    assert np.mean(shares) > 0.7


@pytest.mark.parametrize("radius", [0, 2])
def test_a_frame_that_points_at_another_is_outvoted(mini, radius):
    """Three frames of four point at one of two objects, the fourth at the other."""
    made, side = scene(3, "test"), mini.config.image_size
    frames, ids, right, wrong, logits = pointing(made, side)
    cache = Counting(mini.sam, ArrayVideo(frames, made.fps), "pad")
    with torch.inference_mode():
        answer = list(selection(mini, cache, logits, radius=radius).run(sorted(logits), 12))
    assert sorted(one.frame for one in answer) == list(range(12))
    assert cache.requested == 2 * 8 + 4, "both tracks where frames vote, one of them elsewhere"
    shares = []
    for one in answer:
        mask = (one.logits > 0).numpy()
        cell = 1 if radius else 4
        assert mask.shape == (side // cell, side // cell)
        inside = ids[one.frame][np.kron(mask, np.ones((cell, cell), bool))]
        shares.append((float(np.mean(inside == right)), float(np.mean(inside == wrong))))
    assert np.mean([share[0] for share in shares]) > 0.7
    assert np.mean([share[1] for share in shares]) < 0.1


def test_without_candidates_nothing_is_meant(mini):
    frames, _ = render(scene(3, "test"), range(4), 128)
    cache = FeatureCache(mini.sam, ArrayVideo(frames, 8.0), "pad")
    with torch.inference_mode():
        assert list(selection(mini, cache, {1: torch.full((48, 48), -5.0)}).run([1], 4)) == []


def test_tracks_of_several_sentences_go_in_step_and_the_same_one_goes_once(mini):
    """The third sentence points at what the first does, so that its tracks are known."""
    made, side = scene(3, "test"), mini.config.image_size
    frames, _, _, _, logits = pointing(made, side)
    other = dict.fromkeys(logits, logits[3])
    video = ArrayVideo(frames, made.fps)
    given = [logits, other, dict(logits)]

    def answers(chosen):
        cache = Counting(mini.sam, video, "pad")
        made = {row: [] for row in range(len(chosen))}
        selections = [selection(mini, cache, one, radius=2) for one in chosen]
        with torch.inference_mode():
            for part in run_together(selections, [sorted(one) for one in chosen], 12):
                for row, one in part:
                    made[row].append(one)
        return made, cache.requested

    together, requested = answers(given)
    for row, one in enumerate(given):
        alone, _ = answers([one])
        by_frame = [sorted(rows, key=lambda one: one.frame) for rows in (together[row], alone[0])]
        assert [one.frame for one in by_frame[0]] == [one.frame for one in by_frame[1]]
        for ours, theirs in zip(*by_frame, strict=True):
            torch.testing.assert_close(ours.logits, theirs.logits, atol=1e-3, rtol=1e-3)
            assert ours.confidence == pytest.approx(theirs.confidence, abs=1e-4)
    assert requested == answers(given[:2])[1], "what is the same is tracked once"
    assert {one.frame for one in together[2]} == {one.frame for one in together[0]}
