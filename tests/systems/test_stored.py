"""Weights that are read as they lie there: the same model as transformers makes of the folder."""

import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

import momentvos
from momentvos.errors import ModelError
from momentvos.hub import known_models
from momentvos.systems.shared_weights import FOLDER
from momentvos.systems.stored import stored
from momentvos.systems.tgl.model import TglModel


@pytest.fixture
def folder(tmp_path):
    place = next(one.path for one in known_models() if one.name == "tgl-mini")
    return shutil.copytree(place, tmp_path / "model")


def _rewritten(folder, change):
    path = folder / "model.safetensors"
    weights = load_file(path)
    change(weights)
    save_file(weights, path, {"format": "pt"})


def test_the_model_is_that_of_transformers(folder):
    ours = stored(TglModel, folder)
    theirs = TglModel.from_pretrained(folder, local_files_only=True)
    assert ours is not None and not ours.training and ours.name == "model"
    assert ours.config.to_dict() == theirs.config.to_dict()
    for kind in ("named_parameters", "named_buffers"):
        mine, other = dict(getattr(ours, kind)()), dict(getattr(theirs, kind)())
        assert mine.keys() == other.keys()
        for name, one in mine.items():
            assert one.dtype == other[name].dtype and torch.equal(one, other[name]), name
            assert one.requires_grad == other[name].requires_grad, name


def test_it_is_saved_again_as_it_was(folder, tmp_path):
    TglModel.from_pretrained(folder).save_pretrained(tmp_path / "again")
    own, after = (load_file(one / "model.safetensors") for one in (folder, tmp_path / "again"))
    before = own | load_file(FOLDER / "mini.safetensors")
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda weights: weights.pop("sam.no_object_pointer"), "lack sam.no_object_pointer"),
        (
            lambda weights: weights.update({"sam.no_object_pointer": torch.ones(2, 3)}),
            "cannot be loaded",
        ),
        (lambda weights: weights["sam.no_object_pointer"].fill_(torch.nan), "damaged"),
    ],
)
def test_what_is_wrong_is_said(folder, change, message):
    _rewritten(folder, change)
    with pytest.raises(ModelError, match=message):
        momentvos.load(folder)


def test_earlier_names_of_weights_are_read_by_transformers(folder):
    def earlier(weights):
        for name in [name for name in weights if name.startswith("selector.")]:
            weights[name.replace("selector.", "judge.", 1)] = weights.pop(name)

    expected = TglModel.from_pretrained(folder).state_dict()
    _rewritten(folder, earlier)
    assert stored(TglModel, folder) is None
    with pytest.warns(FutureWarning, match="judge"):
        loaded = TglModel.from_pretrained(folder)
    for name, one in loaded.state_dict().items():
        torch.testing.assert_close(one, expected[name])


def test_torn_weights_are_an_error(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:5000])
    assert stored(TglModel, folder) is None
    with pytest.raises(ModelError, match="cannot be"):
        momentvos.load(folder)
