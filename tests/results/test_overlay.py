import numpy as np
import pytest
from PIL import ImageFont

from momentvos.masklet import Masklet
from momentvos.media.facts import VideoFacts
from momentvos.moment import Moment
from momentvos.results.caption import font_for, wrap
from momentvos.results.overlay import ACCENT, Overlay
from momentvos.results.prediction import Prediction


def predicted(size, sentence="the dog that jumps", found=True, length=20):
    moment = Moment([(5, 9)]) if found else Moment.empty()
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


def picture(size):
    return np.full((*size, 3), 100, np.uint8)


@pytest.mark.parametrize(
    "size", [(1, 1), (2, 2), (1, 400), (33, 31), (64, 64), (97, 2000), (240, 320), (1080, 1920)]
)
@pytest.mark.parametrize("found", [True, False])
def test_any_size(size, found):
    overlay = Overlay(predicted(size, "word " * 2000, found))
    for index in (0, 5, 19):
        drawn = overlay.draw(picture(size), np.ones(size, bool), index)
        assert drawn.shape == (*size, 3) and drawn.dtype == np.uint8


def test_the_frame_is_left_alone_and_the_mask_coloured():
    size = (240, 320)
    frame, mask = picture(size), np.zeros(size, bool)
    mask[100:140, 100:160] = True
    drawn = Overlay(predicted(size)).draw(frame, mask, 7)
    assert (frame == 100).all()
    assert np.array_equal(drawn[70:90], frame[70:90])
    inside = drawn[120, 130].astype(int)
    assert np.abs(inside - 100 - (np.array(ACCENT) - 100) * 0.45).max() <= 1
    assert (drawn[100, 130] != drawn[120, 130]).any()


def test_the_moment_shows():
    size = (240, 320)
    overlay, mask = Overlay(predicted(size)), np.zeros((240, 320), bool)
    mask[100:140, 100:160] = True
    within, without = (overlay.draw(picture(size), mask, index) for index in (7, 2))
    assert within[5, 0].tolist() == list(ACCENT) != without[5, 0].tolist()
    assert (
        abs(within[120, 130].astype(int) - 100).sum()
        > abs(without[120, 130].astype(int) - 100).sum()
    )
    heads = []
    for index in range(20):
        drawn = overlay.draw(picture(size), np.zeros(size, bool), index)
        heads.append(np.flatnonzero((drawn[-12:] == 255).all(-1).any(0)).mean())
    assert heads == sorted(heads) and heads[0] < 40 and heads[-1] > 280


def test_not_found_is_said():
    size = (240, 320)
    one = Overlay(predicted(size)).draw(picture(size), np.zeros(size, bool), 0)
    two = Overlay(predicted(size, found=False)).draw(picture(size), np.zeros(size, bool), 0)
    caption = slice(0, 60)
    assert (one[caption] != two[caption]).any()


FONT = ImageFont.load_default(12)


@pytest.mark.parametrize(
    "text", ["", "a", "the dog that jumps", "x" * 300, "word " * 500, "短い犬 walks", "ab " * 30]
)
@pytest.mark.parametrize("most", [1, 2, 3])
def test_lines_fit(text, most):
    lines = wrap(text, FONT, 120, most)
    assert 1 <= len(lines) <= most
    assert all(FONT.getlength(line) <= 120 for line in lines)
    said = "".join(lines).replace(" ", "")
    whole = text.replace(" ", "")
    assert said == whole or (said.endswith("…") and whole.startswith(said[:-1]))


def test_a_font_for_every_script():
    for text in ("plain", "“quoted” – dash", "Straße", "跳ぶ犬", "собака"):
        assert font_for(text, 12).getlength(text) > 0
