"""Long-RVOS and ReasonVOS: a folder of black and white pictures for each object."""

import numpy as np
import pytest
from PIL import Image

from momentvos.data.formats import longrvos, reasonvos
from momentvos.errors import DataError

FRAMES = ("00000", "00005", "00010")


def white(folder, name, mask):
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.where(mask, 255, 0).astype(np.uint8)).save(folder / f"{name}.png")


class TestLongRVOS:
    @pytest.fixture
    def root(self, tmp_path, disk):
        folder = tmp_path / "valid"
        disk.jpegs(folder / "JPEGImages/cats", FRAMES)
        white(folder / "Annotations/cats/7", "00005", disk.bar(2))
        expressions = {
            "0": {"exp": "the cat", "obj_id": 7, "type": "static"},
            "1": {"exp": "the cat that goes", "obj_id": "7", "type": "static+dynamic"},
        }
        video = {"frames": list(FRAMES), "expressions": expressions}
        disk.put(folder / "meta_expressions.json", {"videos": {"cats": video}})
        return tmp_path

    def test_frames_without_a_picture_are_without_the_object(self, root, disk):
        first, second = longrvos.read(root)
        assert (first.kind, second.kind) == ("static", "hybrid")
        assert first.annotated and not first.timed and first.size == (8, 12)
        masks = first.masks([0, 1, 2])
        assert masks.shape == (1, 3, 8, 12)
        assert (masks[0, 1] == disk.bar(2)).all() and not masks[0, [0, 2]].any()
        assert first.rle(0) is None and list(first.counted) == [0, 1, 2]

    def test_one_split_alone_is_enough(self, root):
        assert len(longrvos.read(root / "valid")) == 2

    def test_without_masks_they_are_not_public(self, root):
        (root / "valid/Annotations").rename(root / "valid/elsewhere")
        first, _ = longrvos.read(root)
        assert not first.annotated and not first.targets

    def test_what_is_broken_is_named(self, root, disk):
        white(root / "valid/Annotations/cats/7", "00000", np.ones((3, 4), bool))
        with pytest.raises(DataError, match="is a mask of 4 x 3 pixels for a frame of 12 x 8"):
            longrvos.read(root)[0].masks([0])
        (root / "valid/Annotations/cats/7").rename(root / "valid/Annotations/cats/8")
        with pytest.raises(DataError, match=r"Annotations/cats/7 is missing"):
            longrvos.read(root)[0].masks([0])
        disk.put(root / "valid/meta_expressions.json", {"videos": {"cats": {"frames": []}}})
        with pytest.raises(DataError, match="frames is empty"):
            longrvos.read(root)

    def test_a_broken_sentence_is_left_out(self, root, disk):
        video = {
            "frames": list(FRAMES),
            "expressions": {"0": {"exp": 3, "obj_id": 7}, "1": {"exp": "the cat", "obj_id": 7}},
        }
        disk.put(root / "valid/meta_expressions.json", {"videos": {"cats": video}})
        found = []
        assert [one.expression_id for one in longrvos.read(root, report=found.append)] == ["1"]
        assert len(found) == 1 and "is not a text" in str(found[0])


class TestReasonVOS:
    @pytest.fixture
    def root(self, tmp_path, disk):
        disk.jpegs(tmp_path / "JPEGImages/a_b", FRAMES)
        white(tmp_path / "Annotations/burst_a_b_3", "00010", disk.bar(1))
        white(tmp_path / "Annotations/burst_a_b_3", "00000", disk.bar(5))
        said = [{"exp_id": 11, "exp_text": "What flies?", "obj_id": 3, "is_sent": True}]
        video = {"source": "burst", "frames": list(FRAMES), "expressions": said}
        disk.put(tmp_path / "meta_expressions.json", {"videos": {"a_b": video}})
        return tmp_path

    def test_only_frames_with_a_picture_count(self, root, disk):
        (sample,) = reasonvos.read(root)
        assert (sample.video_id, sample.expression_id) == ("burst_a_b_3", "11")
        assert (sample.kind, sample.length) == ("sentence", 3)
        assert list(sample.counted) == [0, 2]
        assert (sample.masks([2])[0, 0] == disk.bar(1)).all()

    def test_what_is_broken_is_named(self, root, disk):
        white(root / "Annotations/burst_a_b_3", "00099", disk.bar(1))
        with pytest.raises(DataError, match="has a mask of 00099, which is no frame"):
            reasonvos.read(root)
        (root / "Annotations/burst_a_b_3").rename(root / "Annotations/x")
        with pytest.raises(DataError, match="burst_a_b_3 is missing"):
            reasonvos.read(root)
