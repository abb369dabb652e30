"""Ref-YouTube-VOS, Ref-DAVIS17, ReVOS and Ref-SAV in their own layouts."""

import json

import av
import numpy as np
import pytest

from momentvos.data.formats import davis, refsav, revos, ytvos
from momentvos.errors import DataError
from momentvos.moment import Moment

FRAMES = ["00000", "00005", "00010"]


def label_maps(disk, *labels):
    """One map a frame; object k stands at column 3 k, void at the last column."""
    maps = np.zeros((len(FRAMES), *disk.size), np.uint8)
    for label in labels:
        maps[:, :, 3 * (label - 1) : 3 * label] = label
    maps[..., -1] = 255
    return maps


class TestYoutube:
    @pytest.fixture
    def index(self):
        return {
            "videos": {
                "003234408d": {
                    "frames": FRAMES,
                    "expressions": {
                        "0": {"exp": "a penguin on the left", "obj_id": "1"},
                        "10": {"exp": "another penguin", "obj_id": "2"},
                        "2": {"exp": "a penguin nobody sees", "obj_id": "3"},
                    },
                }
            }
        }

    @pytest.fixture
    def root(self, tmp_path, disk, index):
        def make(split="train"):
            disk.put(tmp_path / "meta_expressions" / split / "meta_expressions.json", index)
            disk.jpegs(tmp_path / split / "JPEGImages" / "003234408d", FRAMES)
            maps = label_maps(disk, 1, 2)
            disk.labels(tmp_path / split / "Annotations" / "003234408d", FRAMES, maps)
            return tmp_path

        return make

    def test_masks_are_the_pixels_of_an_objects_number(self, root):
        first, second, absent = ytvos.read(root(), "train")
        assert (first.expression_id, second.expression_id) == ("0", "10")
        assert first.size == (8, 12) and first.length == 3 and not first.timed
        assert first.masks([0, 2])[0, :, :, :3].all() and first.masks([0]).sum() == 24
        assert second.masks([1])[0, 0, :, 3:6].all() and second.masks([1]).sum() == 24
        assert not absent.masks([0, 1, 2]).any()
        assert first.ignored([0])[0, :, 11].all() and first.ignored([0]).sum() == 8
        assert first.moment == Moment.all(3) and first.rle(0) is not None

    def test_a_split_without_objects_has_no_ground_truth(self, root, index):
        for one in index["videos"]["003234408d"]["expressions"].values():
            del one["obj_id"]
        sample = ytvos.read(root("valid"), "valid")[0]
        assert not sample.annotated and not sample.timed and sample.targets == ()
        assert sample.frames([2]).shape == (1, 8, 12, 3) and not sample.ignored([0]).any()
        with pytest.raises(DataError, match="has no masks"):
            sample.masks([0])

    def test_the_videos_of_test_are_no_part_of_valid(self, root, index, disk):
        index["videos"]["test0"] = index["videos"]["003234408d"]
        folder = root("valid")
        both = ytvos.read(folder, "valid")
        other = {"videos": {"test0": index["videos"]["test0"]}}
        disk.put(folder / "meta_expressions" / "test" / "meta_expressions.json", other)
        alone = ytvos.read(folder, "valid")
        assert len(both) == 6 and {one.video_id for one in alone} == {"003234408d"}

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"obj_id": "255"}, "expressions/0/obj_id is 255, which is no label"),
            ({"obj_id": "one"}, "expressions/0/obj_id is one, which is no label"),
            ({"exp": None}, "expressions/0/exp is not a text"),
        ],
    )
    def test_broken_entries(self, root, index, change, sentence):
        index["videos"]["003234408d"]["expressions"]["0"] |= change
        with pytest.raises(DataError, match=sentence):
            ytvos.read(root(), "train")

    def test_broken_pictures(self, root, disk, tmp_path):
        sample = ytvos.read(root(), "train")[0]
        folder = tmp_path / "train" / "Annotations" / "003234408d"
        disk.labels(folder, FRAMES[:1], [np.ones((9, 12))])
        with pytest.raises(DataError, match=r"00000\.png is a mask of 12 x 9 pixels for a frame"):
            sample.masks([0])
        (folder / "00005.png").write_bytes(b"no picture")
        with pytest.raises(DataError, match=r"00005\.png cannot be read"):
            sample.masks([1])
        (folder / "00010.png").unlink()
        with pytest.raises(DataError, match=r"00010\.png is missing"):
            sample.masks([2])
        disk.jpegs(folder, ["00000"])
        (folder / "00000.jpg").rename(folder / "00000.png")
        with pytest.raises(DataError, match="no picture of labels"):
            sample.masks([0])


