"""Data sets and annotations: each read by its own tool's library, or by this package's readers."""

import base64
import importlib
import io
import json
import re
import zlib
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import supervision
from cvat_sdk.masks import decode_mask
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from tests.results.export.conftest import LENGTH, NASTY, SIZE, disc

from momentvos.data import formats
from momentvos.errors import OutputError
from momentvos.media import Video
from momentvos.results.export import Options, export
from momentvos.results.export.brush import brush_rle
from momentvos.results.export.outline import outline

ONE_LINE = " ".join(NASTY.split())


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_coco_by_pycocotools(several, tmp_path):
    (path,) = export(several, "coco", tmp_path / "c.json").paths
    coco = COCO(str(path))
    assert [one["name"] for one in coco.dataset["videos"]] == ["clip", "other-clip"]
    assert len(coco.imgs) == LENGTH + 5
    assert [one["name"] for one in coco.loadCats([1, 2, 3])] == ["the disc", ONE_LINE, "the cat"]
    (image,) = [one for one in coco.imgs.values() if one["file_name"] == "clip/00003.jpg"]
    (annotation,) = coco.loadAnns(coco.getAnnIds(image["id"]))
    mask = several[0].masklet.get(3)
    assert np.array_equal(coco.annToMask(annotation), mask)
    assert annotation["area"] == mask.sum() and annotation["in_moment"] is True
    assert annotation["bbox"] == list(coco_mask.toBbox(several[0].masklet.rle(3)))
    assert not coco.getAnnIds(catIds=[3]), "what is not found has no annotation"
    assert {one["track_id"] for one in coco.anns.values()} == {1, 2, 4}
    assert {one["video_id"] for one in coco.anns.values()} == {1, 2}


def test_coco_with_frames_by_supervision(prediction, video, tmp_path):
    options = Options(images=True, moment_only=True)
    export(prediction, "coco", tmp_path / "c.json", options)
    data = supervision.DetectionDataset.from_coco(
        str(tmp_path), str(tmp_path / "c.json"), force_masks=True
    )
    assert data.classes == ["the disc"] and len(data) == LENGTH
    frames = {frame.index: frame.rgb for frame in video.frames()}
    for path, picture, found in data:
        index = int(path[-9:-4])
        assert np.abs(picture[..., ::-1].astype(int) - frames[index]).mean() < 6
        inside = index in prediction.moment
        assert len(found) == int(inside)
        if inside:
            assert np.array_equal(np.asarray(found.mask)[0], prediction.masklet.get(index))


def test_ytvis(several, tmp_path):
    (path,) = export(several, "ytvis", tmp_path / "y.json").paths
    data = read(path)
    assert [len(one["file_names"]) for one in data["videos"]] == [LENGTH, 5]
    assert [one["video_id"] for one in data["annotations"]] == [1, 1, 2]
    first = data["annotations"][0]
    assert first["moment"] == [[2, 5]] and first["expression"] == "the disc"
    lengths = {len(first[key]) for key in ("segmentations", "bboxes", "areas")}
    assert lengths == {LENGTH}
    for frame, rle in enumerate(first["segmentations"]):
        mask = several[0].masklet.get(frame)
        assert (rle is None) == (not mask.any())
        if rle is not None:
            assert np.array_equal(coco_mask.decode(rle), mask)
            assert first["areas"][frame] == mask.sum()


@pytest.mark.parametrize("images", [False, True])
def test_mevis_is_read_back(several, tmp_path, images):
    export(several, "mevis", tmp_path / "m", Options(images=images))
    samples = formats.open("mevis", tmp_path / "m")
    assert [(one.video_id, one.expression_id, one.sentence) for one in samples] == [
        ("clip", "0", "the disc"),
        ("clip", "1", NASTY),
        ("clip", "2", "the cat"),
        ("other-clip", "0", "the disc"),
    ]
    for sample, one in zip(samples, several, strict=True):
        assert sample.annotated and sample.timed and sample.moment == one.moment
        for frame in range(sample.length if sample.targets else 0):
            assert sample.rle(frame) == one.masklet.rle(frame)
    assert samples[2].kind == "none" and not samples[2].targets
    if images:
        frame = next(Video.open(several[0].video.path).read([4])).rgb
        assert np.abs(samples[0].frames([4])[0].astype(int) - frame).mean() < 6


