"""ReasonSeg and RefCOCO in their own layouts."""

import json
import os
import pickle

import numpy as np
import pytest

from momentvos.data.formats import reasonseg, refcoco
from momentvos.errors import DataError


class TestReasonSeg:
    @pytest.fixture
    def answer(self):
        def square(label, left, right):
            points = [[left, 1.9], [right, 1], [right, 5.5], [left, 5]]
            return {"label": label, "shape_type": "polygon", "points": points}

        return {
            "text": ["what can be eaten", "the food"],
            "is_sentence": True,
            "shapes": [
                square("ignore", 2, 3), square("target", 1, 6), square("flag", 8, 9)
            ],
        }  # fmt: skip

    @pytest.fixture
    def root(self, tmp_path, disk, answer):
        def make(folder="val"):
            disk.jpegs(tmp_path / folder, ["12_a"])
            disk.put(tmp_path / folder / "12_a.json", answer)
            return tmp_path

        return make

    @pytest.mark.parametrize("folder", ["val", "ReasonSeg/val", "reason_seg/ReasonSeg/val"])
    def test_the_smaller_polygon_lies_on_top(self, root, folder):
        first, second = reasonseg.read(root(folder))
        assert (first.video_id, first.expression_id, first.kind) == ("12_a", "0", "long")
        assert second.sentence == "the food" and first.length == 1
        (mask,), (ignored,) = first.masks([0])[0], first.ignored([0])
        assert ignored[1:6, 2:4].all() and ignored.sum() == 10
        assert mask[1:6, 1].all() and mask[1:6, 4:7].all() and mask.sum() == 20
        assert not mask[:, 8:].any()

    def test_texts_of_windows(self, root, answer):
        path = root() / "val" / "12_a.json"
        answer["text"], answer["is_sentence"] = ["the chef’s knife"], False
        path.write_bytes(json.dumps(answer, ensure_ascii=False).encode("cp1252"))
        (sample,) = reasonseg.read(path.parents[1])
        assert sample.sentence == "the chef’s knife" and sample.kind == "short"

    def test_an_answer_without_polygons_is_left_out_and_noted(self, root, answer):
        answer["shapes"] = answer["shapes"][2:]
        folder, found = root(), []
        assert reasonseg.read(folder) == [] == reasonseg.read(folder, report=found.append)
        assert found[0].note and "12_a.json, shapes holds no polygon" in str(found[0])

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"text": "what"}, "text is not a list"),
            ({"is_sentence": 1}, "is_sentence is neither true nor false"),
            ({"shapes": [{"label": "target", "points": [[1]]}]}, "shapes/0/points/0 is no corner"),
            ({"shapes": [{"points": []}]}, "shapes/0 lacks 'label'"),
        ],
    )
    def test_broken_entries(self, root, answer, change, sentence):
        answer.update(change)
        with pytest.raises(DataError, match=rf"12_a\.json, {sentence}"):
            reasonseg.read(root())

    def test_missing_files(self, root):
        folder = root()
        (folder / "val" / "12_a.jpg").unlink()
        with pytest.raises(DataError, match=r"12_a\.jpg is missing"):
            reasonseg.read(folder)[0].masks([0])
        with pytest.raises(DataError, match=r"train holds no \.json files"):
            reasonseg.read(folder, "train")


class Evil:
    def __reduce__(self):
        return os.system, ("touch pwned",)


