"""Normalised pixels and back."""

import torch

from momentvos.sam2 import covered, to_bytes, to_pixels


def test_every_value_comes_back():
    values = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16).expand(1, 3, -1, -1)
    assert torch.equal(to_bytes(to_pixels(values)), values)
    assert torch.equal(to_bytes(to_pixels(values).half()), values)


def test_padding_becomes_the_mean():
    assert to_bytes(torch.zeros(1, 3, 1, 1)).flatten().tolist() == [124, 116, 104]


def test_places_are_covered_in_part():
    pixels = torch.zeros(2, 3, 8, 4, dtype=torch.bool)
    pixels[1, 2, :2, :2] = True
    pixels[1, 2, 4:6, 3] = True
    shares = covered(pixels, torch.zeros(1, 4, 2, dtype=torch.float64))
    assert shares.shape == (2, 3, 4, 2) and shares.dtype == torch.float64
    assert shares[1, 2].tolist() == [[1.0, 0.0], [0.0, 0.0], [0.0, 0.5], [0.0, 0.0]]
    assert shares[0].sum() == 0


def test_constants_are_those_of_the_published_programs():
    """SAM's in grey levels, SAM2's in 0..1, MomentSeg's of these rounded to 16 bits."""
    frames = torch.arange(256, dtype=torch.uint8).expand(1, 3, 1, 256)
    unit, levels, rounded = (to_pixels(frames, kind) for kind in ("unit", "levels", "bfloat16"))
    mean = torch.tensor([123.675, 116.28, 103.53]).view(3, 1, 1)
    std = torch.tensor([58.395, 57.12, 57.375]).view(3, 1, 1)
    assert torch.equal(levels, (frames - mean) / std)
    torch.testing.assert_close(levels, unit, atol=1e-6, rtol=1e-5)
    assert 1e-3 < (rounded - unit).abs().max() < 0.02
    assert rounded.dtype == torch.float32