def test_davis_is_read_back(several, tmp_path):
    export(several, "davis", tmp_path / "d", Options(images=True))
    samples = formats.open("ref-davis17", tmp_path / "d")
    assert [one.sentence for one in samples] == ["the disc", NASTY, "the cat", "the disc"]
    for sample, one in zip(samples, several, strict=True):
        masks = sample.masks(range(sample.length))[0]
        for frame in range(sample.length):
            assert np.array_equal(masks[frame], one.masklet.get(frame))
    picture = Image.open(tmp_path / "d" / "valid" / "Annotations" / "clip" / "00003.png")
    assert picture.mode == "P" and picture.getpalette()[:9] == [0, 0, 0, 128, 0, 0, 0, 128, 0]


def test_davis_where_objects_overlap(make, video, tmp_path):
    small, large = disc(1), np.ones(SIZE, bool)
    ones = [make(video, "a", masks={0: small}), make(video, "b", masks={0: large})]
    export(ones, "davis", tmp_path / "d")
    labels = np.asarray(Image.open(tmp_path / "d/valid/Annotations/clip/00000.png"))
    assert np.array_equal(labels, np.where(small, 1, 2))
    many = [make(video, str(number)) for number in range(255)]
    with pytest.raises(OutputError, match="holds at most 254 objects"):
        export(many, "davis", tmp_path / "e")
    assert not (tmp_path / "e").exists()


def test_cvat_masks(several, tmp_path):
    one = several[0]
    export(several[:3], "cvat", tmp_path / "c.xml")
    root = ET.parse(tmp_path / "c.xml").getroot()
    assert root.findtext("version") == "1.1"
    task = root.find("meta/task")
    assert task.findtext("size") == str(LENGTH) and task.findtext("mode") == "interpolation"
    names = [label.findtext("name") for label in task.iter("label")]
    assert names == ["the disc", ONE_LINE, "the cat"]
    assert [entry["name"] for entry in read(tmp_path / "c_labels.json")] == names
    seen = []
    for track in root.iter("track"):
        shapes = list(track)
        mask = shapes[0].attrib
        assert track.attrib["label"] in names and mask["outside"] == "0"
        assert all(shape.attrib["outside"] == "1" for shape in shapes[1:])
        if track.attrib["label"] != "the disc":
            continue
        left, top, width, height = (int(mask[key]) for key in ("left", "top", "width", "height"))
        points = [int(count) for count in mask["rle"].split(",")]
        corners = [left, top, left + width - 1, top + height - 1]
        decoded = decode_mask([*points, *corners], image_width=SIZE[1], image_height=SIZE[0])
        frame = int(mask["frame"])
        assert np.array_equal(decoded, one.masklet.get(frame))
        assert shapes[0].findtext("attribute") == str(frame in one.moment).lower()
        seen.append(frame)
    assert seen == one.masklet.frames()


@pytest.mark.parametrize("shape", ["box", "polygon"])
def test_cvat_tracks(make, video, tmp_path, shape):
    masks = {frame: disc(frame) for frame in (0, 1, 2, 5, 7)}
    masks[5][2:5, 2:5] = True
    one = make(video, masks=masks)
    written = export(one, "cvat", tmp_path / "c.xml", Options(values={"shape": shape}))
    assert len(written.notes) == (shape == "polygon")
    (track,) = ET.parse(tmp_path / "c.xml").getroot().iter("track")
    outside = [(int(place.attrib["frame"]), place.attrib["outside"]) for place in track]
    assert outside == [(0, "0"), (1, "0"), (2, "0"), (3, "1"), (5, "0"), (6, "1"), (7, "0")]
    if shape == "box":
        place = track[0].attrib
        box = [float(place[key]) for key in ("xtl", "ytl", "xbr", "ybr")]
        ys, xs = masks[0].nonzero()
        assert box == [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]
        return
    points = np.array([pair.split(",") for pair in track[0].attrib["points"].split(";")], float)
    x, y = points.T
    area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
    assert area == pytest.approx(masks[0].sum(), rel=0.08)
    assert np.abs(points.mean(0) - np.argwhere(masks[0]).mean(0)[::-1] - 0.5).max() < 1


