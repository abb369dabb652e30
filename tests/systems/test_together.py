"""Several sentences at once answer as one after the other does, whatever they share on the way."""

import numpy as np
import pytest

import momentvos
from momentvos.data.world import render, scene
from momentvos.media.arrays import ArrayVideo
from momentvos.moment import Moment
from momentvos.systems.session import Request

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


@pytest.mark.parametrize("name", NAMES)
def test_fewer_sentences_go_together_where_frames_are_large(name):
    """As docs/cli.md says, in its section on sentences."""
    model = momentvos.load(name, device="cpu")
    assert model.config.selection.max_tracks == 6

    def together(side, fps=8.0, frames=128):
        model.set_resolution(side)
        video = ArrayVideo(np.zeros((frames, 32, 32, 3), np.uint8), fps)
        request = Request(video, ["the dog"], [None], model.config)
        return model.open_session(request).together

    sides = (256, 512, 768, 1024)
    assert [together(side) for side in sides] == [8, 5, 2, 1]
    fast = [8, 4, 1, 1] if name == "tgl-mini" else [8, 5, 2, 1]
    assert [together(side, fps=30.0) for side in sides] == fast
    assert together(768, frames=32) > together(768), "a short video has fewer masks"


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
