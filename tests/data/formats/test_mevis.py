import json
import pickle

import numpy as np
import pytest

from momentvos.data.formats.mevis import V1, V2, read
from momentvos.errors import DataError
from momentvos.moment import Moment

FRAMES = [f"{number:05d}" for number in range(6)]


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
                        "moments": {"17": [[0, 1]], "20": [[3, 3], [5, 5]]},
                    },
                    "1": {"exp": "the cat", "obj_id": [0], "anno_id": [17]},
                    "2": {"exp": "the dog", "obj_id": [], "anno_id": [], "moments": {}},
                    "3": {"exp": "a cat", "obj_id": [1], "anno_id": [20], "moments": [[2, 4]]},
                },
            }
        }
    }


@pytest.fixture
def masks(disk):
    bars = [disk.rle(disk.bar(left)) for left in range(6)]
    return {"17": [bars[0], None, *bars[2:]], "20": [plain_counts(6)] * 6}


@pytest.fixture
def folder(tmp_path, disk, meta, masks):
    def make(split="train", images=True, name="meta_expressions.json"):
        root = tmp_path / split
        disk.jpegs(root / "JPEGImages" / "cats", FRAMES if images else [])
        disk.put(root / name, meta)
        if masks is not None:
            disk.put(root / "mask_dict.json", masks)
        return tmp_path

    return make


def moments_of(folder, meta, value, convention=None, objects=("17", "20")):
    entry = meta["videos"]["cats"]["expressions"]["0"]
    entry["moments"] = value
    if convention:
        meta["moment_convention"] = convention
    return read(folder())[0]


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
    assert samples["1"].moment == Moment.all(6) and not samples["1"].timed
    assert samples["2"].targets == () and not samples["2"].moment
    assert samples["2"].kind == "none" and samples["2"].annotated
    assert samples["3"].moment == Moment([(2, 4)]) and samples["3"].timed


def test_frames_and_masks_are_read_in_the_order_asked(folder):
    sample = read(folder())[0]
    frames = sample.frames([5, 0, 0])
    assert frames.shape == (3, 8, 12, 3) and frames.dtype == np.uint8
    assert abs(int(frames[0, 0, 0, 0]) - 200) < 8 and frames[1].max() < 8
    masks = sample.masks([0, 1])
    assert masks.shape == (2, 2, 8, 12) and masks.dtype == bool
    assert masks[0, 0, :, :3].all() and masks[0, 0].sum() == 24 and not masks[0, 1].any()
    assert masks[1, 1, :, 6:9].all() and masks[1, 1].sum() == 24
    assert not sample.ignored([0, 1]).any()


def test_the_union_of_the_targets_is_an_rle(folder, disk):
    samples = read(folder())
    union = disk.bar(0) | disk.bar(6)
    assert samples[0].rle(0) == disk.rle(union)
    assert samples[1].rle(0) == disk.rle(disk.bar(0)) and samples[1].rle(1) is None
    assert samples[2].rle(0) is None
    assert samples[3].rle(0) == disk.rle(disk.bar(6))


def test_a_sample_survives_the_way_to_another_process(folder):
    sample = read(folder())[0]
    again = pickle.loads(pickle.dumps(sample))
    assert again.size == (8, 12) and (again.masks([0]) == sample.masks([0])).all()


def test_opening_reads_neither_frames_nor_masks(folder, meta, masks):
    masks["17"] = masks["17"][:2]
    root = folder(images=False)
    samples = read(root)
    assert len(samples) == 4
    with pytest.raises(DataError, match=r"mask_dict\.json, 17 has 2 masks for 6 frames"):
        samples[0].masks([0])


def test_the_root_may_be_the_split_itself(folder):
    assert len(read(folder("valid_u") / "valid_u", "train")) == 4


def test_an_expression_without_objects_has_no_masks(folder):
    assert read(folder())[2].masks([0, 1]).shape == (0, 2, 8, 12)


@pytest.mark.parametrize("name", [*V1, *V2])
def test_all_names_of_the_index_are_known(folder, name):
    assert len(read(folder(name=name))) == 4


