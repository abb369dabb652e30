import json

import numpy as np
import pytest
from typer.testing import CliRunner

from momentvos.cli.main import app
from momentvos.data import formats
from momentvos.data.formats.check import check

FRAMES = ["00000", "00001", "00002", "00003"]


@pytest.fixture
def run():
    return lambda *words: CliRunner().invoke(app, ["data", *map(str, words)])


@pytest.fixture
def mevis(tmp_path, disk):
    """Two videos of four frames; a function that changes one of the files."""
    root = tmp_path / "valid_u"
    expression = {"exp": "the cat", "obj_id": [0], "anno_id": [7], "moments": {"7": [[1, 2]]}}
    index = {
        "videos": {
            "cats": {"frames": FRAMES, "expressions": {"0": expression}},
            "dogs": {
                "frames": FRAMES,
                "expressions": {
                    "0": {"exp": "both dogs", "obj_id": [0, 1], "anno_id": [8, 9]},
                    "1": {"exp": "no dog", "obj_id": [], "anno_id": []},
                },
            },
        }
    }
    rows = {str(k): [disk.rle(disk.bar(k - 7)), None, None, None] for k in (7, 8, 9)}
    for video in ("cats", "dogs"):
        disk.jpegs(root / "JPEGImages" / video, FRAMES)
    disk.put(root / "meta_expressions.json", index)
    disk.put(root / "mask_dict.json", rows)

    def change(name, edit):
        value = json.loads((root / name).read_text())
        edit(value)
        disk.put(root / name, value)

    return tmp_path, change


def sentences(faults):
    return [one for group in faults.groups.values() for one in group]


def test_a_whole_data_set(mevis, run):
    root, _ = mevis
    result = run("check", "mevis", root)
    assert result.exit_code == 0, result.output
    row = next(line for line in result.output.splitlines() if line.startswith("valid_u"))
    assert row.split() == ["valid_u", "2", "of", "50", "3", "of", "793", "8", "3", "1", "good"]
    assert "not there" in next(one for one in result.output.splitlines() if "train" in one)


def test_the_folder_of_one_split(mevis, run):
    result = run("check", "mevis", mevis[0] / "valid_u")
    assert result.exit_code == 0 and "valid_u" in result.output and "train" not in result.output


def spoil_frame(root, change, disk):
    (root / "valid_u" / "JPEGImages" / "cats" / "00002.jpg").unlink()


def spoil_size(root, change, disk):
    disk.jpegs(root / "valid_u" / "JPEGImages" / "cats", FRAMES, (9, 12))


def spoil_mask_size(root, change, disk):
    wrong = {"size": [9, 12], "counts": [108]}
    change("mask_dict.json", lambda rows: rows["8"].__setitem__(2, wrong))


def spoil_annotation(root, change, disk):
    def edit(index):
        index["videos"]["cats"]["expressions"]["0"]["anno_id"] = [70]

    change("meta_expressions.json", edit)


def spoil_span(root, change, disk):
    def edit(index):
        index["videos"]["cats"]["expressions"]["0"]["moments"] = {"7": [[2, 4]]}

    change("meta_expressions.json", edit)


def spoil_rle(root, change, disk):
    wrong = {"size": [8, 12], "counts": "~~"}
    change("mask_dict.json", lambda rows: rows["9"].__setitem__(0, wrong))


def spoil_row(root, change, disk):
    change("mask_dict.json", lambda rows: rows["9"].pop())


