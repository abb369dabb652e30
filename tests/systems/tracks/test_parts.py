"""Roles by id: what is known, where weights come from, and that a saved model is its config."""

import json
import math
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import momentvos
from momentvos.errors import ModelError
from momentvos.home import RECORD, part_folder
from momentvos.systems.registry import system, title
from momentvos.systems.tracks.config import TracksConfig
from momentvos.systems.tracks.model import TracksModel
from momentvos.systems.tracks.parts import KINDS


@pytest.fixture
def folder(tmp_path, dino_folder, sam_folder, siglip_folder):
    """A model folder: roles and ids alone."""
    config = {
        "model_type": "momentvos_tracks",
        "words": {"kind": "rules"},
        "detector": {"kind": "grounding-dino", "model": str(dino_folder), "box_threshold": 0.0},
        "tracker": {"kind": "sam2", "model": str(sam_folder), "image_size": 64},
        "selector": {"kind": "similarity", "model": str(siglip_folder)},
        "domain": "nothing",
        "gate": False,
        "max_tracks": 3,
    }
    made = tmp_path / "tracks-tiny"
    made.mkdir()
    (made / "config.json").write_text(json.dumps(config))
    return made


def change(folder, **roles):
    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **roles}))
    return folder


def test_the_system_is_known_by_name():
    assert system("momentvos_tracks") is TracksModel
    assert title("momentvos_tracks") == "tracks"


def test_a_model_of_true_classes_answers_and_is_saved_as_its_configuration(folder, clip, tmp_path):
    model = momentvos.load(folder, device="cpu")
    stages = []
    answer = model.segment(
        clip, "the red square", progress=lambda stage, done, of: stages.append(stage)
    )
    assert answer.method == "tracks"
    assert answer.domain == "nothing"
    assert len(answer.relevance) == len(clip)
    assert answer.found == bool(answer.masklet) == bool(answer.moment)
    for stage in ("reading", "detecting", "tracking", "tracking to the ends", "selecting"):
        assert stage in stages
    saved = tmp_path / "saved"
    model.save_pretrained(saved)
    assert [file.name for file in saved.iterdir()] == ["config.json"]
    assert "sam_config" not in json.loads((saved / "config.json").read_text())
    again = TracksModel.from_pretrained(saved).segment(clip, "the red square")
    assert again.to_json() == {**answer.to_json(), "model": "saved"}


def test_parts_that_were_pulled_are_found_by_their_ids(folder, sam_folder, clip, monkeypatch):
    monkeypatch.setenv("MOMENTVOS_HOME", str(folder / "home"))
    part = part_folder("hf:owner/sam", "main")
    part.parent.mkdir(parents=True)
    shutil.copytree(sam_folder, part)
    change(folder, tracker={"kind": "sam2", "model": "owner/sam"})
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="'owner/sam' are not on this machine"):
        momentvos.load(folder, device="cpu")
    (part / RECORD).write_text("{}")
    model = momentvos.load(folder, device="cpu")
    assert model.config.image_size == 128


@pytest.mark.parametrize(
    ("roles", "message"),
    [
        (
            {"detector": {"kind": "yolo"}},
            "known are grounding-dino, owlv2, sam3",
        ),
        ({"detector": None}, "names no detector"),
        ({"detector": {"kind": "owlv2"}}, "names no weights"),
        ({"selector": {"kind": "chat"}}, "give it a 'model' or an 'endpoint'"),
        (
            {"selector": {"kind": "chat", "endpoint": "nowhere", "model": "x"}},
            "no address of an endpoint",
        ),
        ({"selector": {"kind": "similarity", "size": 3}}, "has no option 'size'"),
        (
            {"selector": {"kind": "chat", "endpoint": "http://localhost/v1"}},
            "name its 'model'",
        ),
        (
            {"selector": {"kind": "chat", "endpoint": "http://h/v1", "model": "x", "seconds": 0}},
            "'seconds' of the selector 'chat' must be above 0",
        ),
        (
            {
                "words": {
                    "kind": "chat",
                    "endpoint": "http://h/v1",
                    "model": "x",
                    "most_tokens": "a",
                }
            },
            "'most_tokens' of the words 'chat' must be a whole number",
        ),
        (
            {"selector": {"kind": "chat", "model": "x/y", "window_seconds": math.nan}},
            "'window_seconds' of the selector 'chat' must be",
        ),
        (
            {"detector": {"kind": "sam3", "model": "x/y", "box_threshold": 2}},
            "'box_threshold' of the detector 'sam3' must be from 0 to 1",
        ),
        (
            {"detector": {"kind": "owlv2", "model": 3}},
            "'model' of the detector 'owlv2' must be a text",
        ),
        (
            {"tracker": {"kind": "sam2", "model": "x/y", "image_size": 0}},
            "'image_size' of the tracker 'sam2' must be from 64",
        ),
        ({"tracker": {"kind": "sam2", "model": "./nowhere"}}, "no folder './nowhere'"),
        ({"words": "rules"}, "'words' of the configuration"),
        (
            {"moment": {"kind": "now"}},
            "no moment 'now'; known are auto, scores, existence, grounder",
        ),
        ({"rate": 0}, "'rate' must be above 0"),
    ],
)
def test_what_cannot_be_is_one_sentence(folder, roles, message):
    with pytest.raises(ModelError, match=message):
        momentvos.load(change(folder, **roles), device="cpu")