class TestRefCoco:
    @pytest.fixture
    def refs(self):
        return [
            {
                "ref_id": 1, "ann_id": 70, "image_id": 9, "category_id": 1, "split": split,
                "file_name": "COCO_train2014_000000000009_70.jpg", "sent_ids": [4, 5],
                "sentences": [
                    {"sent_id": 4 + k, "sent": text, "raw": text.title(), "tokens": text.split()}
                    for text in ("left man", "man in red")
                ],
            }
            for k, split in ((0, "val"), (10, "train"))
        ]  # fmt: skip

    @pytest.fixture
    def instances(self):
        def box(left, right):
            return [left, 0, right, 0, right, 4, left, 4]

        picture = {"id": 9, "height": 8, "width": 12, "file_name": "COCO_train2014_9.jpg"}
        return {
            "images": [picture],
            "annotations": [{"id": 70, "image_id": 9, "segmentation": [box(0, 6), box(4, 10)]}],
            "categories": [{"id": 1, "name": "person"}],
        }

    @pytest.fixture
    def root(self, tmp_path, disk, refs, instances):
        def make(protocol=2, renumber=True):
            for number, ref in enumerate(refs if renumber else []):
                for k, sentence in enumerate(ref["sentences"]):
                    sentence["sent_id"] = 10 * number + k
            folder = tmp_path / "refcoco"
            folder.mkdir(exist_ok=True)
            (folder / "refs(unc).p").write_bytes(pickle.dumps(refs, protocol))
            disk.put(folder / "instances.json", instances)
            disk.jpegs(
                tmp_path / "images" / "mscoco" / "images" / "train2014", ["COCO_train2014_9"]
            )
            return tmp_path

        return make

    @pytest.mark.parametrize("protocol", [0, 2, 5])
    def test_every_sentence_is_an_expression(self, root, protocol):
        first, second = refcoco.read(root(protocol))
        assert (first.expression_id, first.sentence) == ("0", "left man")
        assert second.sentence == "man in red" and first.video_id == "COCO_train2014_9"
        assert first.size == (8, 12) and first.frames([0]).shape == (1, 8, 12, 3)
        assert (first.masks([0])[0, 0] == (first.layers() > 0)).all()
        assert first.masks([0])[0, 0, :4, :10].all() and first.masks([0]).sum() == 40
        assert (first.layers()[:4, 4:6] == 2).all() and first.layers().sum() == 48

    def test_json_is_preferred(self, root, refs, disk):
        folder = root()
        refs[0]["sentences"] = refs[0]["sentences"][:1]
        disk.put(folder / "refcoco" / "refs(unc).json", refs)
        assert len(refcoco.read(folder)) == 1

    def test_nothing_in_a_pickle_is_run(self, root, refs, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        refs.append(Evil())
        with pytest.raises(DataError, match=r"refs\(unc\)\.p is not a pickle of plain values"):
            refcoco.read(root(renumber=False))
        assert not (tmp_path / "pwned").exists()

    @pytest.mark.parametrize("data", [b"", b"\x80", b"c__builtin__\neval\n.", b"garbage", b"(."])
    def test_what_is_no_pickle_is_named(self, root, data):
        folder = root()
        (folder / "refcoco" / "refs(unc).p").write_bytes(data)
        with pytest.raises(DataError, match=r"refs\(unc\)\.p "):
            refcoco.read(folder)

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"ann_id": 71}, r"0/ann_id is 71, which is not in instances\.json"),
            ({"image_id": 71}, r"0/image_id is 71, which is not in instances\.json"),
            ({"sentences": [{"sent_id": 0, "sent": 5}]}, "0/sentences/0/sent is not a text"),
        ],
    )
    def test_broken_references(self, root, refs, change, sentence):
        root()
        refs[0].update(change)
        with pytest.raises(DataError, match=sentence):
            refcoco.read(root(renumber=False))

    def test_ids_that_are_there_twice(self, root, refs, instances):
        root()
        refs[0]["sentences"][1]["sent_id"] = 0
        with pytest.raises(DataError, match="sent_id is 0, which is there more than once"):
            refcoco.read(root(renumber=False))
        refs[0]["sentences"][1]["sent_id"] = 1
        instances["annotations"] *= 2
        with pytest.raises(DataError, match="annotations/1/id is 70, which is there more"):
            refcoco.read(root(renumber=False))

    @pytest.mark.parametrize(
        ("segmentation", "sentence"),
        [
            ([[1, 2]], "segmentation/0 is no polygon"),
            ([[0, 0, 1e9, 0, 1e9, 1e9]], "segmentation/0 is no polygon"),
            ([["a"] * 6], "segmentation/0/0 is not a number"),
            ({"size": [3, 3], "counts": [9]}, "segmentation is a mask of 3 x 3 pixels"),
            ([], "segmentation holds no polygon"),
        ],
    )
    def test_broken_polygons(self, root, instances, segmentation, sentence):
        instances["annotations"][0]["segmentation"] = segmentation
        sample = refcoco.read(root())[0]
        with pytest.raises(DataError, match=rf"annotations/0/{sentence}"):
            sample.masks([0])

    @pytest.mark.parametrize("height", [0, 1 << 40, "8"])
    def test_sizes_that_are_none(self, root, instances, height):
        instances["images"][0]["height"] = height
        sample = refcoco.read(root())[0]
        with pytest.raises(DataError, match="images/0"):
            sample.masks([0])

    def test_run_lengths_for_crowds(self, root, instances, disk):
        run = disk.rle(disk.bar(3))
        instances["annotations"][0]["segmentation"] = run
        assert (refcoco.read(root())[0].masks([0])[0, 0] == disk.bar(3)).all()
        assert np.array_equal(refcoco.read(root())[0].layers(), disk.bar(3))
