"""The models that travel in the package: each answers, all together they are small."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import momentvos
from momentvos.errors import ModelError
from momentvos.hub import known_models
from momentvos.media.arrays import ArrayVideo
from momentvos.packaged import packaged
from momentvos.systems.shared_weights import FOLDER

BUNDLED = {model.name: Path(model.path) for model in known_models() if model.source == "bundled"}
BUDGET = 40e6


@pytest.fixture(scope="module")
def video():
    """A square that moves to the right, four frames of it."""
    frames = np.full((4, 72, 96, 3), 90, np.uint8)
    for t, frame in enumerate(frames):
        frame[24:48, 8 + 12 * t : 32 + 12 * t] = (230, 60, 40)
    return ArrayVideo(frames, 4.0)


def test_the_default_is_among_them():
    assert "tgl-mini" in BUNDLED


@pytest.mark.parametrize("name", BUNDLED)
def test_each_answers(name, video):
    model = momentvos.load(name, device="cpu")
    sentences = ["the red square that moves to the right", "the cat"]
    for answer, sentence in zip(model.segment(video, sentences), sentences, strict=True):
        assert answer.sentence == sentence
        assert answer.masklet.size == (72, 96)
        assert len(answer.relevance) == 4
    curve, _ = model.ground(video, sentences[0])
    assert len(curve) == 4 and all(0 <= value <= 1 for value in curve)


@pytest.mark.parametrize("name", ["momentseg-mini", "vrshq-mini"])
def test_two_answer_questions_about_the_sample(name):
    sample = packaged("samples") / "demo.mp4"
    questions = ["Is there a turtle?", "Is there a dog?", "How many whales can you see?"]
    assert momentvos.load(name, device="cpu").ask(str(sample), questions) == [
        "Yes.",
        "No.",
        "None.",
    ]


def test_all_together_stay_within_the_budget():
    folders = [*BUNDLED.values(), FOLDER]
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < BUDGET


def test_what_lies_in_a_systems_weights_goes_by_its_folders_name(tmp_path, monkeypatch):
    folder = tmp_path / "momentseg" / "weights" / "another-mini"
    folder.parent.mkdir(parents=True)
    shutil.copytree(BUNDLED["tgl-mini"], folder)
    (tmp_path / "momentseg" / "weights" / "unfinished").mkdir()
    where = "momentvos.systems.registry.files"
    monkeypatch.setattr(where, lambda package: tmp_path / package.rpartition(".")[2])
    found = {model.name: model for model in known_models()}
    assert found["another-mini"].path == str(folder)
    assert "MomentSeg" in found["another-mini"].about
    assert "tgl-mini" not in found and "unfinished" not in found
    assert type(momentvos.load("another-mini", device="cpu")).__name__ == "TglModel"
    with pytest.raises(ModelError, match="no model 'tgl-mini'"):
        momentvos.load("tgl-mini")


@pytest.mark.parametrize("name", ["tgl-base", "momentseg-3b/train", "vrshq-7b/train"])
def test_sizes_without_weights_lead_to_their_recipes(name):
    with pytest.raises(ModelError, match=f"recipes/{name.split('-')[0]}/"):
        momentvos.load(name)
