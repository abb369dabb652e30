"""Linear layers in one pass with what follows them: equal to one after the other."""

import pytest
import torch
from torch import nn
from transformers.activations import ACT2FN

from momentvos.sam2.linear import Affine, linear, product

ACTIVATIONS = [None, nn.ReLU(), nn.GELU(), nn.GELU("tanh"), nn.SiLU(), ACT2FN["gelu"]]


@pytest.mark.parametrize("then", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("rows", [3, 700])
@pytest.mark.parametrize("added", [False, True])
def test_equal_to_one_after_the_other(then, rows, added):
    layer = nn.Linear(192, 320)
    x, onto = torch.randn(2, rows, 192), torch.randn(2, 320, rows).transpose(1, 2)
    expected = layer(x) if then is None else then(layer(x))
    expected = expected + onto if added else expected
    with torch.inference_mode():
        ours = linear(layer, x, then, onto if added else None)
    torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("then", [None, "gelu", "relu"])
@pytest.mark.parametrize("rows", [3, 700])
@pytest.mark.parametrize("added", [False, True])
def test_weights_alone_are_as_a_layer(then, rows, added):
    layer = nn.Linear(192, 320)
    x, onto = torch.randn(2, rows, 192), torch.randn(2, rows, 320)
    after = {None: nn.Identity(), "gelu": nn.GELU(), "relu": nn.ReLU()}[then if not added else None]
    expected = after(layer(x)) + (onto if added else 0)
    given = (Affine(layer.weight, layer.bias), x, None if added else then, onto if added else None)
    torch.testing.assert_close(product(*given), expected, rtol=1e-4, atol=1e-5)
    with torch.inference_mode():
        torch.testing.assert_close(product(*given), expected, rtol=1e-4, atol=1e-5)


def test_it_can_be_trained():
    layer, x = nn.Linear(192, 320), torch.randn(1400, 192)
    linear(layer, x, nn.GELU(), torch.zeros(1400, 320)).sum().backward()
    assert layer.weight.grad is not None and layer.weight.grad.abs().sum() > 0


@torch.inference_mode()
def test_in_the_number_format_of_the_layer():
    layer, x = nn.Linear(192, 320).bfloat16(), torch.randn(1400, 192)
    assert linear(layer, x).dtype == torch.bfloat16
    assert linear(layer, x, onto=torch.zeros(1400, 320)).dtype == torch.float32
