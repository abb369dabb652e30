"""Every bundled model runs its paper's own plan when asked to, and says which it has run."""

import json
import warnings

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

import momentvos
from momentvos.data.world import render, scene
from momentvos.errors import ModelError
from momentvos.media.arrays import ArrayVideo
from momentvos.systems.config import RENAMED
from momentvos.systems.registry import system, systems

PLANS = {
    "tgl-mini": ("momentvos.systems.tgl.session.dual_path", "TGL"),
    "momentseg-mini": ("momentvos.systems.momentseg.session.from_anchors", "MomentSeg"),
    "vrshq-mini": ("momentvos.systems.vrshq.session.from_keyframe", "VRS-HQ"),
}


@pytest.fixture(scope="module")
def clip():
    made = scene(1, "test")
    frames, _ = render(made, range(10), 128)
    noun = made.expressions[0].category
    return ArrayVideo(np.ascontiguousarray(frames), made.fps), f"the {noun}"


@pytest.mark.parametrize("name", PLANS)
def test_a_bundled_model_calls_its_papers_plan_as_published_alone(name, clip, monkeypatch):
    video, sentence = clip
    where, method = PLANS[name]
    model = momentvos.load(name, device="cpu")
    model.config.presence_threshold = 0.0
    calls = []
    module, _, plan = where.rpartition(".")
    original = getattr(__import__(module, fromlist=[plan]), plan)

    def counted(*args, **kwargs):
        calls.append(kwargs)
        return original(*args, **kwargs)

    monkeypatch.setattr(where, counted)
    published = model.segment(video, sentence, selection=False)
    assert len(calls) == 1
    assert published.method == method
    assert published.domain == "MomentWorld sprites"
    selected = model.segment(video, sentence)
    assert len(calls) == 1, "track selection runs in place of the plan"
    assert selected.method == f"{method}, with track selection"
    assert model.config.selection is not None, "the configuration stays as it was"
    if name == "tgl-mini":
        assert calls[0]["moment_reads"], "Eq. 3"
    if name == "vrshq-mini":
        assert calls[0] == {"given": "mask", "tracked": None, "obj_id": 0}


def test_published_values_are_switches_that_no_weight_depends_on():
    for kind in systems():
        config = system(kind).config_class
        assert config.published_values.keys() <= config.switches
        assert config.published_values["selection"] is None
        assert config.published_values["guided_radius"] == 0


def test_selection_cannot_be_asked_of_a_model_without(build, video):
    model = build()
    assert model.segment(video, "the dog", selection=False).method == "TGL"
    with pytest.raises(ModelError, match="no track selection"):
        model.segment(video, "the dog", selection=True)


def test_an_unknown_kind_lists_the_known_ones(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "momentvos_other"}')
    known = r"no system .other.; known are .*momentseg, sa2va, tgl, .*vrshq"
    with pytest.raises(ModelError, match=known):
        momentvos.load(tmp_path)


@pytest.mark.parametrize("name", PLANS)
def test_a_model_with_the_keys_and_names_of_before_still_loads_and_is_saved_anew(name, tmp_path):
    model = momentvos.load(name, device="cpu")
    old, new = tmp_path / "old", tmp_path / "new"
    model.save_pretrained(old)
    config = json.loads((old / "config.json").read_text())
    selection = config.pop("selection")
    del config["domain"]
    config |= {key: selection[now] for key, now in RENAMED.items() if now in selection}
    if name == "momentseg-mini":
        config["film_budget"] = config.pop("context_budget")
        config["film_frames"] = config.pop("context_frames")
    (old / "config.json").write_text(json.dumps(config))
    renamed = {
        key.replace("selector.trajectory.", "judge.course.")
        .replace("selector.trajectories.", "judge.courses.")
        .replace("selector.nouns.", "judge.named.")
        .replace("selector.", "judge."): value
        for key, value in load_file(old / "model.safetensors").items()
    }
    assert any(key.startswith("judge.course.") for key in renamed)
    save_file(renamed, old / "model.safetensors", {"format": "pt"})
    with pytest.warns(FutureWarning, match=r"'judge' is 'selection.selector'"):
        again = momentvos.load(old, device="cpu")
    later = {"grounder_share": 0.0}  # options that no configuration of then has
    assert again.config.selection.to_dict() == model.config.selection.to_dict() | later
    ours, theirs = model.state_dict(), again.state_dict()
    assert ours.keys() == theirs.keys()
    assert all((ours[key] == theirs[key]).all() for key in ours)
    again.save_pretrained(new)
    assert not any("judge" in key for key in load_file(new / "model.safetensors"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        momentvos.load(new, device="cpu")
