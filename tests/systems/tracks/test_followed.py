"""Tracks of one object that come together."""

import numpy as np
import pytest

from momentvos.selection.components import decode
from momentvos.systems.tracks.detectors import Detection
from momentvos.systems.tracks.followed import Followed


def square(x):
    mask = np.zeros((16, 48), dtype=bool)
    mask[4:12, x : x + 8] = True
    return mask


def track(number, keys, places):
    made = Followed(number)
    for key in keys:
        x = places[key]
        made.prompt(key, Detection((x, 4.0, x + 8.0, 12.0), {"dog": 0.5}, square(x)))
    for frame, x in places.items():
        made.put(frame, square(x), 0.9)
    return made


def test_the_nearer_keyframe_says_where_a_joined_object_is_and_whether():
    first = track(0, [0, 2], {frame: frame for frame in range(8)})
    second = track(1, [8], {frame: frame + 1 for frame in range(2, 10) if frame != 6})
    first.join(second)
    places = {
        frame: int(np.nonzero(decode(one.mask))[1].min()) for frame, one in first.frames.items()
    }
    assert places == {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 7: 8, 8: 9, 9: 10}
    assert list(first.frames) == sorted(first.frames)
    assert list(first.prompts) == [0, 2, 8]
    assert first.score() == pytest.approx(1.5)


def test_tracks_are_the_same_where_they_overlap_in_most_frames_of_either():
    first = track(0, [0], {frame: frame for frame in range(8)})
    assert first.same(track(1, [1], {frame: frame + 1 for frame in range(8)}))
    assert not first.same(track(1, [7], {frame: frame + 1 for frame in range(6, 20)}))
