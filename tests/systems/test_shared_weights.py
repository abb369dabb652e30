"""Weights that bundled models share: stored once, added on loading, whole where they are saved."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import momentvos
from momentvos.errors import ModelError
from momentvos.evaluation.manifest import weights
from momentvos.hub import known_models
from momentvos.systems.shared_weights import FOLDER

BUNDLED = {one.name: Path(one.path) for one in known_models() if one.source == "bundled"}
SHARED = load_file(FOLDER / "mini.safetensors")


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(BUNDLED["tgl-mini"], tmp_path / "model")


def _names(folder, name):
    config = json.loads((folder / "config.json").read_text()) | {"shared_weights": name}
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize("name", BUNDLED)
def test_nothing_is_stored_twice(name):
    own = load_file(BUNDLED[name] / "model.safetensors")
    assert own and not own.keys() & SHARED.keys()


@pytest.mark.parametrize("name", BUNDLED)
@pytest.mark.parametrize("options", [{}, {"local_files_only": True}], ids=["ours", "transformers"])
def test_a_model_has_them_and_says_nothing_of_it(name, options, capfd):
    model = type(momentvos.load(name, device="cpu")).from_pretrained(BUNDLED[name], **options)
    state = model.state_dict()
    assert all(torch.equal(state[key], one) for key, one in SHARED.items())
    assert "MISSING" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("name", BUNDLED)
def test_what_is_saved_is_whole(name, tmp_path):
    model = momentvos.load(name, device="cpu")
    model.save_pretrained(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text()).get("shared_weights") is None
    assert load_file(tmp_path / "model.safetensors").keys() >= SHARED.keys()
    again = momentvos.load(tmp_path, device="cpu").state_dict()
    assert all(torch.equal(again[key], one) for key, one in model.state_dict().items())


def test_weights_of_its_own_come_first(folder):
    own = load_file(folder / "model.safetensors")
    own["sam.vision_encoder.neck.convs.0.bias"] = torch.full_like(
        SHARED["sam.vision_encoder.neck.convs.0.bias"], 0.5
    )
    save_file(own, folder / "model.safetensors", {"format": "pt"})
    for model in (momentvos.load(folder), type(momentvos.load(folder)).from_pretrained(folder)):
        assert (model.state_dict()["sam.vision_encoder.neck.convs.0.bias"] == 0.5).all()


@pytest.mark.parametrize("name", ["midi", "../shared/mini", "/mini", "", "min\0i", "."])
def test_what_the_package_does_not_have_is_an_error(folder, name):
    _names(folder, name)
    with pytest.raises(ModelError, match="has no shared weights"):
        momentvos.load(folder)


def test_a_name_of_another_type_is_an_error(folder):
    _names(folder, 3)
    with pytest.raises(ModelError, match="shared_weights"):
        momentvos.load(folder)


def test_shared_weights_of_another_size_are_lacking(folder):
    config = json.loads((folder / "config.json").read_text())
    config["sam_config"]["vision_config"]["fpn_hidden_size"] *= 2
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"cannot be loaded|lack"):
        momentvos.load(folder)


def test_a_manifest_knows_them(folder, tmp_path, monkeypatch):
    before = weights(folder)
    other = tmp_path / "shared"
    other.mkdir()
    save_file(SHARED | {"sam.no_memory_embedding": torch.zeros(1)}, other / "mini.safetensors")
    monkeypatch.setattr("momentvos.systems.shared_weights.FOLDER", other)
    assert weights(folder) != before
    assert weights("tgl-mini") == weights(folder)
