"""A tracks model that is stopped goes on: nothing is detected, tracked or asked twice."""

import pytest
from tests.systems.tracks.test_session import Known, build

from momentvos.results import journal


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
