"""Track selection window by window."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentvos.selection.components import Component, encode, link
from momentvos.selection.selection import TrackSelection, windows
from momentvos.selection.tracks import Track


@given(st.sets(st.integers(0, 299), min_size=1), st.integers(0, 99))
def test_every_frame_belongs_to_the_chosen_ones_that_are_nearest(chosen, rest):
    length = max(chosen) + 1 + rest
    parts = list(windows(sorted(chosen), length, 20))
    assert [frame for here, _ in parts for frame in here] == sorted(chosen)
    assert [frame for _, frames in parts for frame in frames] == list(range(length))
    for here, frames in parts:
        assert here[-1] - here[0] < 20
        for frame in frames:
            nearest = min(abs(frame - other) for other in chosen)
            assert min(abs(frame - other) for other in here) == nearest


def test_relevance_is_that_of_the_tracks_and_no_larger_elsewhere():
    selection = TrackSelection("the dog", None, None, None)
    assert selection.relevance([0.5, 0.2]) == [0.0, 0.0]
    selection.scores = {1: 0.0, 2: -math.inf, 3: -1000.0}
    found = selection.relevance([1.0, 1.0, 1.0, 1.0, 0.4])
    assert found[:2] == [0.5, 0.5] and found[4] == pytest.approx(0.2)
    assert found[2] == found[3] == pytest.approx(0.0, abs=1e-6)


class Painted:
    """A tracker that takes a component for a part of the 8 x 8 block that it lies in.

    Attributes:
        walked: how many chains were tracked at once, each time.
    """

    def __init__(self):
        self.walked = []

    def track(self, wanted):
        self.walked.append(len(wanted))
        self.tracks = []
        for one in wanted:
            top, left = (int(axis[0]) // 8 * 8 for axis in np.nonzero(one.chain[0].pixels()))
            block = np.zeros((16, 32), dtype=bool)
            block[top : top + 8, left : left + 8] = True
            self.tracks.append(Track(one.chain, masks=dict.fromkeys(one.near, encode(block))))
        return self


class Blind:
    context = 0


@st.composite
def parts(draw):
    """Components, each a half or a whole of one of eight blocks, in some of six frames."""
    made = []
    for block in draw(st.lists(st.integers(0, 7), min_size=1, max_size=8, unique=True)):
        for rows in draw(st.sampled_from([(slice(0, 8),), (slice(0, 3), slice(5, 8))])):
            sure = draw(st.floats(0.1, 1))
            for frame in draw(st.sets(st.integers(0, 5), min_size=1)):
                mask = np.zeros((16, 32), dtype=bool)
                corner = mask[block // 4 * 8 :, block % 4 * 8 :]
                corner[rows, :8] = True
                made.append(Component(frame, encode(mask), int(mask.sum()), sure))
    return sorted(made, key=lambda one: one.frame)


@given(parts(), st.integers(1, 6))
def test_chains_are_tracked_in_their_order_unless_an_earlier_track_covers_them(found, most):
    """Whatever is walked at once."""
    tracker = Painted()
    selection = TrackSelection("the dog", lambda frames: found, tracker, Blind(), most)
    tracks, _, _ = selection.tracks(range(6), range(6))
    wanted = []
    for chain in link(found):
        walked = Painted().track([type("Way", (), {"chain": chain, "near": range(6)})]).tracks[0]
        if len(wanted) < most and not any(track.covers(chain) for track in wanted):
            wanted.append(walked)
    assert [list(one.anchors) for one in tracks] == [list(one.anchors) for one in wanted]
    assert tracker.walked[0] == 1 and sum(tracker.walked) <= 2 * len(tracks)
