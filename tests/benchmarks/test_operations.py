"""benchmarks/operations.py counts products as they are on paper, whichever operator does them."""

import runpy
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from momentvos.sam2.linear import linear

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "operations.py"


@pytest.fixture(scope="module")
def counted():
    """Run some work and return what the program counts of it."""
    counter = runpy.run_path(str(PROGRAM))["counter"]

    def count(work):
        with counter() as mode:
            work()
        return mode.get_total_flops()

    return count


@pytest.mark.parametrize("shape", [(700,), (2, 350), (2, 7, 50)], ids=str)
@pytest.mark.parametrize("rest", ["alone", "relu", "sum"])
@pytest.mark.parametrize("least", [0, 1 << 60], ids=["fused", "one after the other"])
def test_linear_layers(counted, monkeypatch, shape, rest, least):
    monkeypatch.setattr("momentvos.sam2.linear.LEAST", least)
    layer, x = nn.Linear(192, 320), torch.randn(*shape, 192)
    then = nn.ReLU() if rest == "relu" else None
    onto = torch.randn(*shape, 320) if rest == "sum" else None
    with torch.inference_mode():
        assert counted(lambda: linear(layer, x, then, onto)) == 2 * 700 * 192 * 320


def test_vectors(counted):
    with torch.inference_mode():
        assert counted(lambda: torch.randn(30, 40) @ torch.randn(40)) == 2 * 30 * 40


def test_attention_and_its_gradients(counted):
    queries, keys, values = (torch.randn(2, 3, n, 16, requires_grad=True) for n in (50, 70, 70))
    product = 2 * (2 * 3 * 50 * 70 * 16)
    made = []
    forwards = counted(lambda: made.append(F.scaled_dot_product_attention(queries, keys, values)))
    assert forwards == 2 * product
    assert counted(made[0].sum().backward) == 5 * product


@pytest.mark.parametrize("groups", [1, 8])
@pytest.mark.parametrize("kind", [nn.Conv2d, nn.ConvTranspose2d], ids=["to fewer", "to more"])
def test_convolutions_and_their_gradients(counted, kind, groups):
    layer = kind(16, 32, kernel_size=2, stride=2, groups=groups)
    x = torch.randn(3, 16, 10, 12, requires_grad=True)
    cells = 5 * 6 if kind is nn.Conv2d else 10 * 12
    product = 2 * 3 * cells * (16 * 32 // groups) * 4
    made = []
    assert counted(lambda: made.append(layer(x))) == product
    assert counted(made[0].sum().backward) == 2 * product