@pytest.mark.parametrize("role", ["selector", "words"])
def test_a_chat_model_that_is_nowhere_is_told_before_a_video_is_there(folder, monkeypatch, role):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    change(folder, **{role: {"kind": "chat", "model": "owner/chat"}})
    with pytest.raises(ModelError, match="'owner/chat' are not on this machine"):
        momentvos.load(folder, device="cpu")
    change(folder, **{role: {"kind": "chat", "model": "owner/chat", "revision": "v2"}})
    with pytest.raises(ModelError, match="'owner/chat' at 'v2' are not on this machine"):
        momentvos.load(folder, device="cpu")


def test_weights_of_another_class_are_refused(folder, siglip_folder, sam_folder, dino_folder):
    for model in (siglip_folder, sam_folder):
        change(folder, detector={"kind": "owlv2", "model": str(model)})
        with pytest.raises(ModelError, match="not 'owlv2'"):
            momentvos.load(folder, device="cpu")
    change(
        folder,
        detector={"kind": "grounding-dino", "model": str(dino_folder)},
        tracker={"kind": "sam2", "model": str(sam_folder), "image_size": 100},
    )
    with pytest.raises(ModelError, match="a multiple of 32 pixels, not 100"):
        momentvos.load(folder, device="cpu")


def test_owlv2_and_a_selector_of_another_system_play_their_roles(folder, owl_folder, clip):
    change(
        folder,
        detector={"kind": "owlv2", "model": str(owl_folder), "box_threshold": 0.0},
        selector={"kind": "trained", "model": "tgl-mini"},
    )
    answer = momentvos.load(folder, device="cpu").segment(clip, "the red square")
    assert np.isfinite(answer.relevance).all()


def test_a_model_of_weights_that_train_has_no_trace(clip, tmp_path):
    with pytest.raises(ModelError, match="no trace to keep"):
        momentvos.load("tgl-mini", device="cpu").segment(clip, "a dog", trace=tmp_path / "t")


def test_the_guides_configuration_is_of_known_roles():
    page = (Path(__file__).parents[3] / "docs" / "your-own-video.md").read_text("utf-8")
    (text,) = re.findall(r'```json title="my-tracks/config.json"\n(.*?)```', page, re.DOTALL)
    config = TracksConfig.from_dict(json.loads(text))
    for role, kinds in KINDS.items():
        given = dict(getattr(config, role))
        assert given.keys() - {"kind"} <= kinds[given["kind"]].options
    chosen = KINDS["selector"]["chat"].load(
        {k: v for k, v in config.selector.items() if k != "kind"}
    )
    assert chosen.chat.url == "http://localhost:11434/v1"
    assert chosen.chat.most_tokens == 200_000


def test_the_catalogues_configurations_are_of_known_roles():
    from momentvos.hub.catalogue import catalogue

    for name in ("tracks-cpu", "tracks-small", "tracks-large"):
        config = TracksConfig.from_dict(dict(catalogue()[name].config))
        for role, kinds in KINDS.items():
            given = dict(getattr(config, role))
            assert given.pop("kind") in kinds
            assert given.keys() <= kinds[getattr(config, role)["kind"]].options
