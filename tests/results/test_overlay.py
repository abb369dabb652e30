"""Overlay frames: the picture, the panel, and where the panel lies."""

import numpy as np
import pytest

from momentvos.errors import OutputError
from momentvos.masklet import Masklet
from momentvos.media.arrays import ArrayVideo
from momentvos.media.facts import VideoFacts
from momentvos.moment import Moment
from momentvos.results.overlay import Overlay
from momentvos.results.palette import PALETTE
from momentvos.results.prediction import Prediction
from momentvos.results.styles import STYLES


def predicted(size, sentence="the dog that jumps", found=True, length=20, spans=((5, 9),)):
    moment = Moment(spans) if found else Moment.empty()
    times = [frame / 10 for frame in range(length)]
    return Prediction(
        video=VideoFacts("clip.mp4", size[1], size[0], 10.0, length, length / 10),
        sentence=sentence,
        model="tgl-mini",
        found=found,
        presence=0.5,
        moment=moment,
        seconds=tuple(moment.seconds(times)),
        relevance=tuple(np.linspace(0, 1, length)),
        scores=(0.5,) * length,
        masklet=Masklet(size),
    )


def picture(size, level=100):
    return np.full((*size, 3), level, np.uint8)


def square(size, place=(40, 60), side=40):
    mask = np.zeros(size, bool)
    mask[place[0] : place[0] + side, place[1] : place[1] + side] = True
    return mask


SIZES = [
    (1, 1),
    (2, 2),
    (1, 400),
    (33, 31),
    (32, 32),
    (64, 64),
    (100, 2000),
    (240, 320),
    (720, 1280),
]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("found", [True, False])
def test_any_size(size, found):
    overlay = Overlay(predicted(size, "word " * 200, found))
    for index in (0, 5, 19):
        drawn = overlay.draw(picture(size), np.ones(size, bool), index)
        assert drawn.shape == (*overlay.size, 3) and drawn.dtype == np.uint8
        assert overlay.size[1] == size[1]


@pytest.mark.parametrize(
    "size", [(32, 32), (64, 64), (100, 2000), (240, 320), (256, 256), (360, 640)]
)
@pytest.mark.parametrize(
    "sentence", ["a dog", "x" * 300, "word " * 60, "跳ぶ犬", "собака, бегущая"]
)
def test_nothing_covers_a_small_picture(size, sentence):
    overlay = Overlay(predicted(size, sentence))
    assert overlay.size[0] > size[0]
    for index in (0, 7):
        drawn = overlay.draw(picture(size), np.zeros(size, bool), index)
        assert (drawn[: size[0]] == 100).all()


@pytest.mark.parametrize("size", [(480, 640), (720, 1280), (1920, 1080)])
def test_large_videos_keep_their_size_and_most_of_their_picture(size):
    overlay = Overlay(predicted(size, "word " * 60))
    assert overlay.size == size
    drawn = overlay.draw(picture(size), np.zeros(size, bool), 0)
    assert (drawn[: round(0.85 * size[0])] == 100).all()
    assert (drawn[-10:, :] != 100).any()


def test_the_frame_is_left_alone():
    frame = picture((240, 320))
    Overlay(predicted((240, 320))).draw(frame, square((240, 320)), 7)
    assert (frame == 100).all()


@pytest.mark.parametrize("style", STYLES)
def test_the_style_shows_inside_the_moment(style):
    size = (240, 320)
    overlay = Overlay(predicted(size), style)
    drawn = [overlay.draw(picture(size), square(size), index)[:240] for index in (7, 2)]
    assert (drawn[0] != drawn[1]).any()
    assert (drawn[1][150:] == 100).all()
    with pytest.raises(OutputError, match="no style"):
        Overlay(predicted(size), "glitter")


