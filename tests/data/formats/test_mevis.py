import json

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco

from momentvos.data.formats.mevis import read
from momentvos.errors import DataError
from momentvos.moment import Moment

FRAMES = [f"{number:05d}" for number in range(6)]


def run_of(left):
    mask = np.zeros((8, 12), dtype=np.uint8)
    mask[:, left : left + 3] = 1
    encoded = coco.encode(np.asfortranarray(mask))
    return {"size": encoded["size"], "counts": encoded["counts"].decode()}


def plain_counts(left):
    return {"size": [8, 12], "counts": [8 * left, 24, 96 - 24 - 8 * left]}


@pytest.fixture
def meta():
    return {
        "videos": {
            "cats": {
                "frames": FRAMES,
                "expressions": {
                    "0": {
                        "exp": "the two cats that spin",
                        "obj_id": [0, 1],
                        "anno_id": [17, 20],
                        "moments": {"17": [[0, 1]], "20": [[3, 3], [5, 9]]},
                    },
                    "1": {"exp": "the cat", "obj_id": [0], "anno_id": [17]},
                    "2": {"exp": "the dog", "obj_id": [], "anno_id": [], "moments": {}},
                    "3": {"exp": "a cat", "obj_id": [1], "anno_id": [20], "moments": [[2, 4]]},
                },
            }
        }
    }


@pytest.fixture
def folder(tmp_path, meta):
    def make(split="train", images=True):
        root = tmp_path / split
        pictures = root / "JPEGImages" / "cats"
        pictures.mkdir(parents=True)
        for number, name in enumerate(FRAMES if images else []):
            Image.new("RGB", (12, 8), (40 * number, 0, 0)).save(pictures / f"{name}.jpg")
        (root / "meta_expressions.json").write_text(json.dumps(meta))
        runs = {
            "17": [run_of(0), None, run_of(2), run_of(3), run_of(4), run_of(5)],
            "20": [plain_counts(6)] * 6,
        }
        (root / "mask_dict.json").write_text(json.dumps(runs))
        return tmp_path

    return make


def test_expressions_targets_and_moments(folder):
    samples = {sample.expression_id: sample for sample in read(folder())}
    assert len(samples) == 4
    both = samples["0"]
    assert (both.video_id, both.sentence, both.length, both.size) == (
        "cats", "the two cats that spin", 6, (8, 12)
    )  # fmt: skip
    assert [target.moment for target in both.targets] == [
        Moment([(0, 1)]),
        Moment([(3, 3), (5, 5)]),
    ]
    assert samples["1"].moment == Moment.all(6)
    assert samples["2"].targets == () and not samples["2"].moment
    assert samples["3"].moment == Moment([(2, 4)])


def test_frames_and_masks_are_read_in_the_order_asked(folder):
    sample = read(folder())[0]
    frames = sample.frames([5, 0, 0])
    assert frames.shape == (3, 8, 12, 3) and frames.dtype == np.uint8
    assert abs(int(frames[0, 0, 0, 0]) - 200) < 8 and frames[1].max() < 8
    masks = sample.masks([0, 1])
    assert masks.shape == (2, 2, 8, 12) and masks.dtype == bool
    assert masks[0, 0, :, :3].all() and masks[0, 0].sum() == 24 and not masks[0, 1].any()
    assert masks[1, 1, :, 6:9].all() and masks[1, 1].sum() == 24


def test_the_root_may_be_the_split_itself(folder):
    assert len(read(folder("valid_u") / "valid_u", "train")) == 4


def test_an_expression_without_objects_has_no_masks(folder):
    assert read(folder())[2].masks([0, 1]).shape == (0, 2, 8, 12)


def test_missing_files_are_named(folder, tmp_path):
    with pytest.raises(DataError, match=r"meta_expressions\.json is missing"):
        read(tmp_path / "nowhere")
    samples = read(folder(images=False))
    with pytest.raises(DataError, match=r"00003\.jpg cannot be read"):
        samples[0].frames([3])


def test_a_split_without_masks_cannot_be_trained_on(folder, meta):
    del meta["videos"]["cats"]["expressions"]["1"]["anno_id"]
    with pytest.raises(DataError, match="carries no masks"):
        read(folder())


@pytest.mark.parametrize(
    ("key", "value"),
    [("exp", None), ("anno_id", [99]), ("moments", {"17": [[3, 1]]}), ("moments", 5)],
)
def test_malformed_entries_name_their_video(folder, meta, key, value):
    entry = meta["videos"]["cats"]["expressions"]["1"]
    entry[key] = value
    if value is None:
        del entry[key]
    with pytest.raises(DataError, match="'cats'"):
        read(folder())


def test_a_file_that_is_not_json_is_named(folder):
    root = folder()
    (root / "train" / "mask_dict.json").write_text("{half")
    with pytest.raises(DataError, match=r"mask_dict\.json cannot be read"):
        read(root)
