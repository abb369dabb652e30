"""Benchmarks of every kind on small trees in the data sets' formats, with models that know."""

import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from momentvos.errors import BenchmarkError, DataError, OutputError
from momentvos.evaluation.benchmark import BenchmarkRun, Request
from momentvos.grounding.fixed_spans import certain
from momentvos.masklet import Masklet
from momentvos.media.writer import VideoWriter
from momentvos.moment import Moment

FRAMES = [f"{number:05d}" for number in range(3)]


def blocks(frame):
    """Labels of two objects that touch; void beside the second."""
    labels = np.zeros((24, 32), np.uint8)
    labels[4:12, 2 + frame : 12 + frame] = 1
    labels[8:20, 12 + frame : 20 + frame] = 2
    labels[20:22, 12:20] = 255
    return labels


def run_of(mask):
    masklet = Masklet(mask.shape)
    masklet.set(0, mask)
    return masklet.rle(0)


def pictures(folder, suffix="jpg"):
    folder.mkdir(parents=True)
    for name in FRAMES:
        Image.new("RGB", (32, 24)).save(folder / f"{name}.{suffix}")


@pytest.fixture
def davis(tmp_path):
    pictures(tmp_path / "valid" / "JPEGImages" / "dogs")
    labels = tmp_path / "valid" / "Annotations" / "dogs"
    labels.mkdir(parents=True)
    for number, name in enumerate(FRAMES):
        picture = Image.fromarray(blocks(number), "P")
        picture.putpalette([0, 0, 0, 200, 0, 0, 0, 200, 0] + [7] * 759)
        picture.save(labels / f"{name}.png")
    said = {
        str(4 * o + a): {"exp": f"dog {o} as {a} says", "obj_id": str(o + 1)}
        for o in range(2)
        for a in range(4)
    }
    meta = tmp_path / "meta_expressions" / "valid" / "meta_expressions.json"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"videos": {"dogs": {"frames": FRAMES, "expressions": said}}}))
    return tmp_path


@pytest.fixture
def revos(tmp_path):
    pictures(tmp_path / "JPEGImages" / "UVO" / "all" / "dogs")
    masks = {
        str(label): [run_of(blocks(number) == label) for number in range(3)] for label in (1, 2)
    }
    said = {
        "0": {"exp": "the left dog", "obj_id": [0], "anno_id": [1], "type_id": 0},
        "1": {"exp": "who barks?", "obj_id": [0, 1], "anno_id": [1, 2], "type_id": 1},
        "2": {"exp": "the cat", "obj_id": [], "anno_id": [], "type_id": 2},
    }
    video = {"vid_id": 0, "frames": FRAMES, "expressions": said}
    meta = tmp_path / "meta_expressions_valid_.json"
    meta.write_text(json.dumps({"videos": {"UVO/all/dogs": video}}))
    (tmp_path / "mask_dict.json").write_text(json.dumps(masks))
    return tmp_path


@pytest.fixture
def reasonseg(tmp_path):
    folder = tmp_path / "val"
    folder.mkdir()
    for number in range(2):
        Image.new("RGB", (32, 24)).save(folder / f"{number}.jpg")
        corners = [[4, 4], [14, 4], [14, 14], [4, 14]]
        shapes = [
            {"label": "target", "points": corners},
            {"label": "ignore", "points": [[x + 12, y] for x, y in corners]},
        ]
        text = [f"what is {number}?", f"and {number}?"]
        whole = {"shapes": shapes, "text": text, "is_sentence": True}
        (folder / f"{number}.json").write_text(json.dumps(whole))
    return tmp_path


@pytest.fixture
def measure(tmp_path, painter):
    def measure(name, root, shift=0, refuses=None):
        request = Request(name, root, "painter/knows", tmp_path / f"run{shift}{refuses}")
        job = BenchmarkRun(request)
        job.answer(lambda: painter(job.samples, shift, refuses))
        return job, job.conclude()

    return measure


def test_ref_davis_is_scored_both_ways(davis, measure):
    _, outcome = measure("ref-davis17", davis)
    assert outcome.metrics["ref-davis-expr"]["J&F"] == 1
    assert outcome.metrics["ref-davis-classic"]["J&F"] == 1
    assert outcome.metrics["ref-davis-expr"]["scored"] == 8
    assert outcome.metrics["ref-davis-classic"]["scored"] == 8


def test_the_classic_way_pairs_swapped_objects_and_the_other_does_not(davis, tmp_path, painter):
    job = BenchmarkRun(Request("ref-davis17", davis, "painter/swaps", tmp_path / "run"))
    other = {label: one.targets for one in job.samples for label in ("12".strip(one.targets[0].id))}
    swapped = [replace(one, targets=other[one.targets[0].id]) for one in job.samples]
    job.answer(lambda: painter(swapped))
    metrics = job.conclude().metrics
    assert metrics["ref-davis-expr"]["J"] == 0 and metrics["ref-davis-classic"]["J&F"] == 1


def test_the_classic_way_wants_everything(davis, measure):
    _, outcome = measure("ref-davis17", davis, refuses="dog 1 as 2")
    assert outcome.metrics["ref-davis-expr"]["scored"] == 7
    assert "ref-davis-classic" not in outcome.metrics
    assert any("ref-davis-classic" in note for note in outcome.notes)
    assert outcome.to_json()["notes"]


