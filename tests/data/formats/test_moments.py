"""Charades-STA, ActivityNet Captions and QVHighlights in their own layouts."""

import json

import av
import numpy as np
import pytest

from momentvos.data.formats import activitynet, charades, qvhighlights, timelens
from momentvos.errors import DataError, VideoError
from momentvos.moment import Moment


def write_video(path, seconds=6, fps=4):
    """Second n is the grey 40 n."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=fps, width=32, height=16)
        for number in range(seconds * fps):
            rgb = np.full((16, 32, 3), 40 * (number // fps), np.uint8)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(rgb)))
        file.mux(stream.encode())


class TestCharades:
    @pytest.fixture
    def root(self, tmp_path, disk):
        def make(
            lines="3MSZA 1.0 3.0##person turn a light on.\n3MSZA 2.5 9.0 ##person sits.\n",
            lengths="id,subject,length\n3MSZA,X,6.0\n",
        ):
            disk.put(tmp_path / "charades_sta_test.txt", lines)
            disk.put(tmp_path / "Charades_v1_test.csv", lengths)
            return tmp_path

        return make

    def test_moments_in_seconds_and_on_the_grid(self, root):
        write_video(root() / "Charades_v1_480" / "3MSZA.mp4")
        first, second = charades.read(root())
        assert (first.video_id, first.expression_id) == ("3MSZA", "0")
        assert first.sentence == "person turn a light on." and first.duration == 6.0
        assert first.seconds == ((1.0, 3.0),) and second.seconds == ((2.5, 6.0),)
        assert (first.length, first.fps, first.moment) == (12, 2.0, Moment([(2, 5)]))
        assert first.timed and not first.annotated and first.size == (16, 32)
        frames = first.frames([11, 0, 2])
        assert [round(float(one.mean()) / 40) for one in frames] == [5, 0, 1]
        with pytest.raises(DataError, match="moments only"):
            first.masks([0])

    def test_a_missing_video_is_named_when_it_is_opened(self, root):
        sample = charades.read(root())[0]
        with pytest.raises(VideoError, match=r"3MSZA\.mp4' does not exist"):
            sample.frames([0])

    def test_moments_outside_are_cut_noted_or_left_out(self, root):
        lines = "3MSZA 1.0 9.0##a\n3MSZA 7.0 9.0##b\n3MSZA 3.0 3.0##c\n3MSZA 1.0 2.0##d\n"
        found = []
        samples = charades.read(root(lines), report=found.append)
        assert [(one.expression_id, one.sentence) for one in samples] == [("0", "a"), ("3", "d")]
        assert all(one.note for one in found) and len(found) == 3
        assert str(found[1]).endswith(
            "line 2 has the span 7 to 9 s, which lies outside the video of 6 s; it is left out."
        )

    @pytest.mark.parametrize(
        ("lines", "sentence"),
        [
            ("3MSZA 1.0##a\n", "line 1 is not of the form"),
            ("3MSZA 1.0 nan##a\n", "line 1 has no two numbers"),
            ("AAAAA 1.0 2.0##a\n", "line 1 is about AAAAA, which is not in Charades_v1_test"),
            ("../AA 1.0 2.0##a\n", "cannot name a file"),
        ],
    )
    def test_broken_lines(self, root, lines, sentence):
        with pytest.raises(DataError, match=sentence):
            charades.read(root(lines))

    @pytest.mark.parametrize(
        ("lengths", "sentence"),
        [
            ("id,length\n3MSZA,long\n", "line 2 has the length 'long'"),
            ("id,length\n3MSZA,-1\n", "line 2 has the length '-1'"),
            ("id,length\n3MSZA,6\n3MSZA,7\n", "line 3 is about 3MSZA, which is there more"),
            ("name\n3MSZA\n", "line 1 has no columns"),
            (f"id,length\n{'x' * 140_000},6\n", r"line \d is no CSV"),
        ],
    )
    def test_broken_lengths(self, root, lengths, sentence):
        with pytest.raises(DataError, match=rf"Charades_v1_test\.csv, {sentence}"):
            charades.read(root(lengths=lengths))


class TestActivityNet:
    @pytest.fixture
    def entry(self):
        return {
            "duration": 20.5,
            "timestamps": [[0, 4.5], [18.0, 21.0]],
            "sentences": [" A man skis.", "He falls."],
        }

    def test_sentences_are_trimmed_and_moments_cut(self, tmp_path, disk, entry):
        disk.put(tmp_path / "val_2.json", {"v_a": entry})
        write_video(tmp_path / "videos" / "v_a.mkv")
        found = []
        first, second = activitynet.read(tmp_path, report=found.append)
        assert (first.sentence, first.seconds) == ("A man skis.", ((0.0, 4.5),))
        assert (first.length, first.moment) == (21, Moment([(0, 4)]))
        assert second.seconds == ((18.0, 20.5),) and first.path.name == "v_a.mkv"
        assert [one.key for one in found] == ["v_a/timestamps/1"] and found[0].note

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"duration": 0}, "v_a/duration is 0, which is no duration"),
            ({"sentences": ["one"]}, "v_a has 1 sentences and 2 timestamps"),
            ({"timestamps": [[1], [2, 3]]}, r"v_a/timestamps/0 is not a pair"),
            ({"timestamps": [["a", 1], [2, 3]]}, r"v_a/timestamps/0/0 is not a number"),
        ],
    )
    def test_broken_entries(self, tmp_path, disk, entry, change, sentence):
        disk.put(tmp_path / "val_2.json", {"v_a": entry | change})
        with pytest.raises(DataError, match=sentence):
            activitynet.read(tmp_path)


class TestHighlights:
    @pytest.fixture
    def line(self):
        return {
            "qid": 2579, "query": "A girl and her mother cooked.", "duration": 150,
            "vid": "NUsG9BgSes0_210.0_360.0", "relevant_clip_ids": [41, 42],
            "saliency_scores": [[1, 1, 2], [4, 0, 3]], "relevant_windows": [[82, 86], [0, 2]],
        }  # fmt: skip

    def write(self, path, *lines):
        path.write_text("".join(json.dumps(one) + "\n" for one in lines))

    def test_windows_clips_and_saliency(self, tmp_path, line):
        self.write(tmp_path / "highlight_val_release.jsonl", line)
        (sample,) = qvhighlights.read(tmp_path)
        assert (sample.expression_id, sample.length, sample.fps) == ("2579", 75, 0.5)
        assert sample.seconds == ((82.0, 86.0), (0.0, 2.0))
        assert sample.moment == Moment([(0, 0), (41, 42)])
        assert sample.saliency == ((41, (1, 1, 2)), (42, (4, 0, 3)))

    def test_the_test_split_with_and_without_ground_truth(self, tmp_path, line):
        bare = {key: line[key] for key in ("qid", "query", "duration", "vid")}
        self.write(tmp_path / "highlight_test_release.jsonl", bare)
        (hidden,) = qvhighlights.read(tmp_path, "test")
        assert not hidden.timed and hidden.seconds is None and hidden.targets == ()
        self.write(tmp_path / "highlight_test_with_gt.jsonl", line)
        assert qvhighlights.read(tmp_path, "test")[0].timed

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"relevant_windows": [[160, 170]]}, "relevant_windows/0 has the span 160 to 170 s, w"),
            ({"relevant_windows": [[9, 4]]}, "relevant_windows/0 has the span .* is empty"),
            ({"saliency_scores": [[1, 1, 1]]}, "saliency_scores has 1 entries for 2 clips"),
            ({"qid": 2579}, "qid is 2579, which is there more than once"),
            ({"query": None}, "query is not a text"),
        ],
    )
    def test_broken_lines(self, tmp_path, line, change, sentence):
        other = line | {"qid": 1} | change
        self.write(tmp_path / "highlight_val_release.jsonl", line, other)
        with pytest.raises(DataError, match=rf"release\.jsonl, line 2/{sentence}"):
            qvhighlights.read(tmp_path)

    def test_a_line_that_is_no_json(self, tmp_path, line):
        path = tmp_path / "highlight_val_release.jsonl"
        path.write_text("{half\n" + json.dumps(line) + "\n")
        found = []
        assert len(qvhighlights.read(tmp_path, report=found.append)) == 1
        assert "line 1 cannot be read as JSON" in str(found[0])


class TestTimeLens:
    @pytest.fixture
    def root(self, tmp_path, disk):
        def make(**parts):
            one = {
                "duration": 6.0,
                "spans": [[1.0, 3.0], [2.0, 7.5]],
                "queries": ["  A man\n sits.", "He goes"],
            }
            disk.put(tmp_path / "charades-timelens.json", {"3MSZA": one | parts})
            return tmp_path

        return make

    def test_moments_are_as_annotated(self, root):
        write_video(root() / "videos/charades/3MSZA.mp4")
        first, second = timelens.read(root())
        assert (first.sentence, second.sentence) == ("A man sits", "He goes")
        assert first.seconds == ((1.0, 3.0),) and second.seconds == ((2.0, 7.5),)
        assert first.timed and first.moment == Moment([(2, 5)]) and first.size == (16, 32)
        assert second.moment == Moment([(4, 11)]) and second.length == 12

    def test_the_same_twice_counts_once(self, root):
        found = []
        spans, queries = [[1, 3], [1, 3], [1, 4]], ["A man sits", "A man  sits.", "A man sits"]
        samples = timelens.read(root(spans=spans, queries=queries), report=found.append)
        assert [one.expression_id for one in samples] == ["0", "2"]
        assert len(found) == 1 and found[0].note and "it counts once" in str(found[0])

    def test_broken_entries(self, root):
        with pytest.raises(DataError, match="has 2 queries and 1 spans"):
            timelens.read(root(spans=[[1, 3]]))
        with pytest.raises(DataError, match="is 3 to 3 s, which is no span"):
            timelens.read(root(spans=[[3, 3], [1, 2]]))
