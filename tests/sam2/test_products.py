"""Attention as two products, whatever part of the weights is held at once."""

import pytest
import torch
import torch.nn.functional as F

from momentvos.sam2 import products
from momentvos.sam2.linear import LEAST


@pytest.mark.parametrize("scores", [1, 64, 2000, 1 << 30])
@pytest.mark.parametrize("width", [16, 5])
def test_the_average_is_that_of_attention(scores, width, monkeypatch):
    monkeypatch.setattr(products, "SCORES", scores)
    queries, keys = torch.randn(3, 2, 20, 16), torch.randn(3, 2, 30, 16)
    values = torch.randn(3, 30, 2, width).transpose(1, 2)
    ours = products.average(queries, keys, values)
    theirs = F.scaled_dot_product_attention(queries, keys, values, scale=1.0)
    torch.testing.assert_close(ours, theirs)
    one = products.average(queries[:1], keys, values)
    torch.testing.assert_close(one[0], ours[0])


@torch.inference_mode()
@pytest.mark.parametrize("scores", [pytest.param(products.SCORES, marks=pytest.mark.slow), 1 << 16])
def test_large_products_are_those_of_linear_layers(scores, monkeypatch):
    monkeypatch.setattr(products, "SCORES", scores)
    queries, keys = torch.randn(1, 2, 800, 64), torch.randn(2, 900, 2, 64).transpose(1, 2)
    values = torch.randn(2, 900, 2, 96).transpose(1, 2)[..., :64]
    assert LEAST < 800 * 900 * 64
    ours = products.average(queries, keys, values)
    theirs = F.scaled_dot_product_attention(queries.expand(2, -1, -1, -1), keys, values, scale=1.0)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_in_bfloat16_it_is_as_close_as_fused_attention():
    torch.manual_seed(0)
    parts = [torch.randn(32, 4, 50, 32) for _ in range(3)]  # many, so that chance decides nothing
    exact = F.scaled_dot_product_attention(*parts, scale=0.2)
    reduced = [part.bfloat16() for part in parts]
    assert products.two_products(reduced[0]) and not products.two_products(parts[0])
    ours = products.attention(*reduced, 0.2).float()
    theirs = F.scaled_dot_product_attention(*reduced, scale=0.2).float()
    assert (ours - exact).norm() < 1.5 * (theirs - exact).norm()
