"""The trained selector of a bundled model as selector of tracks."""

import math

import numpy as np
import pytest
import torch

from momentvos.media.arrays import ArrayVideo
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.selection import TrajectorySelector
from momentvos.systems.tracks.selectors.trained import TrainedPart, lasting
from momentvos.systems.tracks.trace import Trace

SENTENCE = "the ball that moves to the right"


@pytest.fixture
def opened(tgl, clip):
    return TrainedPart(tgl).open(clip, Trace(None), torch.device("cpu"))


@pytest.fixture
def masks(clip_arrays):
    """The two squares, the first of them gone in the last four frames."""
    ids = clip_arrays[1]
    return [{k: ids[k] == 1 for k in range(8)}, {k: ids[k] == 2 for k in range(12)}]


@torch.inference_mode()
def test_frames_that_are_no_square_are_read_as_they_lie_in_the_models_square(
    tgl, clip, opened, masks
):
    scores = opened(SENTENCE, masks, range(len(clip)))
    squares = [
        {frame: np.pad(mask, ((0, 32), (0, 0))) for frame, mask in one.items()} for one in masks
    ]
    cache = FeatureCache(tgl.sam, clip, "pad", tgl.config.image_resizer)
    expected = TrajectorySelector(tgl, cache)(SENTENCE, squares, range(len(clip)))
    for one, other in zip(scores, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-4)
    assert list(scores[0]) == list(range(8))
    assert all(math.isfinite(odds) for one in scores for odds in one.values())


@torch.inference_mode()
def test_a_fast_video_is_scored_at_the_rate_of_training(tgl, clip_arrays, masks):
    frames = ArrayVideo(clip_arrays[0], 8.0)
    twice = ArrayVideo(clip_arrays[0].repeat(2, 0), 16.0)
    part = TrainedPart(tgl)
    slow = part.open(frames, Trace(None), torch.device("cpu"))(SENTENCE, masks, range(12))
    doubled = [{2 * k + n: mask for k, mask in one.items() for n in range(2)} for one in masks]
    fast = part.open(twice, Trace(None), torch.device("cpu"))(SENTENCE, doubled, range(24))
    for one, other in zip(slow, fast, strict=True):
        assert [other[2 * frame] for frame in one] == pytest.approx(list(one.values()), abs=0.05)


@torch.inference_mode()
def test_the_models_own_grounder_has_the_share_that_its_selection_gives_it(tgl, clip):
    assert TrainedPart(tgl).model.config.selection.grounder_share == 0.5
    opened = TrainedPart(tgl).open(clip, Trace(None), torch.device("cpu"))
    (grounded,) = opened.ground([SENTENCE])
    relevance, _ = tgl.ground(clip, SENTENCE, selection=False)
    assert grounded.relevance == pytest.approx(relevance, abs=1e-5)
    assert opened.grounder_share == 0.5
    assert 0 <= grounded.presence <= 1


def test_the_most_certain_frame_says_that_a_target_is_there_and_all_say_which(opened):
    assert opened.present([-3.0, 2.0, -1.0]) == 2.0
    assert opened.pool([1.0, 1.0]) == pytest.approx(1.0)
    assert -3.0 < opened.pool([-3.0, 2.0]) < 2.0


@torch.inference_mode()
def test_what_is_traced_names_each_track(tgl, clip, masks, tmp_path):
    trace = Trace(tmp_path / "why")
    opened = TrainedPart(tgl).open(clip, trace, torch.device("cpu"))
    scores = opened(SENTENCE, masks, range(len(clip)))
    page = (tmp_path / "why" / "index.html").read_text()
    for number, odds in enumerate(scores, start=1):
        assert f"object {number}: largest log-odds {max(odds.values()):+.1f}" in page


def test_a_piece_of_a_track_does_not_win_over_all_of_it():
    whole = {frame: 3.0 if frame < 8 else -3.0 for frame in range(32)}
    piece = dict.fromkeys((5, 6), 3.5)
    late = dict.fromkeys(range(20, 32), -1.0) | {31: 1.0}
    assert lasting([piece, whole, late]) == [{}, whole, {}]
    assert lasting([piece]) == [piece]
    never = dict.fromkeys(range(4), -2.0)
    assert lasting([never, {}]) == [never, {}], "where it never holds nothing is left out"