def spoil_ids(root, change, disk):
    path = root / "valid_u" / "mask_dict.json"
    path.write_text(path.read_text().replace('"9"', '"8"'))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (spoil_frame, "JPEGImages/cats lacks 1 of 4 frames, the first is 00002.jpg."),
        (spoil_size, "00000.jpg is a frame of 12 x 9 pixels, its masks have 12 x 8."),
        (spoil_mask_size, "mask_dict.json, 8/2 is a mask of 12 x 9 pixels in a video of 12 x 8."),
        (spoil_annotation, "cats/expressions/0/anno_id/0 is 70, which is not in mask_dict.json."),
        (spoil_span, "moments/7/0 is [2, 4], which lies outside the video; its frames are 0 to 3."),
        (spoil_rle, "mask_dict.json, 9/0/counts does not hold the runs of such a mask."),
        (spoil_row, "mask_dict.json, 9 has 3 masks for 4 frames."),
        (spoil_ids, "mask_dict.json, 8 is there more than once."),
    ],
)
def test_each_fault_is_one_sentence_with_file_and_key(mevis, run, disk, spoil, sentence):
    root, change = mevis
    spoil(root, change, disk)
    result = run("check", "mevis", root, "--split", "valid_u")
    assert result.exit_code == 1
    assert sentence in result.output and str(root) in result.output
    assert "Traceback" not in result.output


def test_damage_inside_files_is_found_when_asked_for(mevis, disk):
    root, _ = mevis
    (root / "valid_u" / "JPEGImages" / "dogs" / "00003.jpg").write_bytes(b"\xff\xd8 no more")
    found = {
        deep: next(check(formats.dataset("mevis"), root, ["valid_u"], deep)) for deep in (0, 1)
    }
    assert not len(found[0].broken)
    (sentence,) = sentences(found[1].broken)
    assert "dogs/00003.jpg cannot be read" in sentence


def test_alike_faults_are_one_line(mevis, run):
    root, change = mevis

    def edit(rows):
        for row in rows.values():
            row[1:] = [{"size": [8, 12], "counts": "~"}] * 3

    change("mask_dict.json", edit)
    result = run("check", "mevis", root, "--split", "valid_u")
    assert "7/1/counts does not hold the runs of such a mask. And 8 like it." in result.output
    assert "valid_u, broken: 9" in result.output


def test_published_blemishes_are_notes(tmp_path, disk):
    disk.put(tmp_path / "charades_sta_test.txt", "A 1.0 9.0##a\nA 2.0 3.0##b\n")
    disk.put(tmp_path / "Charades_v1_test.csv", "id,length\nA,6.0\n")
    (found,) = check(formats.dataset("charades-sta"), tmp_path, ["test"])
    assert (found.sentences, found.moments, len(found.notes)) == (2, 2, 1)
    assert sentences(found.broken) == [f"{tmp_path / 'Charades_v1_480' / 'A.mp4'} is missing."]


def test_label_pictures_are_looked_for(tmp_path, disk):
    expressions = {"0": {"exp": "a dog", "obj_id": "1"}, "1": {"exp": "a cat", "obj_id": "2"}}
    index = {"videos": {"v": {"frames": FRAMES, "expressions": expressions}}}
    disk.put(tmp_path / "meta_expressions" / "train" / "meta_expressions.json", index)
    disk.jpegs(tmp_path / "train" / "JPEGImages" / "v", FRAMES)
    labels = tmp_path / "train" / "Annotations" / "v"
    disk.labels(labels, FRAMES[:3], np.ones((3, *disk.size)))
    (found,) = check(formats.dataset("ref-youtube-vos"), tmp_path, ["train"])
    assert (found.files, found.masks) == (4, 6)
    assert sentences(found.broken) == [f"{labels} lacks 1 of 4 masks, the first is 00003.png."] * 2


def test_pictures_and_their_polygons(tmp_path, disk):
    def ann(number, *polygons):
        return {"id": number, "image_id": 9, "segmentation": list(polygons)}

    refs = [
        {"ann_id": number, "image_id": 9, "split": "val", "sentences": [
            {"sent_id": 2 * number + k, "sent": "a man"} for k in range(2)
        ]}
        for number in (0, 1)
    ]  # fmt: skip
    picture = {"id": 9, "height": 8, "width": 12, "file_name": "9.jpg"}
    good, bad = ann(0, [0, 0, 6, 0, 6, 6, 0, 6]), ann(1, [0, 0, 6])
    disk.put(tmp_path / "refcoco" / "refs(unc).json", refs)
    disk.put(
        tmp_path / "refcoco" / "instances.json", {"images": [picture], "annotations": [good, bad]}
    )
    disk.jpegs(tmp_path / "train2014", ["9"], (9, 12))
    (found,) = check(formats.dataset("refcoco"), tmp_path, ["val"])
    assert (found.videos, found.sentences, found.files, found.masks) == (1, 4, 1, 1)
    frame, polygon = sentences(found.broken)
    assert "9.jpg is a frame of 12 x 9 pixels, its masks have 12 x 8" in frame
    assert "instances.json, annotations/1/segmentation/0 is no polygon" in polygon


