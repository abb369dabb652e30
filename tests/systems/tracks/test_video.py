"""Frames that are looked at, cuts, keyframes, words, and masks in between."""

import numpy as np
import pytest

from momentvos.media.arrays import ArrayVideo
from momentvos.selection.components import encode
from momentvos.systems.tracks.detectors import Detection
from momentvos.systems.tracks.fill import Between, Shape, filled
from momentvos.systems.tracks.followed import Followed
from momentvos.systems.tracks.match import matches, near
from momentvos.systems.tracks.shots import cuts, keyframes
from momentvos.systems.tracks.view import VideoView
from momentvos.systems.tracks.words import RuleReader, singular


def video(length, fps=24.0):
    frames = np.zeros((length, 8, 8, 3), np.uint8)
    frames[:, 0, 0, 0] = np.arange(length) % 256
    return ArrayVideo(frames, fps)


def test_a_video_at_a_lower_rate_is_a_video():
    made = VideoView.at_rate(video(49), 6.0)
    assert made.frames_of == (*range(0, 48, 4), 48)
    assert [frame.rgb[0, 0, 0] for frame in made.frames()] == list(made.frames_of)
    assert [frame.rgb[0, 0, 0] for frame in made.read([2, 2, 5])] == [8, 8, 20]
    assert made.times[3] == pytest.approx(0.5)
    assert sum(made.durations) == pytest.approx(49 / 24)
    assert VideoView.at_rate(video(5, 3.0), 6.0).frames_of == (0, 1, 2, 3, 4)
    assert VideoView.at_rate(video(1), 6.0).frames_of == (0,)


def scenes(*colours, each=8, noise=0):
    rng = np.random.default_rng(0)
    frames = np.concatenate([np.full((each, 32, 32, 3), colour, np.uint8) for colour in colours])
    if noise:
        frames = frames + rng.integers(0, noise, frames.shape).astype(np.uint8)
    return ArrayVideo(frames, 8.0)


def test_cuts_are_where_colours_change_at_once():
    assert cuts(scenes((200, 20, 20), (20, 20, 200), (20, 200, 20), noise=20)) == [8, 16]
    assert cuts(scenes((200, 20, 20), noise=20)) == []
    assert cuts(scenes((200, 20, 20), each=1)) == []


def test_neither_a_flickering_picture_nor_a_slow_change_is_a_cut():
    flicker = np.zeros((24, 32, 32, 3), np.uint8)
    flicker[::2] = 255
    assert cuts(ArrayVideo(flicker, 8.0)) == []
    slow = np.repeat(np.arange(24) * 10, 32 * 32 * 3).reshape(24, 32, 32, 3).astype(np.uint8)
    assert len(cuts(ArrayVideo(slow, 8.0))) <= 1


def test_keyframes_begin_and_end_each_shot():
    clip = video(40, 8.0)
    assert keyframes(clip, 2.0, []) == [0, 16, 32]
    assert keyframes(clip, 2.0, [10]) == [0, 9, 10, 26, 39]
    assert keyframes(video(1), 2.0, []) == [0]


@pytest.mark.parametrize(
    ("sentence", "noun", "hypernym", "others"),
    [
        ("the dogs that jump", "dog", "animal", ()),
        ("find the two red Puppies", "puppy", "animal", ()),
        ("the man who follows the women", "man", "person", ("woman",)),
        ("the buses moving left", "bus", "vehicle", ()),
        ("it", "object", "", ()),
        ("what is moving", "object", "", ()),
        ("the grass", "grass", "", ()),
    ],
)
def test_words_name_what_a_detector_knows(sentence, noun, hypernym, others):
    words = RuleReader()(sentence)
    assert (words.noun, words.hypernym, words.references) == (noun, hypernym, others)
    assert words.attempts[-1] == "object"


def test_adjectives_of_place_do_not_show_in_a_picture():
    assert RuleReader()("the left red dog").adjectives == ("red",)