def test_an_outline_is_near_the_mask():
    mask = np.zeros((60, 80), bool)
    mask[10:50, 20:70] = True
    mask[20:30, 30:40] = False  # a hole
    ring, count = outline(mask)
    assert count == 1 and len(ring) <= 8
    assert (
        np.abs(ring.min(0) - (20, 10)).max() <= 0.5 and np.abs(ring.max(0) - (70, 50)).max() <= 0.5
    )
    assert outline(np.zeros((4, 4), bool)) is None
    single = np.zeros((5, 5), bool)
    single[0, 4] = True
    assert len(outline(single)[0]) >= 3
    assert outline(np.ones((3, 3), bool))[0].max() <= 3


def thing_decode(data):
    """thi.ng's rle-pack, by its published decoder."""
    bits = "".join(f"{byte:08b}" for byte in data)
    place = 0

    def take(count):
        nonlocal place
        place += count
        return int(bits[place - count : place], 2)

    number, size = take(32), take(5) + 1
    sizes = [take(4) + 1 for _ in range(4)]
    values: list[int] = []
    while len(values) < number:
        same = take(1)
        count = take(sizes[take(2)]) + 1
        values += [take(size)] * count if same else [take(size) for _ in range(count)]
    return np.array(values, np.uint8)


@pytest.mark.parametrize("kind", ["disc", "full", "empty", "large", "noise"])
def test_brush(kind):
    mask = {
        "disc": disc(3),
        "full": np.ones((5, 7), bool),
        "empty": np.zeros((5, 7), bool),
        "large": np.ones((300, 400), bool),
        "noise": np.random.default_rng(0).random((20, 30)) < 0.5,
    }[kind]
    values = thing_decode(brush_rle(mask)).reshape(*mask.shape, 4)
    assert (values == mask[..., None] * np.uint8(255)).all()
    sdk = pytest.importorskip("label_studio_sdk.converter.brush", reason="brings opencv along")
    assert np.array_equal(sdk.decode_rle(brush_rle(mask)), values.ravel())


def test_label_studio_video(several, tmp_path):
    options = Options(values={"url": "/data/local-files/?d=clips/"})
    export(several, "labelstudio", tmp_path / "l.json", options)
    first, second = read(tmp_path / "l.json")
    assert first["data"] == {"video": "/data/local-files/?d=clips/clip.mp4", "fps": 8.0}
    results = first["predictions"][0]["result"]
    moments = [one["value"] for one in results if one["type"] == "timelinelabels"]
    assert [(one["timelinelabels"], one["ranges"]) for one in moments] == [
        (["the disc"], [{"start": 3, "end": 6}]),
        ([ONE_LINE], [{"start": 1, "end": 1}]),
        ([ONE_LINE], [{"start": 8, "end": 8}]),
    ]
    box = next(one["value"] for one in results if one["type"] == "videorectangle")
    assert box["framesCount"] == LENGTH
    assert [place["frame"] for place in box["sequence"]] == [2, 3, 4, 5, 6, 7]
    assert [place["enabled"] for place in box["sequence"]] == [True] * 5 + [False]
    ys, xs = several[0].masklet.get(1).nonzero()
    place = box["sequence"][0]
    assert place["x"] == pytest.approx(100 * xs.min() / SIZE[1], abs=1e-5)
    assert place["height"] == pytest.approx(100 * (ys.max() + 1 - ys.min()) / SIZE[0], abs=1e-5)
    assert len({one["id"] for one in results}) == len(results)
    config = ET.parse(tmp_path / "l_config.xml").getroot()
    names = {one.attrib["name"] for one in config if "name" in one.attrib}
    for result in results:
        assert {result["from_name"], result["to_name"]} <= names
    labels = {one.attrib["value"] for one in config.find("TimelineLabels")}
    assert labels == {"the disc", ONE_LINE, "the cat"}
    assert len(second["predictions"][0]["result"]) == 2


