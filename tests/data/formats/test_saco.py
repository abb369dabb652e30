"""SA-Co/VEval: noun phrases and their instances."""

import pytest

from momentvos.data.formats import saco
from momentvos.errors import DataError


@pytest.fixture
def root(tmp_path, disk):
    def make(**parts):
        masks = [disk.rle(disk.bar(1)), None]
        one = {"video_id": 5, "category_id": 9, "segmentations": masks, "iscrowd": 0}
        content = {
            "videos": [
                {
                    "id": 5,
                    "video_name": "sav_1",
                    "file_names": ["sav_1/00000.jpg", "sav_1/00004.jpg"],
                    "height": 8,
                    "width": 12,
                }
            ],
            "annotations": [one, one | {"iscrowd": 1}],
            "video_np_pairs": [
                {"video_id": 5, "category_id": 9, "noun_phrase": "a braid"},
                {"video_id": 5, "category_id": 2, "noun_phrase": "a horse"},
            ],
        }
        disk.put(tmp_path / "annotation/saco_veval_sav_test.json", content | parts)
        return tmp_path

    return make


def test_pairs_with_their_instances(root, disk):
    disk.jpegs(root() / "media/saco_sav/JPEGImages_24fps/sav_1", ("00000", "00004"))
    braid, horse = saco.read(root())
    assert (braid.video_id, braid.expression_id, braid.sentence) == ("sav_1", "9", "a braid")
    assert len(braid.targets) == 2 and braid.crowd == {1} and braid.numbers == (5, 9)
    assert (braid.masks([0])[1, 0] == disk.bar(1)).all() and not braid.masks([1]).any()
    assert horse.targets == () and horse.kind == "none" and horse.rle(0) is None
    assert horse.size == (8, 12) and horse.frames([1]).shape == (1, 8, 12, 3)


def test_tracks_are_checked_and_of_either_writing(root, disk):
    plain = {"size": [8, 12], "counts": [8, 24, 64]}
    one = {"video_id": 5, "category_id": 9, "segmentations": [plain, None]}
    sample = saco.read(root(annotations=[one]))[0]
    assert (sample.masks([0])[0, 0] == disk.bar(1)).all()
    (track,) = sample.tracks()
    counts = track[0]["counts"]
    assert (counts if isinstance(counts, str) else counts.decode()) == disk.rle(disk.bar(1))[
        "counts"
    ]
    assert track[1] is None
    one["segmentations"] = [{"size": [8, 12], "counts": "oooo"}, None]
    with pytest.raises(DataError, match="does not hold the runs of such a mask"):
        saco.read(root(annotations=[one]))[0].tracks()


def test_what_is_broken_is_named(root):
    with pytest.raises(DataError, match="has 1 masks for 2 frames"):
        saco.read(root(annotations=[{"video_id": 5, "category_id": 9, "segmentations": [None]}]))
    with pytest.raises(DataError, match="is 6, which is no video"):
        saco.read(
            root(video_np_pairs=[{"video_id": 6, "category_id": 9, "noun_phrase": "a braid"}])
        )