class TestDavis:
    @pytest.fixture
    def root(self, tmp_path, disk):
        base = tmp_path / "DAVIS"
        disk.put(base / "ImageSets" / "2017" / "val.txt", "classic-car\n")
        disk.jpegs(base / "JPEGImages" / "480p" / "classic-car", FRAMES)
        labels = base / "Annotations_unsupervised" / "480p" / "classic-car"
        disk.labels(labels, FRAMES, label_maps(disk, 1, 2))
        for number, name in enumerate(("1", "1_full_video", "2", "2_full_video")):
            path = tmp_path / "davis_text_annotations" / f"Davis17_annot{name}.txt"
            lines = f'clasic-car 2 "é driver {number}"\nclasic-car 1 "a "car" {number}"\n'
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(lines.encode("utf-8" if number < 2 else "latin-1"))
        return tmp_path

    def test_four_annotators_of_every_object(self, root):
        samples = davis.read(root)
        assert [one.expression_id for one in samples] == [str(k) for k in range(8)]
        assert [davis.annotator(one) for one in samples] == [0, 1, 2, 3] * 2
        assert [one.targets[0].id for one in samples] == ["1"] * 4 + ["2"] * 4
        assert samples[2].sentence == 'a "car" 2' and samples[7].sentence == "é driver 3"
        assert samples[5].masks([0])[0, 0, :, 3:6].all()
        assert samples[5].ignored([0]).sum() == 8

    def test_the_converted_layout_is_the_same(self, root, disk, tmp_path):
        known = davis.read(root)
        expressions = {
            one.expression_id: {"exp": one.sentence, "obj_id": one.targets[0].id} for one in known
        }
        index = {"videos": {"classic-car": {"frames": FRAMES, "expressions": expressions}}}
        converted = tmp_path / "converted"
        disk.put(converted / "meta_expressions" / "valid" / "meta_expressions.json", index)
        disk.jpegs(converted / "valid" / "JPEGImages" / "classic-car", FRAMES)
        labels = converted / "valid" / "Annotations" / "classic-car"
        disk.labels(labels, FRAMES, label_maps(disk, 1, 2))
        again = davis.read(converted)
        assert [one.sentence for one in again] == [one.sentence for one in known]
        assert all((a.masks([1]) == b.masks([1])).all() for a, b in zip(known, again, strict=True))

    def test_broken_lines_and_missing_sentences_are_named(self, root):
        path = root / "davis_text_annotations" / "Davis17_annot2.txt"
        path.write_text('classic-car 1 "a car"\nclassic-car two "a driver"\n')
        found = []
        samples = davis.read(root, report=found.append)
        assert len(samples) == 4
        assert [str(one).partition("annot2.txt, ")[2] for one in found] == [
            'line 2 is not of the form: video object "sentence".',
            "classic-car has 1 sentences, annotator 0 has 2.",
        ]
        path.write_text('classic-car 1 "a car"\n' * 2)
        with pytest.raises(DataError, match="line 2 describes object 1 of classic-car again"):
            davis.read(root)

    def test_missing_files(self, root):
        path = root / "DAVIS" / "JPEGImages" / "480p" / "classic-car"
        path.rename(path.with_name("elsewhere"))
        with pytest.raises(DataError, match="classic-car is missing"):
            davis.read(root)
        (root / "DAVIS" / "ImageSets" / "2017" / "val.txt").unlink()
        with pytest.raises(DataError, match=r"val\.txt is missing"):
            davis.read(root)


