"""CVAT's auto-annotation with a server that runs, by the types of CVAT's own package."""

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
pytest.importorskip("cvat_sdk", reason="cvat-sdk is not installed")
from cvat_sdk import auto_annotation as cvat
from cvat_sdk.auto_annotation.driver import _DetectionFunctionContextImpl as Context
from cvat_sdk.masks import decode_mask

from momentvos.errors import ArgumentError
from momentvos.media.video import Video
from momentvos.server.adapters.cvat import Detections, create
from momentvos.server.client import ServerError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def function(answering, clip):
    return create(str(clip), "the red square| a thing |the red square", answering.url)


@pytest.fixture(scope="module")
def pictures(clip):
    return [Image.fromarray(frame.rgb) for frame in Video.open(clip).frames()]


def detect(function, pictures, number, name="frame_{:06}.PNG", **how):
    return function.detect(Context(frame_name=name.format(number), **how), pictures[number])


def test_sentences_are_labels(function):
    assert isinstance(function.spec, cvat.DetectionFunctionSpec)
    assert [(one.name, one.id) for one in function.spec.labels] == [
        ("the red square", 0),
        ("a thing", 1),
    ]


def test_every_picture_has_the_masks_of_its_frame(function, pictures):
    seen = 0
    for number in range(6):
        shapes = detect(function, pictures, number)
        for shape in shapes:
            assert shape.type.value == "mask"
            truth = function._predictions[shape.label_id].masklet.get(number)
            made = decode_mask(shape.points, image_width=64, image_height=48)
            np.testing.assert_array_equal(made, truth)
            seen += 1
        empty = [one.masklet.rle(number) is None for one in function._predictions]
        assert len(shapes) == empty.count(False)
    assert seen


def test_polygons_where_cvat_asks_for_them(function, pictures):
    shapes = [
        one for k in range(6) for one in detect(function, pictures, k, conv_mask_to_poly=True)
    ]
    assert shapes
    for shape in shapes:
        assert shape.type.value == "polygon"
        assert len(shape.points) >= 6
        assert all(0 <= x <= 64 for x in shape.points[::2])


def test_thresholds_and_moments_leave_masks_out(function, pictures):
    assert not any(detect(function, pictures, k, conf_threshold=1.0) for k in range(6))
    alone = Detections(function._predictions, moment_only=True)
    for number in range(6):
        for shape in detect(alone, pictures, number):
            assert number in function._predictions[shape.label_id].moment


def test_names_may_count_from_another_number(function, pictures):
    later = Detections(function._predictions, first=100)
    for number in range(6):
        name = f"day-2/clip_{number + 100}_x.jpg"
        wanted = [one.points for one in detect(function, pictures, number)]
        assert [one.points for one in detect(later, pictures, number, name)] == wanted


@pytest.mark.parametrize(
    ("name", "says"),
    [("6.png", "frames 0 to 5"), ("a.png", "no number"), ("1.png", "another video")],
)
def test_pictures_of_something_else_are_refused(function, pictures, name, says):
    picture = pictures[0].resize((32, 24)) if name == "1.png" else pictures[0]
    with pytest.raises(ArgumentError, match=says):
        function.detect(Context(frame_name=name), picture)


def test_what_cannot_be_asked_is_one_sentence(answering, clip, tmp_path):
    with pytest.raises(ArgumentError, match="no sentence"):
        create(str(clip), " | ", answering.url)
    (tmp_path / "no.mp4").write_bytes(b"no video")
    with pytest.raises(ServerError) as refused:
        create(str(tmp_path / "no.mp4"), "a", answering.url)
    assert refused.value.status == 422
    with pytest.raises(ServerError, match="model"):
        create(str(clip), "a", answering.url, model="nobody")


@pytest.mark.parametrize("polygons", [False, True])
def test_cvats_own_driver_takes_what_is_found(function, pictures, polygons):
    import logging

    from cvat_sdk import models
    from cvat_sdk.auto_annotation.driver import _AnnotationMapper as Mapper

    labels = [
        models.Label(name=one.name, id=70 + one.id, attributes=[], sublabels=[], type="any")
        for one in function.spec.labels
    ]
    mapper = Mapper(
        logging.getLogger(),
        function.spec.labels,
        labels,
        allow_unmatched_labels=False,
        conv_mask_to_poly=polygons,
    )
    seen = 0
    for number in range(6):
        found = detect(function, pictures, number, conv_mask_to_poly=polygons)
        tags, shapes = mapper.validate_and_remap(found, number)
        assert tags == []
        assert {(one.frame, one.label_id in (70, 71)) for one in shapes} <= {(number, True)}
        seen += len(shapes)
    assert seen
