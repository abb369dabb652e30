import numpy as np
import pytest

import momentvos
from momentvos.data.world import render, scene
from momentvos.errors import ArgumentError, SentenceError
from momentvos.media.video import Video
from momentvos.moment import Moment
from momentvos.systems.click import Click, check_clicks
from momentvos.systems.clicks import METHOD, NOTE, choose, track


@pytest.fixture(scope="module")
def model(tiny):
    return tiny()


@pytest.fixture(scope="module")
def clip():
    frames = np.random.default_rng(0).integers(0, 255, (7, 48, 64, 3)).astype(np.uint8)
    return Video.from_frames(frames, fps=8)


@pytest.mark.parametrize(
    ("clicks", "says"),
    [
        ([], "1 to 32 frames"),
        ([Click(7, 1, 1)], "0 to 6"),
        ([Click(-1, 1, 1)], "0 to 6"),
        ([Click(0, 64, 1)], "outside"),
        ([Click(0, 1, 48)], "outside"),
        ([Click(0, float("nan"), 1)], "outside"),
    ],
)
def test_clicks_that_mean_nothing_are_refused(clicks, says):
    with pytest.raises(ArgumentError, match=says):
        check_clicks(clicks, (48, 64), 7)


def test_points_alone_need_one_on_the_object_in_each_frame(model, clip):
    clicks = [Click(0, 1, 1), Click(2, 1, 1, object=False)]
    for answer in (track, choose):  # this model has no tracks to choose among
        with pytest.raises(ArgumentError, match="In frame 2"):
            answer(model, clip, "the thing", clicks)


def test_every_frame_is_tracked_both_ways_from_the_clicks(model, clip):
    stages = []
    clicks = [Click(3, 20, 20), Click(3, 40, 40, object=False), Click(5, 22, 20)]
    made = track(model, clip, "the thing", clicks, progress=lambda *one: stages.append(one))
    assert stages[-1] == ("tracking", 7, 7)
    assert made.method == METHOD
    assert len(made.scores) == 7
    seen = [bool(mask.any()) for mask in made.masks]
    assert made.found == any(seen)
    assert set(made.moment.frames()) <= {frame for frame, there in enumerate(seen) if there}
    again = track(model, clip, "the thing", clicks)
    assert again.masklet == made.masklet


def test_more_clicks_change_the_mask_and_a_given_moment_stays(model, clip):
    one = track(model, clip, "the thing", [Click(3, 20, 20)], Moment([(1, 2)]))
    other = track(model, clip, "the thing", [Click(3, 50, 40)])
    assert one.masklet != other.masklet
    assert one.moment == (Moment([(1, 2)]) if one.found else Moment.empty())
    assert not model.training


def test_a_clicked_object_needs_a_name(model, clip):
    with pytest.raises(SentenceError):
        track(model, clip, " ", [Click(3, 20, 20)])


def test_a_click_chooses_among_tracks_and_another_one_says_not_this():
    """The bundled model on a scene of three hamburgers, of which it takes one."""
    made = scene(3, "test")
    frames, ids = (np.asarray(one) for one in render(made, range(6), 128))
    video = Video.from_frames(frames, made.fps)
    model = momentvos.load("tgl-mini", "cpu")

    def meant(prediction):
        """The object that the masks cover most, over all frames."""
        shown = np.concatenate([ids[k][mask] for k, mask in enumerate(prediction.masks)])
        return int(np.bincount(shown[shown > 0]).argmax())

    def at(number, wanted):
        rows, columns = np.nonzero(ids[4] == number)
        return Click(4, float(columns[len(rows) // 2]), float(rows[len(rows) // 2]), wanted)

    first = meant(model.segment(video, "the hamburger"))
    others = [number for number in (1, 2, 3) if number != first]
    right = choose(model, video, "the hamburger", [at(others[0], True)], Moment([(2, 5)]))
    assert meant(right) == others[0]
    assert (right.moment, right.presence) == (Moment([(2, 5)]), 1.0)
    assert NOTE in right.notes
    other = choose(model, video, "the hamburger", [at(first, False)])
    assert meant(other) in others
    none = choose(model, video, "the hamburger", [at(number, False) for number in (1, 2, 3)])
    assert not none.found
    assert none.moment == Moment.empty()
    assert not any(mask.any() for mask in none.masks)
