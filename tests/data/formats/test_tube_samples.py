"""HC-STVG and VidSTG: a moment of a video, and a box in each of its frames."""

import json

import pytest
from tests.data.formats.test_moments import write_video

from momentvos.data.formats import hcstvg, vidstg
from momentvos.errors import DataError, VideoError
from momentvos.moment import Moment

BOXES = [[1.0, 2.0, 4.0, 5.0], [2.0, 2.0, 4.0, 5.0], [3.0, 2.5, 4.0, 5.0]]


class TestHCSTVG:
    @pytest.fixture
    def root(self, tmp_path, disk):
        def make(name="test.json", **parts):
            one = {"bbox": BOXES, "st_frame": 4, "img_num": 24, "caption": "The man turns."}
            return disk.put(tmp_path / name, {"9_a.mp4": one | parts}).parent

        return make

    def test_a_tube_in_frames_of_the_file(self, root):
        write_video(root() / "video/0/9_a.mp4", seconds=6, fps=4)
        (sample,) = hcstvg.read(root())
        assert (sample.video_id, sample.sentence) == ("9_a", "The man turns.")
        assert sample.path.name == "9_a.mp4" and sample.path.parent.name == "0"
        assert (sample.length, sample.fps, sample.first) == (24, 1.2, 4)
        assert sample.moment == Moment([(4, 6)]) and sample.size == (16, 32)
        assert list(sample.boxes()) == [(1, 2, 5, 7), (2, 2, 6, 7), (3, 2.5, 7, 7.5)]
        grey = [round(float(one.mean()) / 40) for one in sample.frames([23, 0, 9])]
        assert grey == [5, 0, 2]
        with pytest.raises(DataError, match="boxes only"):
            sample.masks([0])

    def test_the_second_version_has_other_keys(self, root):
        (sample,) = hcstvg.read_v2(root("valv2.json", English="A man turns.", caption=None))
        assert sample.sentence == "A man turns."

    def test_a_tube_may_reach_the_end_and_not_begin_there(self, root):
        (sample,) = hcstvg.read(root(st_frame=22))
        assert sample.moment == Moment([(22, 23)]) and len(sample.boxes()) == 3
        with pytest.raises(DataError, match="has a tube in frames 24 to 26 of a part"):
            hcstvg.read(root(st_frame=24))
        with pytest.raises(DataError, match=r"is no box \[x, y, width, height\]"):
            hcstvg.read(root(bbox=[[1, 2, -3, 4]]))
        with pytest.raises(DataError, match="bbox is empty"):
            hcstvg.read(root(bbox=[]))

    def test_a_file_with_too_few_frames_is_named(self, root):
        write_video(root() / "video/9_a.mp4", seconds=2, fps=4)
        (sample,) = hcstvg.read(root())
        with pytest.raises(DataError, match="has 8 frames, the data set counts on 24"):
            sample.frames([20])
        assert round(float(sample.frames([8]).mean()) / 40) == 1  # the last one
        (root() / "video/9_a.mp4").unlink()
        with pytest.raises(VideoError, match="does not exist"):
            hcstvg.read(root())[0].frames([0])


class TestVidSTG:
    @pytest.fixture
    def root(self, tmp_path, disk):
        one = {
            "vid": "77",
            "fps": 4.0,
            "frame_count": 24,
            "used_segment": {"begin_fid": 4, "end_fid": 16},
            "temporal_gt": {"begin_fid": 6, "end_fid": 8},
            "captions": [{"description": "a dog runs.", "target_id": 1}],
            "questions": [{"description": "what runs?", "target_id": 1}],
        }
        disk.put(tmp_path / "annotations/test_annotations.json", [one])
        frames = [
            [
                {"tid": k, "bbox": {"xmin": k + t, "ymin": 1, "xmax": k + t + 4, "ymax": 6}}
                for k in (0, 1)
            ]
            for t in range(8)
        ]
        disk.put(tmp_path / "validation/00/77.json", {"trajectories": frames})
        return tmp_path

    def test_statements_and_questions_about_a_segment(self, root):
        write_video(root / "video/00/77.mp4", seconds=6, fps=4)
        first, second = vidstg.read(root)
        assert (first.kind, second.kind) == ("declarative", "interrogative")
        assert first.video_id == second.video_id == "77_4_16"
        assert (first.expression_id, second.expression_id) == ("0-d0", "0-i0")
        assert (first.length, first.offset, first.first) == (13, 4, 6)
        assert first.moment == Moment([(2, 3)])
        assert list(first.boxes()) == [(7, 1, 11, 6), (8, 1, 12, 6)]
        grey = [round(float(one.mean()) / 40) for one in first.frames([0, 12])]
        assert grey == [1, 4]

    def test_a_missing_box_is_named(self, root):
        path = root / "validation/00/77.json"
        frames = json.loads(path.read_text())["trajectories"]
        del frames[7][1]
        path.write_text(json.dumps({"trajectories": frames}))
        vidstg._trajectories.cache_clear()
        with pytest.raises(DataError, match="has no box of object 1 in frame 7"):
            vidstg.read(root)[0].boxes()

    def test_a_broken_span_is_named(self, root):
        path = root / "annotations/test_annotations.json"
        (one,) = json.loads(path.read_text())
        path.write_text(json.dumps([one | {"temporal_gt": {"begin_fid": 8, "end_fid": 8}}]))
        with pytest.raises(DataError, match="runs from frame 8 to 8, which is no span"):
            vidstg.read(root)
