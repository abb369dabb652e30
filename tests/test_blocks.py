"""Blocks over frames and words."""

import pytest
import torch
from torch import nn

from momentvos.blocks import attention


@pytest.mark.parametrize("keys", [1, 3, 4, 5])  # a head has 4 channels
@pytest.mark.parametrize("masked", [False, True])
def test_attention_to_words_is_that_of_the_module(keys, masked):
    torch.manual_seed(0)
    module = nn.MultiheadAttention(8, 2, batch_first=True).double()
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    x = torch.randn(3, 6, 8, dtype=torch.double, requires_grad=True)
    words = torch.randn(3, keys, 8, dtype=torch.double, requires_grad=True)
    mask = torch.rand(3, keys) < 0.5 if masked else torch.ones(3, keys, dtype=torch.bool)
    mask[:, 0] = True
    ours = attention(module, x, words, mask if masked else None)
    theirs, _ = module(x, words, words, key_padding_mask=~mask, need_weights=False)
    torch.testing.assert_close(ours, theirs)
    inputs, weight = (x, words, *module.parameters()), torch.randn_like(ours)
    for one, other in zip(
        torch.autograd.grad(ours, inputs, weight),
        torch.autograd.grad(theirs, inputs, weight),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


def test_weights_of_words_are_dropped_in_training_alone():
    torch.manual_seed(0)
    module = nn.MultiheadAttention(8, 2, dropout=0.5)
    x, words = torch.randn(1, 6, 8), torch.randn(1, 3, 8)
    assert not torch.equal(attention(module, x, words), attention(module, x, words))
    module.eval()
    assert torch.equal(attention(module, x, words), attention(module, x, words))