def test_label_studio_by_its_own_library(several, tmp_path):
    sdk = pytest.importorskip("label_studio_sdk.label_interface", reason="brings opencv along")
    tags = importlib.import_module("label_studio_sdk.label_interface.control_tags")
    if not hasattr(tags, "TimelineLabelsTag"):
        pytest.skip("label-studio-sdk before 2.1 knows no TimelineLabels")
    export(several, "labelstudio", tmp_path / "l.json")
    interface = sdk.LabelInterface((tmp_path / "l_config.xml").read_text(encoding="utf-8"))
    for task in read(tmp_path / "l.json"):
        assert interface.validate_prediction(task["predictions"][0])


def test_label_studio_pictures(make, tmp_path):
    Image.new("RGB", (SIZE[1], SIZE[0])).save(tmp_path / "one.png")
    one = make(Video.open(tmp_path / "one.png"), masks={0: disc(2)}, spans=((0, 0),))
    export(one, "labelstudio", tmp_path / "l.json")
    (task,) = read(tmp_path / "l.json")
    (result,) = task["predictions"][0]["result"]
    assert result["type"] == "brushlabels" and task["data"]["image"].endswith("one.png")
    values = thing_decode(result["value"]["rle"]).reshape(*SIZE, 4)
    assert np.array_equal(values[..., 3] > 0, disc(2))
    assert ET.parse(tmp_path / "l_config.xml").find("BrushLabels") is not None


def test_fiftyone(several, tmp_path):
    export(several, "fiftyone", tmp_path / "f")
    about = read(tmp_path / "f" / "metadata.json")
    assert about["media_type"] == "video" and "version" not in about
    first, second = read(tmp_path / "f" / "samples.json")["samples"]
    assert (
        first["filepath"] == several[0].video.path and first["metadata"]["total_frame_count"] == 8
    )
    supports = [(one["label"], one["support"]) for one in first["moments"]["detections"]]
    assert supports == [("the disc", [3, 6]), (ONE_LINE, [1, 1]), (ONE_LINE, [8, 8])]
    frames = read(tmp_path / "f" / first["frames"])["frames"]
    assert sorted(map(int, frames)) == [1, 2, 3, 4, 5, 6, 7, 8]
    (found,) = frames["4"]["objects"]["detections"]
    assert found["_cls"] == "Detection" and found["index"] == 1
    left, top, width, height = (
        round(share * side)
        for share, side in zip(found["bounding_box"], (*SIZE[::-1], *SIZE[::-1]), strict=True)
    )
    packed = base64.b64decode(found["mask"]["$binary"]["base64"])
    mask = np.load(io.BytesIO(zlib.decompress(packed)), allow_pickle=False)
    whole = np.zeros(SIZE, bool)
    whole[top : top + height, left : left + width] = mask
    assert np.array_equal(whole, several[0].masklet.get(3))
    assert second["frames"] == "frames/other-clip.json"


def test_rerun(several, tmp_path):
    rerun = pytest.importorskip("rerun", reason="rerun-sdk takes 660 MB")
    (path,) = export(several[:1], "rerun", tmp_path / "r.rrd").paths
    assert path.read_bytes()[:3] == b"RRF" and rerun is not None
    chunks = pytest.importorskip("rerun.chunk", reason="an older rerun")
    schema = str(chunks.RrdReader(str(path)).store().schema())
    for entity in ("/clip/video", "/clip/video/the-disc/mask", "/clip/relevance/the-disc"):
        assert re.search(re.escape(entity) + r"\b", schema)
