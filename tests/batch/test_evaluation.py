"""The worker and the lines of an evaluation on a cluster, without a cluster."""

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from momentvos.batch import TransientError
from momentvos.batch.evaluation import Lines, Video
from momentvos.batch.evaluation_worker import EvaluationWorker, Part
from momentvos.errors import BenchmarkError, ClusterError
from momentvos.evaluation.benchmark import BenchmarkRun
from momentvos.evaluation.metrics import key
from momentvos.evaluation.scenes import WorldSource
from momentvos.evaluation.task import Request, Task


@pytest.fixture(scope="module")
def task():
    source = WorldSource(seed=3, size=64)
    return Task(Request("momentworld", source, "tgl-mini", Path(), device="cpu", videos=1))


def worker(task, ask):
    """A worker whose model is `ask`."""
    made = EvaluationWorker(task.request, task.digest)
    object.__setattr__(made, "_loaded", (task, ask))
    return made


@pytest.mark.slow
def test_its_lines_are_those_of_a_run_here(tmp_path, task):
    request = replace(task.request, grounder="oracle", out=tmp_path)
    asked = Task(request)
    keys = tuple(key(one) for one in asked.samples)
    made = pickle.loads(pickle.dumps(EvaluationWorker(request, asked.digest)))
    lines = list(made.answers(Part(0, keys)))
    assert [(one["video"], one["expression"]) for one in lines] == list(keys)
    assert pickle.loads(pickle.dumps(made))._loaded is None

    def load():
        import momentvos

        return momentvos.load("tgl-mini", device="cpu")

    run = BenchmarkRun(request)
    run.answer(load)
    for line, name in zip(lines, keys, strict=True):
        wanted = run.store.load(name)
        assert line["error"] is None
        assert line["scores"] == wanted["scores"] and line["prediction"] == wanted["prediction"]


def test_other_data_on_a_node_is_refused(task):
    with pytest.raises(ClusterError, match="A node sees other data than this machine"):
        EvaluationWorker(task.request, "another").setup()


def test_what_another_try_may_do_is_told_apart_from_what_none_can(task):
    first, second = (key(one) for one in task.videos[0][:2])

    def ask(video, samples):
        if any(key(one) == first for one in samples):
            raise fault
        raise ValueError("nobody knows")

    fault = MemoryError("there is not enough memory")
    with pytest.raises(TransientError):
        list(worker(task, ask).answers(Part(0, (first,))))
    fault = ValueError("it is broken")
    lines = list(worker(task, ask).answers(Part(0, (first, second))))
    assert ["it is broken" in lines[0]["error"], "nobody knows" in lines[1]["error"]] == [True] * 2


def test_each_expression_has_one_line_and_what_is_given_up_has_its_error():
    said, kept = [], []
    job = Video(0, [("v", "1"), ("v", "2")])
    lines = Lines([job], kept, report=lambda *counts: said.append(counts))
    row = {"video": "v", "expression": "1", "error": None}
    lines.note(job, row)
    lines.note(job, row)
    assert job.rest == Part(0, (("v", "2"),)) and lines.failed == 0
    job.tries = 3
    lines.give_up_trying(job, "the machine was lost.")
    assert job.rest is None and lines.failed == 1
    assert kept[1]["error"] == "It was tried 3 times: the machine was lost."
    assert len(kept) == 2 and said == [(0, 2), (1, 2), (2, 2)]


def test_the_first_failure_ends_a_run_that_is_to_stop():
    job = Video(0, [("v", "1"), ("v", "2")])
    lines = Lines([job], [], stop=True)
    with pytest.raises(BenchmarkError, match="The expression '1' of 'v' failed: it is broken"):
        lines.note(job, {"video": "v", "expression": "1", "error": "it is broken"})
