"""Normalised pixels and back."""

import torch

from momentvos.sam2 import to_bytes, to_pixels


def test_every_value_comes_back():
    values = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16).expand(1, 3, -1, -1)
    assert torch.equal(to_bytes(to_pixels(values)), values)
    assert torch.equal(to_bytes(to_pixels(values).half()), values)


def test_padding_becomes_the_mean():
    assert to_bytes(torch.zeros(1, 3, 1, 1)).flatten().tolist() == [124, 116, 104]