def test_the_panel_says_when():
    size = (240, 320)
    overlay, blank = Overlay(predicted(size)), np.zeros((240, 320), bool)
    panels = [overlay.draw(picture(size), blank, index)[240:] for index in range(20)]
    words = slice(0, panels[0].shape[0] // 2)
    assert panels[7][words].mean() > panels[2][words].mean()
    colour = np.array(overlay.colours[0])
    marked = np.flatnonzero((panels[19] == colour).all(-1).sum(0) >= 2)
    bar = marked[marked > 60]
    assert bar.min() == pytest.approx(320 * 5 / 20, abs=10)
    assert bar.max() == pytest.approx(320 * 10 / 20, abs=10)
    heads = [np.flatnonzero((panel[-12:] == 255).all(-1).any(0)).mean() for panel in panels]
    assert heads == sorted(heads) and heads[0] < 40 and heads[-1] > 280


def test_not_found_is_said():
    size, blank = (240, 320), np.zeros((240, 320), bool)
    one, two = (Overlay(predicted(size, found=found, spans=())) for found in (True, False))
    drawn = [overlay.draw(picture(size), blank, 0) for overlay in (one, two)]
    assert drawn[0].shape == drawn[1].shape and (drawn[0] != drawn[1]).any()


def test_without_a_caption_there_is_the_picture_alone():
    size = (240, 320)
    overlay = Overlay(predicted(size), caption=False)
    assert overlay.size == size
    drawn = overlay.draw(picture(size), square(size), 2)
    assert (drawn[150:] == 100).all() and (drawn[:100] != 100).any()


@pytest.mark.parametrize(("size", "most"), [((240, 320), 1.2), ((32, 32), 3), ((720, 1280), 0.6)])
def test_a_legend_of_eight_sentences(size, most):
    answers = [predicted(size, f"sentence {n} about a thing", spans=[(n, n + 5)]) for n in range(8)]
    overlay = Overlay(answers)
    assert size[0] < overlay.size[0] <= (1 + most) * size[0]
    assert set(overlay.colours) == set(PALETTE)
    masks = np.zeros((8, *size), bool)
    panel = overlay.draw(picture(size), masks, 0)[size[0] :]
    for colour in overlay.colours:
        assert (panel == np.array(colour)).all(-1).sum() >= 8


def test_very_many_sentences_are_counted():
    size = (240, 320)
    sizes = [Overlay([predicted(size)] * count).size[0] for count in (23, 24, 25, 200)]
    assert sizes[0] < sizes[1] < sizes[2] == sizes[3]
    drawn = Overlay([predicted(size)] * 25).draw(picture(size), np.zeros((25, *size), bool), 3)
    assert drawn.shape == (sizes[2], 320, 3)


def test_several_objects_have_contours_of_their_colours():
    size = (240, 320)
    overlay = Overlay([predicted(size), predicted(size, spans=[(12, 15)])], "contour")
    masks = [square(size, (40, 40)), square(size, (40, 200))]
    drawn = overlay.draw(picture(size), masks, 7)[:240]
    halves = (drawn[:, :160].astype(int), drawn[:, 160:].astype(int))
    for half, colour, other in zip(halves, overlay.colours, overlay.colours[::-1], strict=True):
        near = [np.abs(half - np.array(one)).sum(-1).min() for one in (colour, other)]
        assert near[0] < near[1]


def test_colours_are_chosen_from_the_video_and_stay():
    size = (120, 160)
    for colour in PALETTE:
        frames = np.full((20, *size, 3), 128, np.uint8)
        frames[:, 40:80, 60:100] = colour
        answer = predicted(size)
        for index in range(20):
            answer.masklet.set(index, square(size))
        overlay = Overlay(answer, video=ArrayVideo(frames, 10.0, "v"))
        assert overlay.colours != [colour]
        again = Overlay(answer, video=ArrayVideo(frames, 10.0, "v"))
        assert again.colours == overlay.colours


def test_predictions_about_different_videos_are_refused():
    with pytest.raises(ValueError, match="one video"):
        Overlay([predicted((240, 320)), predicted((120, 160))])
    with pytest.raises(ValueError, match="one video"):
        Overlay([])
