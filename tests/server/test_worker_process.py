"""The process that computes, without its pipes: what it asks of a job that is tried again."""

import json
from threading import Event
from time import monotonic

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
from momentvos.batch.worker import Worker
from momentvos.server import worker_process
from momentvos.server.child import Child
from momentvos.server.worker import MODULE


class Voice:
    """What was said."""

    def __init__(self):
        self.said = []

    def say(self, content=b"", **message):
        self.said.append(message)


class Asked(Worker):
    """A worker that notes what it is asked, and where it keeps its progress."""

    def answers(self, query, progress=None, watch=None, checkpoint=None):
        self.__dict__["asked"] = [ask.sentence for ask in query.asks], checkpoint.name
        yield from super().answers(query, progress, watch, checkpoint)


@pytest.fixture(scope="module")
def worker(model_folder):
    made = Asked(str(model_folder), "cpu", threads=1)
    made.setup()
    return made


def job(clip, out, answered):
    """A job of three sentences, and one with a click."""
    asks = [
        {"number": k, "sentence": text, "moment": None, "clicks": [], "answered": k in answered}
        for k, text in enumerate(["one", "two", "three"])
    ]
    click = {"frame": 1, "x": 10.0, "y": 20.0, "object": True}
    asks.append(asks[0] | {"number": 3, "clicks": [click], "answered": 3 in answered})
    work = out / "work"
    return {
        "video": str(clip),
        "name": "clip.mp4",
        "asks": asks,
        "out": str(out),
        "work": str(work),
    }


def run(worker, asked):
    voice = Voice()
    made = list(worker_process._answers(worker, asked, voice, Event()))
    return [number for number, _, _ in made], voice.said


def test_a_job_that_is_tried_again_asks_what_has_no_answer(worker, clip, tmp_path):
    (tmp_path / "work" / "previews" / "0").mkdir(parents=True)  # of the process before
    answers, said = run(worker, job(clip, tmp_path, {0}))
    assert worker.asked == (["two", "three"], "progress-1")
    assert answers == [1, 2, 3]
    shown = [one for one in said if one["say"] == "preview"]
    assert {one["number"] for one in shown} <= {1, 2, 3}
    assert not (tmp_path / "work" / "previews" / "0").exists()
    assert 3 in {one["number"] for one in shown if one["masks"]}  # from the click


def test_where_progress_was_kept_all_that_it_is_of_is_asked_and_told_once(worker, clip, tmp_path):
    (tmp_path / "work" / "progress-0").mkdir(parents=True)
    answers, _ = run(worker, job(clip, tmp_path, {0, 3}))
    assert worker.asked == (["one", "two", "three"], "progress-0")
    assert answers == [1, 2]


def test_a_job_whose_sentences_have_answers_asks_the_clicks_alone(worker, clip, tmp_path):
    worker.__dict__.pop("asked", None)
    assert run(worker, job(clip, tmp_path, {0, 1, 2}))[0] == [3]
    assert "asked" not in worker.__dict__


def test_what_the_machine_lacks_is_an_event_of_the_log(model_folder, monkeypatch, tmp_path, capfd):
    monkeypatch.setenv("PATH", str(tmp_path))  # no compiler
    monkeypatch.delenv("CXX", raising=False)
    child = Child(MODULE, bare=False)
    try:
        start = {"do": "start", "device": "cpu", "models": [str(model_folder)], "threads": 1}
        start |= {"grounder": None, "selection": True, "execution": {"compile": True}}
        child.say(start)
        assert child.hear(monotonic() + 120) == {"say": "ready"}
    finally:
        child.kill()
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [(one["event"], one["device"]) for one in lines] == [("device.note", "cpu")]
    assert "no C++ compiler" in lines[0]["text"]
