import json

import numpy as np
import pytest
from PIL import Image

from momentvos.data import formats
from momentvos.data.world import render, scene, world_samples, write
from momentvos.errors import DataError, OutputError
from momentvos.moment import Moment

coco = pytest.importorskip("pycocotools.mask")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write(tmp_path_factory.mktemp("data") / "val", "val", 2, seed=4, size=96)


def read(folder, name):
    return json.loads((folder / name).read_text())


def test_the_layout_is_that_of_mevis(folder):
    assert sorted(path.name for path in folder.iterdir()) == [
        "JPEGImages", "mask_dict.json", "meta_expressions.json",
    ]  # fmt: skip
    document = read(folder, "meta_expressions.json")
    assert document["moment_convention"] == {"index_base": 0, "inclusive": True, "key": "anno_id"}
    masks = read(folder, "mask_dict.json")
    for name, video in document["videos"].items():
        files = sorted(path.stem for path in (folder / "JPEGImages" / name).glob("*.jpg"))
        assert files == video["frames"] == [f"{index:05d}" for index in range(32)]
        for entry in video["expressions"].values():
            assert len(entry["obj_id"]) == len(entry["anno_id"])
            assert (
                set(entry["moments"]) == {str(number) for number in entry["anno_id"]} <= set(masks)
            )
    assert all(len(track) == 32 for track in masks.values())


def test_expressions_and_moments_are_those_of_the_scenes(folder):
    videos = read(folder, "meta_expressions.json")["videos"]
    for seed, video in zip((4, 5), videos.values(), strict=True):
        for expression in scene(seed, "val").expressions:
            entry = video["expressions"][expression.id]
            assert (entry["exp"], entry["kind"]) == (expression.sentence, expression.kind)
            assert (entry["category"], tuple(entry["verbs"])) == (
                expression.category, expression.verbs,
            )  # fmt: skip
            moments = [Moment(spans) for spans in entry["moments"].values()]
            assert moments == [moment for _, moment in expression.targets]
            assert entry["obj_id"] == [k for k, _ in expression.targets]


def test_stored_masks_decode_to_what_is_drawn(folder):
    masks = read(folder, "mask_dict.json")
    first = 0
    for seed in (4, 5):
        made = scene(seed, "val")
        frames, ids = render(made, range(32), 96)
        for k in range(len(made.objects)):
            for index, code in enumerate(masks[str(first + k)]):
                drawn = ids[index] == k + 1
                assert (code is None) == (not drawn.any())
                if code is not None:
                    assert np.array_equal(coco.decode(code).astype(bool), drawn)
        first += len(made.objects)
        stored = Image.open(folder / "JPEGImages" / f"world_val_{seed:06d}" / "00012.jpg")
        assert np.abs(np.asarray(stored).astype(int) - frames[12]).mean() < 6


def test_writing_again_gives_the_same_bytes(folder, tmp_path):
    again = write(tmp_path / "again", "val", 2, seed=4, size=96)
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        assert path.read_bytes() == (again / path.relative_to(folder)).read_bytes()


def test_the_second_version_is_read_back_as_it_was_made(tmp_path):
    folder = write(tmp_path / "val", "val", 1, seed=2, size=32, world="v2")
    read_back = formats.open("momentworld", folder, "val")
    made = list(world_samples("val", 1, 2, 32, "v2"))
    assert {one.video_id for one in read_back} == {one.video_id for one in made}
    for stored, sample in zip(read_back, made, strict=True):
        assert (stored.sentence, stored.kind) == (sample.sentence, sample.kind)
        assert (stored.length, stored.moment) == (sample.length, sample.moment)
        frames = [0, sample.length // 2, sample.length - 1]
        assert np.array_equal(stored.masks(frames), sample.masks(frames))


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(OutputError, match="already holds"):
        write(tmp_path, "train", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_interrupt_leaves_nothing(tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "out", "train", 2, size=32, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file"):
        write(tmp_path / "file" / "out", "train", 1, size=32)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"videos": 0}, "1 or more"), ({"seed": -1}, "seed"), ({"size": 3}, "pixels"),
     ({"split": "x"}, "split"), ({"world": "v0"}, "version")],
)  # fmt: skip
def test_what_cannot_be_made_is_refused(tmp_path, change, said):
    with pytest.raises(DataError, match=said):
        write(tmp_path / "out", **{"split": "train", "videos": 1, **change})
    assert list(tmp_path.iterdir()) == []