def test_singulars():
    plurals = ["boxes", "glasses", "sheep", "children", "wolves", "toys", "cherries", "dog", "bus"]
    singulars = ["box", "glasses", "sheep", "child", "wolf", "toy", "cherry", "dog", "bus"]
    assert [singular(one) for one in plurals] == singulars


def square(left, top, side, size=(40, 60)):
    mask = np.zeros(size, dtype=bool)
    mask[top : top + side, left : left + side] = True
    return mask


def test_detections_go_to_the_tracks_that_they_overlap():
    tracks = [encode(square(0, 0, 10)), None, encode(square(30, 0, 10))]
    found = [encode(square(31, 1, 10)), encode(square(1, 0, 10)), encode(square(0, 25, 10))]
    assert matches(tracks, found, 0.4, 0.6) == {0: 2, 1: 0}
    part = [encode(square(0, 0, 7))]
    assert matches(tracks, part, 0.6, 0.6) == {0: 0}
    assert matches(tracks, part, 0.6, 1.1) == {}
    assert matches([encode(square(0, 0, 30))], part, 0.4, 0.6) == {}
    assert matches([], found, 0.4, 0.6) == matches(tracks, [], 0.4, 0.6) == {}


def box(left, top, side, name="dog"):
    return Detection((left, top, left + side, top + side), {name: 0.9})


def test_lost_objects_are_found_near_where_they_were():
    lost = {0: box(0, 0, 10), 1: box(40, 0, 10)}
    assert near(lost, {5: box(36, 2, 11), 6: box(3, 3, 9)}) == {5: 1, 6: 0}
    assert near(lost, {5: box(0, 0, 30)}) == {}
    assert near(lost, {5: box(0, 0, 10, "cat")}) == {}
    assert near(lost, {5: box(200, 0, 10)}) == {}


def test_a_mask_moves_from_one_to_the_other():
    first, second = square(5, 5, 12), square(25, 15, 12)
    between = Between(Shape.of(first), Shape.of(second))
    middle = between(0.5)
    assert (middle == square(15, 10, 12)).mean() > 0.98
    assert (between(0.0) == first).all()
    assert (between(1.0) == second).all()
    small = Between(Shape.of(square(5, 5, 6)), Shape.of(square(5, 5, 18)))(0.5)
    assert 6**2 < small.sum() < 18**2


def test_a_mask_that_leaves_the_frame_stays_inside():
    edge = np.zeros((40, 60), dtype=bool)
    edge[10:30, 50:] = True
    assert Between(Shape.of(edge), Shape.of(edge))(0.5).tolist() == edge.tolist()


def test_frames_in_between_across_a_cut_take_the_nearer_mask():
    track = Followed(0)
    track.put(0, square(0, 0, 10), 0.9)
    track.put(1, square(40, 20, 10), 0.5)
    masks = {one.frame: one for one in filled(track, [0, 4, 8], 10, {1})}
    assert sorted(masks) == [0, 1, 2, 3, 4, 5]
    assert (masks[1].mask == square(0, 0, 10)).all()
    assert (masks[3].mask == square(40, 20, 10)).all()
    assert masks[5].confidence == 0.5
    smooth = {one.frame: one for one in filled(track, [0, 4, 8], 10, set())}
    assert (smooth[2].mask == square(20, 10, 10)).mean() > 0.98
    assert smooth[2].confidence == pytest.approx(0.7)


def test_behind_the_last_frame_tracked_its_mask_stays():
    track = Followed(0)
    track.put(1, square(0, 0, 10), 0.9)
    assert [one.frame for one in filled(track, [0, 4], 7, set())] == [2, 3, 4, 5, 6]


def test_tracks_of_one_object_are_one():
    one, other, far = Followed(0), Followed(1), Followed(2)
    for frame in range(4):
        one.put(frame, square(0, 0, 10), 0.9)
        other.put(frame, square(1, 0, 10), 0.9)
        far.put(frame, square(30, 0, 10), 0.9)
    assert one.same(other)
    assert not one.same(far)
    assert not Followed(3).same(one)
