"""Detection, tracks and choice on a video: what is shared, what is given, what is nowhere."""

import numpy as np
import pytest

from momentvos.media.arrays import ArrayVideo
from momentvos.moment import Moment
from momentvos.systems.session import Grounded
from momentvos.systems.tracks.config import TracksConfig
from momentvos.systems.tracks.model import TracksModel
from momentvos.systems.tracks.parts import Parts
from momentvos.systems.tracks.words import RuleReader


class Known:
    """A selector that takes the object whose mask lies in the upper (or lower) half."""

    counts = True

    def __init__(self, odds=3.0, beside=None):
        self.odds, self.words, self.notes, self.context, self.frames = odds, None, ["noted"], 0, []
        self.beside, self.grounder_share = beside, 0.0 if beside is None else 0.75

    def open(self, video, trace, device):
        return self

    def __call__(self, sentence, tracks, frames):
        made = []
        for masks in tracks:
            self.frames.append(sorted(masks))
            upper = [np.nonzero(mask)[0].mean() < mask.shape[0] / 2 for mask in masks.values()]
            meant = (np.mean(upper) > 0.5) == ("upper" in sentence)
            made.append(dict.fromkeys(masks, self.odds if meant else -3.0))
        return made

    def pool(self, log_odds):
        return float(np.mean(log_odds))

    present = pool

    def relevance(self, sentence, tracks, frames):
        return None

    def ground(self, sentences):
        return [self.beside] * len(sentences)


def build(truth, tgl, selector=None, **options):
    options = {"keyframe_seconds": 1.0, "rate": 6.0} | options
    config = TracksConfig(tracker={"kind": "sam2", "single_mask": True}, **options)
    return TracksModel(config, Parts(RuleReader(), truth, tgl.sam, selector or Known()))


def overlap(answer, masks):
    scores = []
    for frame, true in enumerate(masks):
        mask = answer.masklet.get(frame)
        scores.append((mask & true).sum() / max((mask | true).sum(), 1))
    return float(np.mean(scores))


def test_each_sentence_gets_its_object_and_detection_is_shared(truth, tgl, clip, clip_arrays):
    model = build(truth, tgl)
    upper, lower = model.segment(clip, ["the upper square", "the lower square"])
    assert overlap(upper, clip_arrays[1] == 1) > 0.7
    assert overlap(lower, clip_arrays[1] == 2) > 0.7
    assert upper.moment == Moment.all(len(clip))
    assert upper.notes == ("noted",)
    assert truth.asked == [(3, ("square",))]  # of 12 frames at 6 a second, three keyframes


def test_a_given_moment_is_where_tracks_are_judged(truth, tgl, clip):
    selector = Known()
    model = build(truth, tgl, selector)
    answer = model.segment(clip, "the upper square", Moment([(4, 6)]))
    assert answer.moment == Moment([(4, 6)])
    assert all(set(frames) <= {4, 5, 6} for frames in selector.frames)
    assert not model.segment(clip, "the upper square", Moment.empty()).found


def test_below_the_threshold_nothing_is_found(truth, tgl, clip):
    assert not build(truth, tgl, Known(odds=-0.1)).segment(clip, "the upper square").found


def test_words_that_the_detector_does_not_know_give_way_to_wider_ones(tgl, clip, clip_arrays):
    from tests.systems.tracks.conftest import TruthDetector

    truth = TruthDetector(*clip_arrays, names={1: "animal", 2: "cat"})
    model = build(truth, tgl)
    upper, cat = model.segment(clip, ["the upper dog", "the lower cat"])
    assert [phrases for _, phrases in truth.asked] == [("dog", "cat"), ("animal",)]
    assert overlap(upper, clip_arrays[1] == 1) > 0.7
    assert overlap(cat, clip_arrays[1] == 2) > 0.7


def test_what_is_detected_nowhere_is_said(tgl, clip, clip_arrays):
    from tests.systems.tracks.conftest import TruthDetector

    truth = TruthDetector(*clip_arrays, names={1: "tree", 2: "tree"})
    answer = build(truth, tgl).segment(clip, "the upper dog")
    assert not answer.found
    assert answer.notes == ("no dog was detected in the video",)
    assert [phrases for _, phrases in truth.asked] == [("dog",), ("animal",), ("object",)]


def test_frames_between_those_tracked_are_filled(tgl, clip_arrays):
    from tests.systems.tracks.conftest import TruthDetector

    frames = np.repeat(clip_arrays[0], 3, axis=0)
    ids = np.repeat(clip_arrays[1], 3, axis=0)
    truth = TruthDetector(frames, ids)
    video = ArrayVideo(frames, 18.0)
    answer = build(truth, tgl).segment(video, "the upper square")
    assert len(answer.masklet) == len(video)
    assert sum(count for count, _ in truth.asked) == 3
    assert overlap(answer, ids == 1) > 0.6
    assert all(score > 0 for score in answer.scores)


