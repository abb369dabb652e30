"""A tracks model that is stopped goes on: nothing is detected, tracked or asked twice."""

import numpy as np
import pytest
from tests.systems.tracks.test_session import Known, build

from momentvos.mllm.yes_no import YesNo
from momentvos.results import journal
from momentvos.systems.tracks.answers import UnreadableError
from momentvos.systems.tracks.asking import Interview
from momentvos.systems.tracks.trace import Trace


class Stopped(Exception):
    """Stands for a kill: nothing of ours catches it."""


@pytest.fixture(autouse=True)
def at_every_step(monkeypatch):
    """Progress is kept whenever it may be, whatever the time."""
    for name in ("LEAST", "SHARE", "LOST"):
        monkeypatch.setattr(journal, name, 0.0)


SENTENCES = ["the upper square", "the lower square"]


@pytest.mark.parametrize("stage", ["detecting", "tracking", "tracking to the ends", "selecting 2"])
def test_stopped_at_any_stage(truth, tgl, clip, tmp_path, stage, monkeypatch):
    monkeypatch.setattr("momentvos.systems.tracks.session.DETECTED", 1)
    monkeypatch.setattr("momentvos.systems.tracks.tracker.STRETCH", 5)
    model = build(truth, tgl)
    whole = model.segment(clip, SENTENCES)
    asked = sum(count for count, _ in truth.asked)
    truth.asked.clear()
    seen = []

    def report(name, done, total):
        seen.append((name, done))
        if name.startswith(stage) and len([one for one in seen if one[0] == name]) == 2:
            raise Stopped

    with pytest.raises(Stopped):
        model.segment(clip, SENTENCES, progress=report, checkpoint=tmp_path / "kept")
    stopped = seen[-1]
    seen.clear()
    answers = model.segment(
        clip,
        SENTENCES,
        progress=lambda name, done, _: seen.append((name, done)),
        checkpoint=tmp_path / "kept",
    )
    assert sum(count for count, _ in truth.asked) == asked, "no frame was detected in twice"
    if stage.startswith("tracking"):
        first = next(done for name, done in seen if name == stopped[0])
        assert first == stopped[1], "it goes on there"
        assert "detecting" not in {name for name, _ in seen}
    for one, other in zip(answers, whole, strict=True):
        assert one.masklet == other.masklet and one.moment == other.moment
        assert one.notes == other.notes
        assert one.scores == pytest.approx(other.scores, abs=1e-5)


def test_what_is_followed_is_the_same_from_its_record(truth, tgl, clip, tmp_path):
    selector = Known()
    model = build(truth, tgl, selector)
    (first,) = model.segment(clip, SENTENCES[:1], checkpoint=tmp_path / "kept")
    (tmp_path / "kept" / "answer-0.safetensors").unlink()
    frames = list(selector.frames)
    selector.frames.clear()
    (again,) = model.segment(clip, SENTENCES[:1], checkpoint=tmp_path / "kept")
    assert selector.frames == frames, "the selector was shown the same"
    assert again.masklet == first.masklet and again.scores == first.scores


def test_a_chat_model_is_not_asked_the_same_twice(tmp_path):
    """Not by another process, that is; within one a question may be asked again."""

    class Chat:
        note, asked = "", 0

        def generate(self, parts):
            self.asked += 1
            return "no word" if self.asked == 1 else "yes"

        def yes_no(self, parts):
            self.asked += 1
            return YesNo(0.1 * self.asked, from_text=True)

    def read(answer):
        if answer != "yes":
            raise UnreadableError("not yes")
        return answer

    picture = np.zeros((4, 4, 3), np.uint8)
    chat, said = Chat(), []
    for parts in (["is it?", picture], ["is it?", picture], ["is it?", picture + 1]):
        with journal.resumed(tmp_path / "kept") as made:
            interview = Interview(chat, Trace(None, made))
            said.append((interview.ask(parts, read), interview.yes(parts), interview.notes))
    assert said[0] == said[1] and said[0][0] == "yes"
    assert said[2][1] != said[0][1]
    assert chat.asked == 3 + 2, "the second time nothing, another picture is another question"
