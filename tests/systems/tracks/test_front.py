"""A grounder in front of the tracks, by configuration and by `run -g`."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.openai_server import said, serving, words_of
from tests.systems.tracks.conftest import TruthDetector
from tests.systems.tracks.test_session import Known
from typer.testing import CliRunner

import momentvos
from momentvos.errors import ModelError
from momentvos.moment import Moment
from momentvos.systems.tracks.config import TracksConfig
from momentvos.systems.tracks.model import TracksModel
from momentvos.systems.tracks.parts import Parts
from momentvos.systems.tracks.words import RuleReader


@pytest.fixture
def server():
    with serving() as made:
        yield made


@pytest.fixture
def build(truth, tgl):
    def make(grounder, selector=None, detector=None):
        config = TracksConfig(
            tracker={"kind": "sam2", "single_mask": True},
            moment={"kind": "grounder", "grounder": grounder},
            keyframe_seconds=1.0,
        )
        parts = Parts(RuleReader(), detector or truth, tgl.sam, selector or Known())
        return TracksModel(config, parts)

    return make


def test_the_grounder_says_when_and_tracks_are_judged_there(build, clip):
    selector = Known()
    answer = build("4:6", selector).segment(clip, "the upper square")
    assert answer.moment == Moment([(4, 6)])
    assert answer.relevance == tuple(float(frame in (4, 5, 6)) for frame in range(12))
    assert all(set(frames) <= {4, 5, 6} for frames in selector.frames)
    assert len(answer.masklet) == 12  # the track goes on outside of the moment
    relevance, moment = build("4:6").ground(clip, "the upper square")
    assert (tuple(relevance), moment) == (answer.relevance, answer.moment)


def test_a_moment_that_is_given_needs_no_grounder(build, clip):
    model = build("4:6")
    assert model.segment(clip, "the upper square", Moment([(8, 9)])).moment == Moment([(8, 9)])
    first, second = model.segment(
        clip, ["the upper square", "the lower square"], [Moment([(8, 9)]), None]
    )
    assert first.moment == Moment([(8, 9)])
    assert second.moment == Moment([(4, 6)])


def test_where_it_holds_at_no_time_nothing_is_detected(build, truth, clip, server):
    server.answers = [said("[]"), said("[[0.0, 0.5]]"), said("[]")]
    model = build(f"chat={server.url}#m")
    never, early = model.segment(clip, ["the upper square", "the lower square"])
    assert not never.found
    assert "says that it holds at no time" in never.notes[-1]
    assert early.moment == Moment([(0, 2)])
    before = len(truth.asked)
    assert not model.segment(clip, "the upper square").found
    assert len(truth.asked) == before


def test_the_moment_ends_where_the_tracks_do(build, clip_arrays):
    frames, ids = clip_arrays
    ids = np.where(np.arange(12)[:, None, None] < 6, 0, ids).astype(np.uint8)
    from momentvos.media.arrays import ArrayVideo

    blank = np.where((ids > 0)[..., None], frames, 60).astype(np.uint8)
    blank[:, 0, 0, 0] = np.arange(12)
    answer = build("all", detector=TruthDetector(blank, ids)).segment(
        ArrayVideo(blank, 6.0), "the upper square"
    )
    assert answer.moment.spans[-1][1] == 11
    assert 4 <= answer.moment.spans[0][0] <= 7
    assert answer.relevance[0] == 0.0


def test_what_the_grounder_said_is_kept(build, clip, server, tmp_path):
    server.answers = [said("sometime")] * 3
    answer = build(f"chat={server.url}#m").segment(
        clip, "the upper square", trace=tmp_path / "trace"
    )
    assert any("could not be read; every frame was taken" in note for note in answer.notes)
    assert "after the answer sometime" in (tmp_path / "trace" / "index.html").read_text()


def test_what_two_parts_say_alike_is_told_once(build, clip, server):
    server.answers = [said("sometime")] * 3
    selector = Known()
    url = f"chat={server.url}#m"
    selector.notes = [f"the answer of '{url}' could not be read; every frame was taken instead"]
    assert build(url, selector).segment(clip, "the upper square").notes == tuple(selector.notes)


@pytest.fixture
def folder(tmp_path, checkpoint):
    """A model folder of tiny random weights."""
    config = {
        "model_type": "momentvos_tracks",
        "detector": {
            "kind": "owlv2", "model": str(checkpoint("owlv2")), "box_threshold": 0.0,
        },
        "tracker": {"kind": "sam2", "model": str(checkpoint("sam2")), "image_size": 64},
        "selector": {"kind": "similarity", "model": str(checkpoint("siglip"))},
        "gate": False, "max_tracks": 2, "presence_threshold": 0.0,
    }  # fmt: skip
    made = tmp_path / "model"
    made.mkdir()
    (made / "config.json").write_text(json.dumps(config))
    return made


def change(folder, **roles):
    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **roles}))
    return folder


def test_a_folder_names_its_grounder(folder, checkpoint, clip):
    grounder = f"siglip2={checkpoint('siglip')}:3"
    change(folder, moment={"kind": "grounder", "grounder": grounder})
    model = momentvos.load(folder, device="cpu")
    stages = set()
    answer = model.segment(clip, "the square", progress=lambda stage, *_: stages.add(stage))
    assert "grounding" in stages
    assert answer.found
    assert 1 <= len(answer.moment.frames()) <= 3
    assert max(answer.relevance) > 0


@pytest.mark.parametrize(
    ("moment", "message"),
    [
        ({"kind": "grounder"}, "give it a 'grounder' like"),
        ({"kind": "grounder", "grounder": "clpi"}, "did you mean 'clip'"),
        ({"kind": "grounder", "grounder": "clip=./nowhere"}, "no folder './nowhere'"),
        ({"kind": "grounder", "grounder": "model"}, "'model' cannot say when"),
        ({"kind": "grounder", "grounder": "clip=x/y+oracle"}, "'oracle' cannot say when"),
        ({"kind": "grounder", "grounder": "all", "k": 3}, "has no option 'k'"),
        ({"kind": "scores", "grounder": "all"}, "has no option 'grounder'"),
        ({"kind": "grounder", "grounder": "chat=http://x"}, "names no model"),
    ],
)
def test_a_grounder_that_cannot_be_is_one_sentence(folder, moment, message, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match=message):
        momentvos.load(change(folder, moment=moment), device="cpu")


@pytest.fixture
def run(folder, clip_arrays, monkeypatch):
    from momentvos.cli.main import app

    monkeypatch.chdir(folder.parent)
    Path("clip").mkdir()
    for number, rgb in enumerate(clip_arrays[0]):
        Image.fromarray(rgb).save(f"clip/{number:03}.png")
    words = ["--model", "model", "--device", "cpu", "--json"]
    return lambda *more: CliRunner().invoke(app, ["run", "clip", "the square", *more, *words])


def test_any_grounder_goes_in_front_on_the_command_line(run, server):
    done = run("-g", "3:5")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["moment"] == [[3, 5]]
    assert answer["method"] == "tracks"
    server.reply = lambda asked: said("[[0.0, 0.4]]")
    done = run("-g", f"chat={server.url}#m")
    assert done.exit_code == 0, done.output
    assert '"the square"' in words_of(server.asked[0][1])[-1]
    answer = json.loads(done.stdout)
    assert answer["found"] and answer["moment"][0][0] == 0
    server.reply = lambda asked: said("[]")
    answer = json.loads(run("-g", f"chat={server.url}#m").stdout)
    assert not answer["found"] and answer["moment"] == []