def test_revos_is_scored_by_type_with_its_robustness(revos, measure):
    job, outcome = measure("revos", revos)
    metrics = outcome.metrics["revos"]
    assert metrics["J&F overall"] == metrics["J&F referring"] == metrics["J&F reasoning"] == 1
    assert metrics["R binary"] == pytest.approx(1) and metrics["R neg"] == pytest.approx(1)
    _, outcome = measure("revos", revos, shift=4)
    assert 0 < outcome.metrics["revos"]["R binary"] < 1
    path, count = job.submit()
    assert count == 9 and path.exists()


def test_pictures_are_scored_by_overlap_without_what_is_ignored(reasonseg, measure):
    job, outcome = measure("reasonseg", reasonseg)
    assert len(job.samples) == 2
    metrics = outcome.metrics["reasonseg"]
    assert metrics["cIoU"] == pytest.approx(1) and metrics["gIoU"] == pytest.approx(1, abs=1e-4)
    _, outcome = measure("reasonseg", reasonseg, refuses="what is 1")
    metrics = outcome.metrics["reasonseg"]
    assert (metrics["scored"], metrics["expected"]) == (1, 2)
    assert metrics["cIoU"] == pytest.approx(0.5)


class Clock:
    """Says the same moment of everything."""

    def __init__(self, frames):
        self.frames = Moment(frames)

    def ground(self, video, sentence):
        if "fail" in sentence:
            raise RuntimeError("no idea")
        return [0.9 if flag else 0.1 for flag in self.frames.flags(len(video))], self.frames


@pytest.fixture
def highlights(tmp_path):
    (tmp_path / "videos").mkdir()
    with VideoWriter(tmp_path / "videos" / "a_0.0_20.0.mp4", (24, 32), fps=1) as film:
        for _ in range(20):
            film.write(np.zeros((24, 32, 3), np.uint8))
    lines = []
    for number, query in enumerate(("a dog", "a cat", "we fail")):
        lines.append(
            {
                "qid": number,
                "query": query,
                "vid": "a_0.0_20.0",
                "duration": 20,
                "relevant_windows": [[4, 8]] if number != 1 else [[0, 8]],
                "relevant_clip_ids": [2, 3],
                "saliency_scores": [[4, 4, 3], [2, 3, 4]],
            }
        )
    text = "\n".join(map(json.dumps, lines[:2]))
    (tmp_path / "highlight_val_release.jsonl").write_text(text + "\n" + json.dumps(lines[2]))
    return tmp_path


def test_moments_are_scored_in_seconds(highlights, tmp_path):
    job = BenchmarkRun(Request("qvhighlights", highlights, "clock/ticks", tmp_path / "run"))
    state = job.answer(lambda: Clock([(2, 3)]))
    assert (state.asked, state.failed) == (3, 1)
    outcome = job.conclude()
    metrics = outcome.metrics["qvhighlights"]
    assert (metrics["scored"], metrics["expected"]) == (2, 3)
    assert metrics["R1@0.5"] == pytest.approx(2 / 3) and metrics["R1@0.7"] == pytest.approx(1 / 3)
    assert outcome.value(job.samples[0]) == 1 and outcome.value(job.samples[1]) == 0.5
    assert "no idea" in outcome.errors["a_0.0_20.0", "2"]
    assert any("qvhighlights-hl" in note for note in outcome.notes)
    with pytest.raises(BenchmarkError, match="lack 1 of 3"):
        job.submit()
    path, count = job.submit(incomplete=True)
    assert count == 2
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["hl_val_submission.jsonl"]
        lines = archive.read("hl_val_submission.jsonl").decode().splitlines()
    first = json.loads(lines[0])
    assert (first["qid"], first["query"], first["vid"]) == (0, "a dog", "a_0.0_20.0")
    assert first["pred_relevant_windows"] == [[4.0, 8.0, pytest.approx(0.9)]]
    assert first["pred_saliency_scores"] == [0.1, 0.1, 0.9, 0.9, *[0.1] * 6]


def test_a_broken_film_is_one_sentence_for_each_of_its_sentences(highlights, tmp_path):
    (highlights / "videos" / "a_0.0_20.0.mp4").write_bytes(b"no film")
    job = BenchmarkRun(Request("qvhighlights", highlights, "clock/ticks", tmp_path / "run"))
    state = job.answer(lambda: Clock([(2, 3)]))
    assert state.failed == 3
    assert all("a_0.0_20.0.mp4" in error for error in job.conclude().errors.values())
    with pytest.raises(DataError):
        BenchmarkRun(Request("qvhighlights", tmp_path / "none", "m", tmp_path / "run"))


def test_moments_alone_are_asked_as_published_as_well(highlights, tmp_path):
    class Published:
        def groundings(self, video, sentences, inside=None, report=None, *, selection=None):
            assert selection is False
            return [certain("model", one, Moment([(2, 3)]), len(video), 1) for one in sentences]

    request = Request("qvhighlights", highlights, "m", tmp_path / "run", selection=False)
    job = BenchmarkRun(request)
    assert job.answer(Published).failed == 0
    assert job.conclude().metrics["qvhighlights"]["R1@0.5"] == 1
    with pytest.raises(OutputError, match="its selection is 'off', not 'on'"):
        BenchmarkRun(replace(request, selection=True))