def test_videos_are_opened_when_asked_for(tmp_path, disk):
    import av

    disk.put(tmp_path / "val_2.json", {
        name: {"duration": 9.0, "timestamps": [[0, 2]], "sentences": ["a"]}
        for name in ("v_a", "v_b")
    })  # fmt: skip
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "v_b.mkv").write_bytes(b"no video at all")
    with av.open(str(tmp_path / "videos" / "v_a.mp4"), "w") as file:
        stream = file.add_stream("mpeg4", rate=4, width=32, height=16)
        for _ in range(8):
            frame = av.VideoFrame.from_ndarray(np.zeros((16, 32, 3), np.uint8))
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    known = formats.dataset("activitynet-captions")
    (shallow,) = check(known, tmp_path, ["val_2"])
    assert (shallow.files, len(shallow.broken), len(shallow.notes)) == (2, 0, 0)
    (deep,) = check(known, tmp_path, ["val_2"], deep=True)
    assert "v_a.mp4 lasts 2.0 s, the data set says 9.0 s" in sentences(deep.notes)[0]
    assert "v_b.mkv" in sentences(deep.broken)[0]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("check", "mevys", "."), "There is no data set 'mevys'; choose one of mevis, "),
        (("check", "mevis", "/nowhere"), "'/nowhere' is no folder; give the one that holds MeViS"),
        (("check", "mevis", ".", "--split", "test"), "MeViS has no split 'test'; choose valid_u"),
        (("check", "reasonseg", "."), "holds no .json files; give the folder of ReasonSeg"),
        (("show", "mevis", ".", "a/0"), "meta_expressions.json is missing"),
    ],
)
def test_mistakes_are_one_sentence(run, words, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*words)
    assert result.exit_code == 2 and sentence in result.output


def test_the_list_names_every_data_set_and_split(run):
    result = run("list")
    assert result.exit_code == 0
    for name, one in formats.DATASETS.items():
        assert name in result.output and all(split in result.output for split in one.splits)


class TestShow:
    def test_a_sample_becomes_a_picture(self, mevis, run, tmp_path):
        from PIL import Image

        out = tmp_path / "picture.png"
        result = run("show", "mevis", mevis[0], "dogs/0", "-o", out)
        assert result.exit_code == 0, result.output
        with Image.open(out) as picture:
            colours = {colour for _, colour in picture.convert("RGB").getcolors(1 << 20)}
        assert picture.width >= 640 and len(colours) > 20
        assert not list(tmp_path.glob(".part*"))

    def test_frames_of_the_moment_have_a_green_edge(self, mevis):
        from momentvos.data.formats.preview import INSIDE, draw

        def green(sample):
            return sum(
                count
                for count, colour in draw(sample).getcolors(1 << 20)
                if np.abs(np.subtract(colour, INSIDE)).max() < 8
            )

        cat, dogs, *_ = formats.open("mevis", mevis[0])
        assert green(cat) > 500 and green(dogs) == 0

    def test_the_video_alone_is_enough(self, mevis, run, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert run("show", "mevis", mevis[0], "cats").output.strip() == "mevis-cats-0.png"
        assert (tmp_path / "mevis-cats-0.png").exists()

    def test_a_sample_that_is_not_there(self, mevis, run, tmp_path):
        result = run("show", "mevis", mevis[0], "cats/9")
        assert result.exit_code == 2 and "no sample 'cats/9'" in result.output
        assert "cats/0 is one" in result.output
        result = run("show", "mevis", mevis[0], "cats/0", "-o", tmp_path / "picture.what")
        assert result.exit_code == 2 and "ending in .png" in result.output
