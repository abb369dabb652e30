"""Several sentences at once answer as one after the other does, whatever they share on the way."""

import numpy as np
import pytest

import momentvos
from momentvos.data.world import render, scene
from momentvos.media.arrays import ArrayVideo
from momentvos.moment import Moment

SENTENCES = ["a rabbit that is moving diagonally in the video", "the shark", "the two dogs"]
NAMES = ("tgl-mini", "momentseg-mini", "vrshq-mini")


@pytest.fixture(scope="module", params=NAMES)
def model(request):
    return momentvos.load(request.param, device="cpu")


@pytest.fixture(scope="module")
def clip():
    made = scene(1, "test")
    frames, _ = render(made, range(8), 96)
    return ArrayVideo(np.ascontiguousarray(frames), made.fps)


def same(together, alone):
    """Two answers to a sentence agree."""
    assert together.found == alone.found
    assert together.moment == alone.moment
    assert together.notes == alone.notes
    assert together.presence == pytest.approx(alone.presence, abs=1e-4)
    for name in ("relevance", "scores"):
        np.testing.assert_allclose(getattr(together, name), getattr(alone, name), atol=1e-3)
    ours, theirs = (one.masklet for one in (together, alone))
    for frame in range(together.video.length):
        mine, other = ours.get(frame), theirs.get(frame)
        union = np.count_nonzero(mine | other)
        assert np.count_nonzero(mine & other) >= 0.999 * union - 1


@pytest.mark.parametrize("selection", [None, False])
def test_many_sentences_answer_as_one_by_one(model, clip, selection):
    moments = [None, None, Moment([(2, 5)])]
    together = model.segment(clip, SENTENCES, moments, selection=selection)
    for sentence, moment, answer in zip(SENTENCES, moments, together, strict=True):
        same(answer, model.segment(clip, sentence, moment, selection=selection))


def test_more_sentences_than_go_together_are_answered_in_their_order(clip, monkeypatch):
    monkeypatch.setattr("momentvos.systems.session.TOGETHER", 2)
    model = momentvos.load("vrshq-mini", device="cpu")
    progress = []
    answers = model.segment(clip, SENTENCES, progress=lambda *row: progress.append(row))
    assert [one.sentence for one in answers] == SENTENCES
    walk = [(done, total) for stage, done, total in progress if stage == "segmenting"]
    assert walk == sorted(walk), "two groups, one after the other"
    assert walk[-1] == (2 * len(clip), 2 * len(clip))
    same(answers[2], model.segment(clip, SENTENCES[2]))
