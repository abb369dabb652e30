"""What is known of a sentence before its answer is there."""

import numpy as np
import pytest

import momentvos
from momentvos.data.world import render, scene
from momentvos.media.video import Video
from momentvos.moment import Moment
from momentvos.systems.click import Click
from momentvos.systems.clicks import track

SENTENCES = ["a rabbit that is moving diagonally", "the shark"]


class Watched:
    """Everything that was shown, and the answers between: (row, moment, frames with a mask)."""

    def __init__(self):
        self.events = []
        self.masks = {}
        self.last = {}

    def __call__(self, partial):
        fresh = partial.masks.fresh()
        self.events.append((partial.row, partial.moment, fresh))
        self.last[partial.row] = partial
        for frame in fresh:
            self.masks.setdefault(partial.row, {})[frame] = partial.masks.masklet.rle(frame)

    def of(self, row):
        return [event for event in self.events if event[0] == row]


@pytest.fixture(scope="module")
def clip():
    made = scene(1, "test")
    frames, _ = render(made, range(8), 96)
    return Video.from_frames(np.ascontiguousarray(frames), fps=made.fps)


@pytest.fixture(scope="module")
def model():
    return momentvos.load("tgl-mini", device="cpu")


@pytest.mark.parametrize("selection", [None, False])
def test_the_moment_is_there_before_any_mask_and_masks_are_those_of_the_answer(
    model, clip, selection
):
    seen = Watched()
    moments = [Moment([(2, 5)]), None]
    made = list(model.segment_each(clip, SENTENCES, moments, selection=selection, watch=seen))
    first = seen.of(0)[0]
    assert first[1:] == (Moment([(2, 5)]), [])
    assert seen.last[0].moment == made[0].moment
    for row, prediction in enumerate(made):
        if prediction.found:
            assert len(seen.masks[row]) == len(clip)
            assert seen.masks[row] == {k: prediction.masklet.rle(k) for k in range(len(clip))}
    assert made[0].found
    # A mask of the first frames is shown long before the last one has come.
    assert sum(bool(fresh) for _, _, fresh in seen.of(0)) == len(clip)


def test_what_never_holds_is_not_shown(model, clip):
    seen = Watched()
    made = list(model.segment_each(clip, SENTENCES, [Moment.empty(), None], watch=seen))
    assert not made[0].found
    assert seen.of(0) == []


def test_being_watched_changes_nothing(model, clip):
    alone = list(model.segment_each(clip, SENTENCES[:1]))
    watched = list(model.segment_each(clip, SENTENCES[:1], watch=lambda partial: None))
    for one, other in zip(alone, watched, strict=True):
        assert one.to_json() == other.to_json()


def test_masks_from_clicks_come_one_by_one(tiny, clip):
    seen = Watched()
    clicks = [Click(3, 20, 20)]
    made = track(tiny(), clip, "the thing", clicks, Moment([(1, 4)]), watch=seen)
    assert seen.events[0][1:] == (Moment([(1, 4)]), [3])
    assert seen.masks[0] == {k: made.masklet.rle(k) for k in range(len(clip))}