class TestRevos:
    @pytest.fixture
    def root(self, tmp_path, disk):
        def video(type_ids):
            return {
                "vid_id": 0, "height": 8, "width": 12, "frames": FRAMES,
                "expressions": {
                    str(k): {"exp": f"sentence {k}", "obj_id": ids, "anno_id": ids, "type_id": kind}
                    for k, (kind, ids) in enumerate(type_ids)
                },
            }  # fmt: skip

        index = {"videos": {"UVO/all/-CiP": video([(0, [5]), (1, [5, 6]), (2, [])])}}
        disk.put(tmp_path / "meta_expressions_valid_.json", index)
        rows = {str(k): [disk.rle(disk.bar(k - 5))] * 3 for k in (5, 6)}
        disk.put(tmp_path / "mask_dict.json", rows)
        return tmp_path

    @pytest.mark.parametrize("images", ["JPEGImages", "."])
    def test_names_with_slashes_and_kinds(self, root, disk, images):
        disk.jpegs(root / images / "UVO" / "all" / "-CiP", FRAMES)
        explicit, implicit, nothing = revos.read(root)
        assert [one.kind for one in (explicit, implicit, nothing)] == [
            "referring", "reasoning", "none"
        ]  # fmt: skip
        assert explicit.video_id == "UVO/all/-CiP" and explicit.frames([0]).shape == (1, 8, 12, 3)
        assert implicit.masks([0]).shape == (2, 1, 8, 12)
        assert nothing.annotated and nothing.targets == () and nothing.size == (8, 12)


class TestRefSav:
    def test_the_evaluation_half(self, tmp_path, disk):
        expressions = {
            str(k): {"exp": "text", "obj_id": [0], "anno_id": [0], "type_id": k} for k in (0, 1)
        }
        index = {"videos": {"sav_1": {"frames": FRAMES, "expressions": expressions}}}
        root = tmp_path / "ref_sav_eval"
        disk.put(root / "meta_expressions_valid.json", index)
        disk.put(root / "mask_dict.json", {"0": [disk.rle(disk.bar(2)), None, None]})
        disk.jpegs(root / "videos" / "sav_1", FRAMES)
        long, short = refsav.read(tmp_path)
        assert (long.kind, short.kind) == ("long", "short")
        assert long.masks([0]).sum() == 24 and not long.masks([1]).any()

    @pytest.fixture
    def train(self, tmp_path, disk):
        folder = tmp_path / "sav_train" / "sav_000"
        run = disk.rle(disk.bar(0, (16, 32)))
        run["size"] = [16.0, 32.0]
        other = disk.rle(disk.bar(9, (16, 32)))
        path = disk.put(folder / "sav_1_manual.json", {"masklet": [[run, other]] * 3})
        with av.open(str(folder / "sav_1.mp4"), "w") as file:
            stream = file.add_stream("mpeg4", rate=24, width=32, height=16)
            for number in range(9):
                rgb = np.full((16, 32, 3), 25 * number, np.uint8)
                file.mux(stream.encode(av.VideoFrame.from_ndarray(rgb)))
            file.mux(stream.encode())
        entry = {
            "video_path": "data/sav_train/sav_000/sav_1.mp4",
            "anno_path": "data/sav_train/sav_000/sav_1_manual.json",
            "objects": {"1": {"formated": "the second object"}},
        }
        disk.put(tmp_path / "Ref-SAV.json", {"sav_1": entry})
        return tmp_path, path

    def test_the_training_half(self, train):
        (sample,) = refsav.read(train[0], "train")
        assert (sample.length, sample.size, sample.fps) == (3, (16, 32), 6.0)
        assert sample.masks([0, 2])[0, :, :, 9:12].all() and sample.masks([0]).sum() == 48
        frames = sample.frames([2, 0])
        assert abs(int(frames[0].mean()) - 200) < 12 and frames[1].mean() < 12
        assert sample.moment == Moment.all(3)

    def test_broken_annotations_are_named(self, train):
        root, path = train
        masklet = json.loads(path.read_text())["masklet"]
        path.write_text(json.dumps({"masklet": [masklet[0], masklet[1][:1], masklet[2]] * 2}))
        (sample,) = refsav.read(root, "train")
        with pytest.raises(DataError, match=r"manual\.json, masklet/1 has no object 1"):
            sample.masks([1])
        with pytest.raises(DataError, match=r"sav_1\.mp4 has 9 frames, too few"):
            sample.frames([5])

    def test_masks_of_another_size_than_the_video_are_named(self, train, disk):
        root, path = train
        disk.put(path, {"masklet": [[None, disk.rle(disk.bar(0, (32, 16)))]] * 3})
        (sample,) = refsav.read(root, "train")
        with pytest.raises(DataError, match=r"sav_1\.mp4 has 32 x 16 pixels, its masks have 16 x"):
            sample.frames([0])
