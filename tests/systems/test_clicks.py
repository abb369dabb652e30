import numpy as np
import pytest

from momentvos.errors import ArgumentError, SentenceError
from momentvos.media.video import Video
from momentvos.moment import Moment
from momentvos.systems.click import Click, check_clicks
from momentvos.systems.clicks import METHOD, track


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
        ([Click(0, 1, 1), Click(2, 1, 1, object=False)], "frame 2"),
    ],
)
def test_clicks_that_mean_nothing_are_refused(clicks, says):
    with pytest.raises(ArgumentError, match=says):
        check_clicks(clicks, (48, 64), 7)


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
