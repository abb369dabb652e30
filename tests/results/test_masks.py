"""A prediction as programs and notebooks use it."""

import pickle
import re
from dataclasses import replace

import numpy as np
import pytest

from momentvos.errors import ArgumentError, ExtraError, MomentVOSError, OutputError
from momentvos.masklet import Masklet
from momentvos.media import Video
from momentvos.moment import Moment
from momentvos.results.prediction import Prediction

TALL, WIDE, LONG = 48, 64, 6


@pytest.fixture
def truth():
    masks = np.zeros((LONG, TALL, WIDE), bool)
    masks[1, 10:20, 5:30] = True
    masks[2, 47, 63] = True
    masks[4, :, :] = True
    return masks


@pytest.fixture
def prediction(truth):
    rgb = np.random.default_rng(0).integers(0, 256, (LONG, TALL, WIDE, 3), dtype=np.uint8)
    video = Video.from_frames(rgb, 2.0, "camera 1")
    masklet = Masklet((TALL, WIDE))
    for frame, mask in enumerate(truth):
        masklet.set(frame, mask)
    return Prediction(
        video=video.facts,
        sentence='the <b>dog</b> & "the cat"',
        model="tgl-mini",
        found=True,
        presence=0.9,
        moment=Moment([(1, 2)]),
        seconds=((0.5, 1.5),),
        relevance=(0.1, 0.9, 0.8, 0.2, 0.1, 0.1),
        scores=(0.0, 0.7, 0.6, 0.0, 0.5, 0.0),
        masklet=masklet,
        notes=("<script>alert(1)</script>",),
        source=video,
    )


def test_masks_are_as_a_list(prediction, truth):
    masks = prediction.masks
    assert len(masks) == LONG and masks[1].dtype == bool
    assert np.array_equal(np.stack(list(masks)), truth)
    assert np.array_equal(masks[-2], truth[-2])
    assert np.array_equal(masks[np.int64(4)], truth[4])
    assert np.array_equal(masks[1:5:2], truth[1:5:2]) and masks[4:2].shape == (0, TALL, WIDE)
    assert np.array_equal(masks.array(), truth) and np.array_equal(np.asarray(masks), truth)
    assert np.array_equal(prediction.array(), truth)
    assert masks.areas() == [0, 250, 1, 0, TALL * WIDE, 0]


@pytest.mark.parametrize("index", [LONG, -LONG - 1, 10**30, "1", 1.0, None, [1], slice("a", "b")])
def test_a_frame_outside_is_an_index_error_of_ours(prediction, index):
    with pytest.raises(IndexError) as caught:
        prediction.masks[index]
    assert isinstance(caught.value, MomentVOSError)


def test_boxes_are_whole_pixels_around_the_mask(prediction, truth):
    boxes = prediction.boxes()
    assert boxes == [None, (5, 10, 30, 20), (63, 47, 64, 48), None, (0, 0, WIDE, TALL), None]
    for box, mask in zip(boxes, truth, strict=True):
        if box is not None:
            left, top, right, bottom = box
            assert mask[top:bottom, left:right].sum() == mask.sum()
            assert all(type(side) is int for side in box)


def test_an_array_has_a_limit_of_memory(prediction):
    with pytest.raises(ArgumentError, match="slice"):
        prediction.masks.array(most=LONG * TALL * WIDE - 1)
    assert prediction.masks.array(most=LONG * TALL * WIDE).shape == (LONG, TALL, WIDE)


def test_a_row_a_frame(prediction):
    pytest.importorskip("pandas")
    table = prediction.to_dataframe()
    assert table.index.name == "frame" and len(table) == LONG
    assert list(table["second"]) == [0, 0.5, 1, 1.5, 2, 2.5]
    assert list(table["in_moment"]) == [False, True, True, False, False, False]
    assert list(table["area"]) == prediction.masks.areas()
    assert table["left"].isna().sum() == 3 and int(table["right"][1]) == 30
    assert list(table[table["in_moment"]]["relevance"]) == [0.9, 0.8]


def test_detections_as_supervision_has_them(prediction, truth):
    sv = pytest.importorskip("supervision")
    found = prediction.to_supervision()
    assert [len(one) for one in found] == [0, 1, 1, 0, 1, 0]
    assert found[1].xyxy.tolist() == [[5, 10, 30, 20]]
    assert np.array_equal(found[1].mask[0], truth[1])
    assert found[1].confidence[0] == pytest.approx(0.7)
    assert found[1].data["class_name"].tolist() == [prediction.sentence]
    picture = np.zeros((TALL, WIDE, 3), np.uint8)
    drawn = sv.MaskAnnotator().annotate(picture.copy(), found[1])
    assert (drawn.any(-1) == truth[1]).all()


@pytest.mark.parametrize(
    ("name", "method"), [("pandas", "to_dataframe"), ("supervision", "to_supervision")]
)
def test_a_missing_extra_is_named(prediction, monkeypatch, name, method):
    monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(ExtraError, match=r"pip install 'momentvos\[notebook\]'"):
        getattr(prediction, method)()


def test_the_figure_has_frames_and_a_timeline(prediction, tmp_path):
    figure = prediction.plot()
    assert len(figure.axes) == LONG + 1
    assert figure._repr_png_().startswith(b"\x89PNG")
    figure.savefig(tmp_path / "answer.png")
    assert (tmp_path / "answer.png").stat().st_size > 10_000
    assert len(prediction.plot(2).axes) == 3
    gone = replace(prediction, source=None)
    assert len(gone.plot().axes) == 1
    for count in (0, 65, None, "3", 2.0, True):
        with pytest.raises(ArgumentError, match="1 to 64"):
            prediction.plot(count)


def test_without_a_window_show_names_the_way_out(prediction):
    with pytest.raises(OutputError, match="savefig"):
        prediction.show()


def test_html_is_escaped_and_needs_nothing_else(prediction):
    html = prediction._repr_html_()
    assert "the &lt;b&gt;dog&lt;/b&gt; &amp; &quot;the cat&quot;" in html
    assert "<script" not in html and "<b>dog" not in html
    assert html.count("data:image/jpeg;base64,") == LONG
    assert html.count("data:image/png;base64,") == 1
    assert not re.search(r"(src|href)=.(?!data:)", html)
    assert len(html) < 300_000
    assert "data:image/jpeg" not in replace(prediction, source=None)._repr_html_()


def test_reprs_are_one_short_line(prediction):
    many = Moment([(3 * k, 3 * k + 1) for k in range(2000)])
    long = replace(prediction, sentence="word " * 200)
    for one in (prediction, long, prediction.masks, prediction.masklet, prediction.source, many):
        assert "\n" not in repr(one) and len(repr(one)) < 250
    assert repr(Moment([(3, 5)])) == "Moment([[3, 5]])"
    assert "found (presence 0.90), 0.50-1.50 s" in repr(prediction)


def test_what_is_stored_does_not_hold_the_video(prediction, tmp_path):
    again = pickle.loads(pickle.dumps(prediction))
    assert again == prediction and again.source is None
    assert "source" not in prediction.to_json()


def test_frames_in_memory_have_an_overlay(prediction, tmp_path):
    prediction.save(tmp_path / "out")
    assert len(Video.open(tmp_path / "out" / "overlay.mp4")) == LONG
    loaded = Prediction.load(tmp_path / "out")
    assert loaded == prediction and loaded.times == prediction.times
    loaded.save(tmp_path / "again", video=prediction.source)
    assert (tmp_path / "again" / "overlay.mp4").exists()