def test_which_version_is_read_may_be_said(folder, meta):
    folder(name=V2[0])
    meta["videos"]["cats"]["expressions"].pop("3")
    root = folder()
    assert len(read(root)) == 3 and len(read(root, names=V2)) == 4


class TestMoments:
    def test_lists_of_frames(self, folder, meta):
        sample = moments_of(folder, meta, {"17": [0, 1, 2, 5], "20": []})
        assert [one.moment.to_list() for one in sample.targets] == [[[0, 2], [5, 5]], []]
        assert sample.timed

    def test_an_object_without_an_entry_is_unknown(self, folder, meta):
        sample = moments_of(folder, meta, {"17": [[1, 2]]})
        assert [one.moment.to_list() for one in sample.targets] == [[[1, 2]], [[0, 5]]]
        assert not sample.timed

    def test_a_file_may_count_from_one_and_leave_out_the_end(self, folder, meta):
        convention = {"index_base": 1, "inclusive": False}
        sample = moments_of(folder, meta, {"17": [[1, 3]], "20": [[5, 7]]}, convention)
        assert [one.moment.to_list() for one in sample.targets] == [[[0, 1]], [[4, 5]]]

    def test_moments_may_be_kept_by_object(self, folder, meta):
        sample = moments_of(folder, meta, {"1": [[2, 2]], "0": [[1, 1]]}, {"key": "obj_id"})
        assert [one.moment.to_list() for one in sample.targets] == [[[1, 1]], [[2, 2]]]

    def test_a_split_without_masks_may_have_moments_of_the_video(self, folder, meta):
        for one in meta["videos"]["cats"]["expressions"].values():
            for name in ("obj_id", "anno_id", "moments"):
                one.pop(name, None)
        meta["videos"]["cats"]["expressions"]["0"]["moments"] = [[1, 2]]
        timed, bare, *_ = read(folder("valid"), "valid")
        assert timed.moment == Moment([(1, 2)]) and timed.timed and not timed.annotated
        assert bare.targets == () and not bare.timed and not bare.annotated
        assert timed.size == (8, 12) and timed.frames([0]).shape == (1, 8, 12, 3)
        with pytest.raises(DataError, match="expression 0 has no masks"):
            timed.masks([0])

    @pytest.mark.parametrize(
        ("value", "convention", "sentence"),
        [
            ({"17": [[0, 6]]}, None, r"0/moments/17/0 is \[0, 6\], which lies outside the video"),
            ({"17": [[-1, 2]]}, None, "which lies outside the video; its frames are 0 to 5"),
            ({"17": [[0, 2]]}, {"index_base": 1}, "its frames are 1 to 6"),
            ({"17": [[3, 1]]}, None, "which ends before it starts"),
            ({"17": [[0, 1, 2]]}, None, "is not a pair of frames"),
            ({"17": [0.5]}, None, "moments/17/0 is not a whole number"),
            ({"18": []}, None, "moments/18 is no anno_id of the expression"),
            (5, None, "0/moments is not an object"),
            ([], {"base": 1}, "moment_convention/base is not a known convention"),
            ([], {"inclusive": 1}, "moment_convention/inclusive is not one of True, False"),
        ],
    )
    def test_broken_ones_name_their_key(self, folder, meta, value, convention, sentence):
        with pytest.raises(DataError, match=rf"^In .*meta_expressions\.json, .*{sentence}.*\.$"):
            moments_of(folder, meta, value, convention)


def test_missing_files_are_named(folder, tmp_path):
    with pytest.raises(DataError, match=r"meta_expressions\.json is missing"):
        read(tmp_path / "nowhere")
    samples = read(folder(images=False))
    with pytest.raises(DataError, match=r"00003\.jpg is missing"):
        samples[0].frames([3])
    (tmp_path / "train" / "mask_dict.json").unlink()
    with pytest.raises(DataError, match=r"mask_dict\.json is missing"):
        read(tmp_path)


