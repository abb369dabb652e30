"""What is loaded is numbers."""

import math

import pytest
import torch
from torch import nn

import momentvos
from momentvos.errors import ModelError
from momentvos.weights import check_finite


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
    with pytest.raises(ModelError, match="damaged: .* no finite"):
        momentvos.load(tmp_path, device="cpu")
