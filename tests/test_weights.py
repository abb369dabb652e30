"""What is loaded is numbers."""

import math
import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from transformers import RobertaConfig, RobertaModel
from typer.testing import CliRunner

import momentvos
from momentvos.cli.convert import app
from momentvos.convert.pickled import convert_pickled
from momentvos.errors import ModelError
from momentvos.grounding import weights as grounders
from momentvos.systems.loading import part
from momentvos.weights import check_finite, check_safe


def systems_part(folder):
    return part(RobertaModel, folder)


def grounder_model(folder):
    return grounders.model(RobertaModel, str(folder), True, ("roberta",))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("kind", [torch.float32, torch.float16, torch.bfloat16])
def test_one_bad_value_is_named(value, kind):
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).to(kind)
    check_finite("mine", model)
    with torch.no_grad():
        model[1].running_var[2] = value
    with pytest.raises(ModelError, match=r"'mine' are damaged: 1\.running_var holds"):
        check_finite("mine", model)


def test_large_values_empty_ones_and_whole_numbers_pass():
    model = nn.Linear(2, 2)
    with torch.no_grad():
        model.weight.fill_(torch.finfo(torch.float32).max)
    model.register_buffer("none", torch.empty(0))
    model.register_buffer("count", torch.tensor(3))
    model.register_buffer("masked", torch.tensor(-math.inf), persistent=False)
    check_finite("mine", model)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_model_folder_with_bad_weights_does_not_load(tmp_path, value):
    model = momentvos.load("tgl-mini", device="cpu")
    weight = next(model.parameters())
    with torch.no_grad():
        weight.view(-1)[0] = value
    model.save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=r"damaged: .* no finite"):
        momentvos.load(tmp_path, device="cpu")


@pytest.fixture
def pickled(tmp_path):
    """tgl-mini as an older program would have saved it."""
    folder = tmp_path / "old"
    model = momentvos.load("tgl-mini", device="cpu")
    model.save_pretrained(folder)
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    return folder, model


def test_pickles_are_not_loaded_and_the_remedy_works(pickled):
    folder, model = pickled
    with pytest.raises(ModelError, match=f"`momentvos convert weights {re.escape(str(folder))}`"):
        momentvos.load(folder, device="cpu")
    with pytest.raises(ModelError, match="convert weights"):
        type(model).from_pretrained(folder, use_safetensors=False)
    done = CliRunner().invoke(app, ["weights", str(folder)])
    assert done.exit_code == 0, done.output
    again = momentvos.load(folder, device="cpu").state_dict()
    assert all(torch.equal(value, again[name]) for name, value in model.state_dict().items())
    with pytest.raises(ModelError, match="already"):
        convert_pickled(folder)


def test_a_pickle_that_would_run_code_is_not_run_by_the_remedy(pickled, tmp_path):
    folder, _ = pickled
    mark = tmp_path / "mark"

    class Hostile:
        def __reduce__(self):
            return Path.touch, (mark,)

    torch.save({"a": Hostile()}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError):
        momentvos.load(folder, device="cpu")
    with pytest.raises(ModelError):
        convert_pickled(folder)
    assert not mark.exists() and not (folder / "model.safetensors").exists()


@pytest.mark.parametrize("load", [systems_part, grounder_model], ids=["part", "grounder"])
def test_parts_and_grounders_load_no_pickles(tmp_path, load):
    config = RobertaConfig(
        vocab_size=20,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
    )
    RobertaModel(config).save_pretrained(tmp_path)
    load(tmp_path)
    torch.save(load_file(tmp_path / "model.safetensors"), tmp_path / "pytorch_model.bin")
    load(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="convert weights"):
        load(tmp_path)


def test_a_pickled_adapter_is_refused(tmp_path):
    (tmp_path / "adapter_model.bin").touch()
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(ModelError, match="adapter_model"):
        check_safe(tmp_path)
