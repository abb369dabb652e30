"""A run that is stopped anywhere goes on where it stopped, and ends in the same answers."""

import numpy as np
import pytest

import momentvos
from momentvos.data.world import render, scene
from momentvos.media.arrays import ArrayVideo
from momentvos.moment import Moment
from momentvos.results import journal
from momentvos.selection.rest import Rest

SENTENCES = ["a rabbit that is moving diagonally", "the shark", "the two dogs"]


class Stopped(Exception):
    """Stands for a kill: nothing of ours catches it."""


@pytest.fixture(autouse=True)
def at_every_step(monkeypatch):
    """Progress is kept whenever it may be, whatever the time."""
    monkeypatch.setattr(journal, "LEAST", 0.0)
    monkeypatch.setattr(journal, "SHARE", 0.0)
    monkeypatch.setattr(journal, "LOST", 0.0)


@pytest.fixture(scope="module")
def clip():
    made = scene(1, "test")
    frames, _ = render(made, range(14), 96)
    return ArrayVideo(np.ascontiguousarray(frames), made.fps)


def stops(model, clip, sentences, folder, after, **options):
    """Run until so many reports of progress, then stop; the reports, None where it was through."""
    seen = []

    def report(*row):
        seen.append(row)
        if len(seen) == after:
            raise Stopped

    try:
        model.segment(clip, sentences, progress=report, checkpoint=folder, **options)
    except Stopped:
        return seen
    return None


def same(ours, theirs):
    for one, other in zip(ours, theirs, strict=True):
        assert one.masklet == other.masklet
        assert (one.found, one.moment, one.notes) == (other.found, other.moment, other.notes)
        assert one.presence == pytest.approx(other.presence, abs=1e-5)
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)
        np.testing.assert_allclose(one.relevance, other.relevance, atol=1e-5)


def resumed(model, clip, sentences, folder, counts, **options):
    """The answers of a run that was stopped after so many reports, and again, and again."""
    for after in counts:
        assert stops(model, clip, sentences, folder, after, **options) is not None, after
    return model.segment(clip, sentences, checkpoint=folder, **options)


def segmented(reports):
    """What reports say of the walk: how many frames were there."""
    return [done for stage, done, _ in reports or () if stage.startswith("segmenting")]


@pytest.mark.parametrize("cme", [False, True])
def test_a_walk_goes_on_from_where_it_was_stopped(tiny, clip, tmp_path, cme):
    model = tiny(cme=cme)
    whole = model.segment(clip, SENTENCES)
    there = 0
    for _ in range(4):
        seen = segmented(stops(model, clip, SENTENCES, tmp_path / "kept", 9))
        assert seen[0] >= there and seen == sorted(seen)
        there = seen[-1] - 1
    assert there > 5, "each time it gets further"
    same(model.segment(clip, SENTENCES, checkpoint=tmp_path / "kept"), whole)


def test_sentences_that_are_done_are_not_asked_again(tiny, clip, tmp_path, monkeypatch):
    monkeypatch.setattr("momentvos.systems.session.TOGETHER", 1)
    model = tiny()
    whole = model.segment(clip, SENTENCES)
    seen = stops(model, clip, SENTENCES, tmp_path / "kept", 20)
    assert "segmenting 2/3" in {stage for stage, _, _ in seen}
    again = []
    answers = model.segment(
        clip, SENTENCES, progress=lambda *row: again.append(row), checkpoint=tmp_path / "kept"
    )
    assert again[0][0] == "segmenting 2/3" and again[0][1] > 0
    same(answers, whole)
    again.clear()
    same(
        model.segment(
            clip, SENTENCES, progress=lambda *row: again.append(row), checkpoint=tmp_path / "kept"
        ),
        whole,
    )
    assert not again, "the folder stays, and has the answers"


def test_track_selection_goes_on(tiny, clip, tmp_path, monkeypatch):
    """Behind the windows of candidates that are done, and in the frames beyond them."""
    rests, plain = [], Rest.restored.__func__

    def restored(cls, tracker, state):
        rests.append(state)
        return plain(cls, tracker, state)

    monkeypatch.setattr(Rest, "restored", classmethod(restored))
    monkeypatch.setattr("momentvos.selection.selection.WINDOW", 3)
    selection = {"selector": False, "max_tracks": 3, "presence_threshold": 0.0}
    model = tiny(selection=selection, gate=False, presence_threshold=0.0)
    moments = [Moment([(5, 7)]), Moment([(6, 6), (11, 11)]), Moment([(2, 3)])]
    whole = model.segment(clip, SENTENCES, moments)
    assert any(one.masklet for one in whole), "something is tracked"
    there = -1
    for after in (11, 22, 22, 70, 22, 70):  # while tracks are sought, and in the frames beyond
        seen = segmented(stops(model, clip, SENTENCES, tmp_path / "kept", after, moment=moments))
        if not seen:
            break
        assert seen[0] >= there and seen == sorted(seen)
        there = seen[0]
    same(model.segment(clip, SENTENCES, moments, checkpoint=tmp_path / "kept"), whole)
    assert rests, "it was stopped in frames beyond the candidates'"
    assert there > 0


def test_a_caller_is_called_while_tracks_are_sought(tiny, clip):
    """A window's masks are there only after all its tracks; and it can be stopped before."""
    selection = {"selector": False, "max_tracks": 3, "presence_threshold": 0.0}
    model = tiny(selection=selection, gate=False, presence_threshold=0.0)
    seen = []
    prediction = model.segment(clip, SENTENCES[0], "all", progress=lambda *row: seen.append(row))
    assert prediction.masklet
    counts = segmented(seen)
    assert counts.count(0) > 1 and counts == sorted(counts) and counts[-1] == len(clip)


@pytest.mark.parametrize("parts", [{}, {"patch_dim": 16}, {"patch_dim": 16, "tam_layers": 0}])
def test_grounding_goes_on_within_the_video(build, clip, tmp_path, parts):
    """By TAM, by TAM and patches, and by patches alone, in windows that overlap."""
    model = build(presence_threshold=0.0, gate=False, tam_span=4, window=2, **parts)
    whole = model.segment(clip, SENTENCES[:2])
    seen = stops(model, clip, SENTENCES[:2], tmp_path / "kept", 2)
    assert seen[-1][0] == "grounding" and 0 < seen[-1][1] <= len(clip)
    again = []
    answers = model.segment(
        clip,
        SENTENCES[:2],
        progress=lambda *row: again.append(row),
        checkpoint=tmp_path / "kept",
    )
    assert again[0][0] == "grounding" and again[0][1] >= seen[0][1]
    assert again[0][1] < again[1][1], "the second report is of new frames"
    same(answers, whole)


@pytest.fixture(scope="module", params=["tgl-mini", "momentseg-mini", "vrshq-mini"])
def bundled(request):
    return momentvos.load(request.param, device="cpu")


@pytest.mark.slow
@pytest.mark.parametrize("selection", [None, False])
def test_bundled_models_go_on(bundled, clip, tmp_path, selection, monkeypatch):
    # Frame by frame: in batches of other frames the last digits of features differ.
    monkeypatch.setattr("momentvos.propagation.feature_cache.CHUNK_PIXELS", 1)
    options = {"selection": selection}
    whole = bundled.segment(clip, SENTENCES[:2], **options)
    answers = resumed(bundled, clip, SENTENCES[:2], tmp_path / "kept", (2, 8, 5), **options)
    same(answers, whole)