def test_frames_of_another_size_than_the_masks_are_named(folder, disk):
    root = folder()
    disk.jpegs(root / "train" / "JPEGImages" / "cats", FRAMES[1:2], (9, 12))
    sample = read(root)[0]
    assert sample.frames([0]).shape == (1, 8, 12, 3)
    with pytest.raises(DataError, match=r"00001\.jpg is a frame of 12 x 9 pixels in a video of 12"):
        sample.frames([1])


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("exp", None, "expressions/1 lacks 'exp'"),
        ("exp", 7, "expressions/1/exp is not a text"),
        ("anno_id", None, "expressions/1 lacks 'anno_id'"),
        ("anno_id", [99], r"anno_id/0 is 99, which is not in mask_dict\.json"),
        ("anno_id", [17, 17], "anno_id/1 is 17, which is there more than once"),
        ("anno_id", 17, "anno_id is not a list"),
    ],
)
def test_malformed_entries_name_their_key(folder, meta, key, value, sentence):
    entry = meta["videos"]["cats"]["expressions"]["1"]
    entry[key] = value
    if value is None:
        del entry[key]
    with pytest.raises(DataError, match=rf"meta_expressions\.json, videos/cats/.*{sentence}"):
        read(folder())


@pytest.mark.parametrize(
    ("frames", "sentence"),
    [
        ([], "cats/frames is empty"),
        (["00000"] * 6, "cats/frames has a frame more than once"),
        (["../secret"] * 6, "cats/frames/0 is '../secret', which cannot name a file"),
        ("00000", "cats/frames is not a list"),
        (["é" * 130] * 6, "cats/frames/0 is 'é{80}', which cannot name a file"),
        (["\ud800"] * 6, "cats/frames/0 is half of a letter"),
    ],
)
def test_malformed_frames_name_their_key(folder, meta, frames, sentence):
    meta["videos"]["cats"]["frames"] = frames
    with pytest.raises(DataError, match=sentence):
        read(folder())


def test_all_that_is_broken_can_be_collected(folder, meta):
    expressions = meta["videos"]["cats"]["expressions"]
    del expressions["0"]["exp"]
    expressions["3"]["moments"] = [[2, 9]]
    found = []
    samples = read(folder(), report=found.append)
    assert [one.expression_id for one in samples] == ["1", "2"] and len(found) == 2


def test_ids_that_are_there_twice_are_named(folder, disk, meta):
    root = folder()
    text = json.dumps(meta).replace('"3": {"exp"', '"1": {"exp"')
    disk.put(root / "train" / "meta_expressions.json", text)
    with pytest.raises(DataError, match="cats/expressions/1 is there more than once"):
        read(root)
    path = disk.put(root / "train" / "meta_expressions.json", meta).with_name("mask_dict.json")
    disk.put(path, path.read_text().replace('"20"', '"17"'))
    with pytest.raises(DataError, match=r"mask_dict\.json, 17 is there more than once"):
        read(root)


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        ({"size": [8, 12], "counts": "]]]"}, "17/2/counts does not hold the runs"),
        ({"size": [8, 12], "counts": [96, 1]}, "17/2/counts does not hold the runs"),
        ({"size": [8, 12], "counts": [100, -4]}, "17/2/counts does not hold the runs"),
        ({"size": [8, 12], "counts": "é"}, "17/2/counts does not hold the runs"),
        ({"size": [8, 12]}, "17/2 lacks 'counts'"),
        ({"size": [9, 12], "counts": [108]}, "17/2 is a mask of 12 x 9 pixels in a video of 12 x"),
        ({"size": [-8, 12], "counts": ""}, "17/2/size is .* no size of a mask"),
        ("none", "17/2 is not an object"),
    ],
)
def test_a_bad_mask_names_its_annotation_and_frame(folder, masks, run, sentence):
    masks["17"][2] = run
    sample = read(folder())[1]
    assert sample.masks([3]).any()
    for ask in (lambda: sample.masks([2]), lambda: sample.rle(2)):
        with pytest.raises(DataError, match=rf"mask_dict\.json, {sentence}"):
            ask()


@pytest.mark.parametrize("text", ["{half", "[]", ""])
def test_a_file_that_is_not_json_is_named(folder, disk, text):
    root = folder()
    disk.put(root / "train" / "mask_dict.json", text)
    with pytest.raises(DataError, match=r"mask_dict\.json cannot be read"):
        read(root)
    disk.put(root / "train" / "meta_expressions.json", text)
    with pytest.raises(DataError, match=r"meta_expressions\.json (cannot be read|is not|has no)"):
        read(root)