def test_an_image_is_a_video_of_one_frame(truth, tgl, clip_arrays):
    answer = build(truth, tgl).segment(ArrayVideo(clip_arrays[0][:1], 24.0), "the upper square")
    assert answer.found
    assert overlap(answer, clip_arrays[1][:1] == 1) > 0.9


def test_only_when_is_asked(truth, tgl, clip):
    relevance, moment = build(truth, tgl).ground(clip, "the upper square")
    assert moment == Moment.all(len(clip))
    assert min(relevance) > 0.5


@pytest.mark.parametrize("most", [1, 2])
def test_at_most_so_many_objects_are_followed(truth, tgl, clip, most):
    selector = Known()
    build(truth, tgl, selector, max_tracks=most).segment(clip, "the upper square")
    assert len(selector.frames) == most


def test_sentences_that_mean_the_same_get_the_same_masks(tgl, clip_arrays):
    from tests.systems.tracks.conftest import TruthDetector

    frames, ids = (np.repeat(one, 3, axis=0) for one in clip_arrays)
    model = build(TruthDetector(frames, ids), tgl)
    video = ArrayVideo(frames, 18.0)
    alone = model.segment(video, "the upper square")
    several = model.segment(video, ["the upper square", "the lower square", "the upper square"])
    assert several[0].masklet == several[2].masklet == alone.masklet
    assert several[0].scores == several[2].scores == alone.scores
    assert several[1].masklet != alone.masklet


def test_an_object_that_a_keyframe_misses_is_followed_across_it(tgl, clip, clip_arrays):
    from tests.systems.tracks.conftest import TruthDetector

    frames, ids = clip_arrays
    partly = ids.copy()
    partly[6][partly[6] == 1] = 0  # of the keyframes 0, 6 and 11
    selector = Known()
    answer = build(TruthDetector(frames, partly), tgl, selector).segment(clip, "the upper square")
    assert overlap(answer, ids == 1) > 0.5
    assert len(selector.frames) == 2
    assert answer.masklet.get(6).any()


@pytest.mark.parametrize("missed", [range(6, 12), range(4, 32)])
def test_an_object_that_many_keyframes_miss_is_one(tgl, missed):
    from tests.systems.tracks.conftest import TruthDetector

    ids = np.zeros((40, 96, 128), dtype=np.uint8)
    for frame, row in enumerate(ids):
        row[10:34, 10 + 2 * frame : 34 + 2 * frame] = 1
        row[60:84, 90 - 2 * frame : 114 - 2 * frame] = 2
    frames = np.array([[60, 60, 60], [230, 40, 40], [40, 200, 40]], dtype=np.uint8)[ids]
    frames[:, 0, :, 0] = np.arange(40, dtype=np.uint8)[:, None]  # the detector knows them by it
    shown = ids.copy()
    shown[missed.start : missed.stop][ids[missed.start : missed.stop] == 1] = 0
    selector = Known()
    model = build(TruthDetector(frames, shown), tgl, selector, keyframe_seconds=0.3)
    answer = model.segment(ArrayVideo(frames, 6.0), "the upper square")
    assert len(selector.frames) == 2, "each of the two squares is one track"
    for part in (range(missed.start), range(missed.stop, 40)):
        known = [answer.masklet.get(frame) & (ids[frame] == 1) for frame in part]
        either = [answer.masklet.get(frame) | (ids[frame] == 1) for frame in part]
        assert np.sum(known) > 0.6 * np.sum(either)


def test_what_is_tracked_is_told_to_the_end(truth, tgl, clip):
    told = []
    build(truth, tgl).segment(clip, "the upper square", progress=lambda *one: told.append(one))
    for stage in ("tracking", "tracking to the ends"):
        assert [one[1:] for one in told if one[0] == stage][-1] == (len(clip), len(clip))


def test_a_grounder_beside_the_selector_has_its_share_in_when_and_whether(truth, tgl, clip):
    curve = tuple(1.0 if frame < 4 else 0.0 for frame in range(12))
    beside = Grounded(curve, presence=0.4)
    selector = Known(beside=beside)
    answer = build(truth, tgl, selector).segment(clip, ["the upper square"])[0]
    sure = 1 / (1 + np.exp(-3.0))
    mixed = [0.25 * sure + 0.75 * value for value in curve]
    assert answer.relevance == pytest.approx(mixed, abs=1e-5)
    assert answer.presence == pytest.approx(0.25 * sure + 0.75 * 0.4, abs=1e-5)
    assert answer.moment == Moment([(0, 3)])
    plain = build(truth, tgl, selector, moment={"kind": "scores"})
    answer = plain.segment(clip, ["the upper square"])[0]
    assert answer.relevance == pytest.approx([sure] * 12, abs=1e-5)
    given = build(truth, tgl, selector).segment(
        clip, ["the upper square"], moment=Moment([(6, 11)])
    )[0]
    assert given.moment == Moment([(6, 11)]), "a moment that is given stands"
