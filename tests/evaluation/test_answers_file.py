"""Answers of anyone's program in one file of JSON."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from momentvos.cli.main import app
from momentvos.data.formats import mevis
from momentvos.errors import BenchmarkError
from momentvos.evaluation.answers_file import AnswersFile
from momentvos.evaluation.footage import SampleVideo
from momentvos.evaluation.prediction_folder import NotAnswered
from momentvos.evaluation.score_folder import score_predictions
from momentvos.masklet import Masklet
from momentvos.moment import Moment


@pytest.fixture
def world(small_world):
    return small_world()


@pytest.fixture
def samples(world):
    return mevis.read(world)


@pytest.fixture
def lines(samples, painter):
    """A line for every sample: the truth, two pixels to the right."""
    painted = painter(samples, shift=2)
    made = []
    for sample in samples:
        (one,) = painted.segment(SampleVideo(sample), [sample.sentence], [None])
        line = {"video": sample.video_id, "expression": sample.expression_id, "found": one.found}
        line |= {"moment": one.moment.to_list(), "masks": one.masklet.to_json(sample.length)}
        made.append(line | {"relevance": list(one.relevance), "presence": 1.0})
    return made


def write(path, lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_a_file_is_worth_what_a_folder_is(world, samples, lines, painter, tmp_path):
    scoring = score_predictions(write(tmp_path / "a.jsonl", lines), "momentworld", world)
    painted = painter(samples, shift=2)
    for sample in samples:
        (one,) = painted.segment(SampleVideo(sample), [sample.sentence], [None])
        one.save(tmp_path / "folder" / sample.video_id / sample.expression_id)
    other = score_predictions(tmp_path / "folder", "momentworld", world)
    assert not scoring.faults and not other.faults
    assert scoring.outcome.metrics == other.outcome.metrics
    assert 0.1 < scoring.outcome.metrics["moments-and-masks"]["M&M"] < 1
    scoring.save(tmp_path / "out")
    assert "data:image/jpeg" in (tmp_path / "out/report.html").read_text()


def test_a_list_is_read_as_well(world, lines, tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(lines))
    assert score_predictions(path, "momentworld", world).outcome.score.scored == len(lines)


def test_every_fault_is_named(world, samples, lines, tmp_path):
    broken = [dict(line) for line in lines]
    broken[0]["masks"] = [{"size": [3, 4], "counts": "0"}]
    broken[1]["moment"] = [[3, 1]]
    broken[2]["certain"] = True
    broken[3]["video"] = "nobody"
    broken[4]["masks"] = [None] * (samples[4].length + 1)
    del broken[5]["moment"], broken[5]["found"], broken[5]["relevance"], broken[5]["presence"]
    path = write(tmp_path / "a.jsonl", [*broken, broken[5]])
    scoring = score_predictions(path, "momentworld", world)
    assert len(scoring.outcome.errors) == 5
    told = "\n".join(map(str, scoring.faults))
    assert "line 1 (is no answer: The mask of frame 0 is not a COCO RLE of 64 x 64" in told
    assert "line 2 (is no answer: The span [3, 1] is not in order" in told
    assert "line 3/certain (is not one of video, expression," in told
    assert "missing: " in told and "there is no answer to it" in told
    assert "line 4 (no expression's)" in told and "the second answer to its" in told
    assert f"has {samples[4].length + 1} masks for {samples[4].length} frames" in told


def test_masks_alone_are_masks_alone(samples, lines, tmp_path):
    kept = [{k: line[k] for k in ("video", "expression", "masks")} for line in lines]
    answers = AnswersFile(write(tmp_path / "a.jsonl", kept))
    assert isinstance(answers.load(samples[0]), Masklet)


def test_tracks_become_one_mask(samples, tmp_path):
    sample = samples[0]
    halves = np.zeros((2, *sample.size), bool)
    halves[0, :4], halves[1, 4:8] = True, True
    made = [Masklet(sample.size), Masklet(sample.size)]
    for masklet, half in zip(made, halves, strict=True):
        masklet.set(1, half)
    line = {"video": sample.video_id, "expression": sample.expression_id}
    tracks = [{"score": 0.7, "masks": one.to_json()} for one in made]
    told = AnswersFile(write(tmp_path / "a.jsonl", [line | {"tracks": tracks}])).load(sample)
    assert (told.masklet.get(1) == halves.any(0)).all() and told.scores == (0.7, 0.7)
    assert told.found and told.moment == Moment([(1, 1)])


def test_what_is_no_file_of_answers(samples, tmp_path):
    for text, why in (("{", "cannot be read as JSON"), ("[3]", "is not an object"),
                      ('[{"video": "v"}]', "lacks 'expression'")):  # fmt: skip
        (tmp_path / "a.json").write_text(text)
        with pytest.raises(BenchmarkError, match=why):
            AnswersFile(tmp_path / "a.json")
    (tmp_path / "a.jsonl").write_text("")
    with pytest.raises(NotAnswered, match="there is no answer to it"):
        AnswersFile(tmp_path / "a.jsonl").load(samples[0])


def test_moments_are_scored_without_a_video(tmp_path):
    entry = {"duration": 6.0, "spans": [[1.0, 3.0], [2.0, 4.0]], "queries": ["A man sits", "He"]}
    (tmp_path / "charades-timelens.json").write_text(json.dumps({"3M": entry}))
    lines = [
        {"video": "3M", "expression": "0", "windows": [[1.0, 3.0], [0, 6]]},
        {"video": "3M", "expression": "1", "moment": [[4, 5]]},  # 2 to 3 s, at 2 frames a second
    ]
    scoring = score_predictions(write(tmp_path / "a.jsonl", lines), "charades-timelens", tmp_path)
    metrics = scoring.outcome.metrics["timelens"]
    assert metrics["mIoU"] == pytest.approx(0.75) and metrics["R1@0.7"] == 0.5


def test_boxes_are_scored_without_a_video(tmp_path):
    one = {"bbox": [[0, 0, 4, 4]] * 3, "st_frame": 4, "img_num": 200, "caption": "A man turns."}
    (tmp_path / "test.json").write_text(json.dumps({"v.mp4": one, "w.mp4": one}))
    boxes = {str(n): [0, 0, 4, 4] for n in range(4, 7)}
    lines = [{"video": "v", "expression": "0", "moment": [[4, 6]], "boxes": boxes},
             {"video": "w", "expression": "0", "found": False}]  # fmt: skip
    scoring = score_predictions(write(tmp_path / "a.jsonl", lines), "hc-stvg", tmp_path)
    metrics = scoring.outcome.metrics
    assert metrics["hc-stvg"]["m_tIoU"] == metrics["hc-stvg-own"]["m_vIoU"] == 0.5
    missing = score_predictions(write(tmp_path / "a.jsonl", lines[:1]), "hc-stvg", tmp_path)
    assert "hc-stvg" not in missing.outcome.metrics  # its program stops there
    assert missing.outcome.metrics["hc-stvg-own"]["m_tIoU"] == 0.5


def test_instances_in_sa_cos_own_layout(tmp_path):
    def rows(left):
        masklet = Masklet((8, 12))
        mask = np.zeros((8, 12), bool)
        mask[:, left : left + 3] = True
        masklet.set(0, mask)
        return masklet.to_json(2)

    content = {
        "videos": [{"id": 5, "video_name": "a", "file_names": ["a/0.jpg", "a/1.jpg"],
                    "height": 8, "width": 12}],
        "annotations": [{"video_id": 5, "category_id": 9, "segmentations": rows(1)},
                        {"video_id": 5, "category_id": 9, "segmentations": rows(7)}],
        "video_np_pairs": [{"video_id": 5, "category_id": 9, "noun_phrase": "a braid"},
                           {"video_id": 5, "category_id": 2, "noun_phrase": "a horse"}],
    }  # fmt: skip
    (tmp_path / "saco_veval_sav_test.json").write_text(json.dumps(content))
    line = {"video_id": 5, "category_id": 9, "score": 0.9}
    answers = [line | {"segmentations": rows(1)}, line | {"segmentations": rows(7)},
               line | {"score": 0.1, "segmentations": rows(4)}]  # fmt: skip
    path = tmp_path / "preds.json"
    path.write_text(json.dumps(answers))
    metrics = score_predictions(path, "saco-veval", tmp_path).outcome.metrics
    assert metrics["saco"]["cgF1"] == pytest.approx(1, abs=1e-3)
    assert metrics["saco"]["pHOTA"] == pytest.approx(1)
    assert metrics["mevis-v2"]["J&F"] == metrics["mevis-v2"]["N-acc"] == 1
    path.write_text(json.dumps([*answers, line | {"category_id": 77, "segmentations": rows(1)}]))
    metrics = score_predictions(path, "saco-veval", tmp_path).outcome.metrics
    assert metrics["saco"]["IL_MCC"] == pytest.approx(0.5) and metrics["saco"]["expected"] == 3


def test_the_command_reads_a_file(world, lines, tmp_path):
    path = write(tmp_path / "a.jsonl", lines)
    words = ["eval", "score", path, "--root", world, "--benchmark", "momentworld", "--quiet"]
    result = CliRunner().invoke(app, list(map(str, words)))
    assert result.exit_code == 0 and "moments-and-masks" in result.stdout
