"""Pictures at another size, bit for bit as Pillow made them for the published programs."""

import zlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from momentvos.sam2.geometry import fitted, padded, to_input
from momentvos.sam2.resize import RESAMPLING, resize

RECORDED = [
    ((240, 320), (768, 1024), "bilinear", 1096487426),
    ((240, 320), (768, 1024), "bicubic", 2965709654),
    ((360, 640), (576, 1024), "bilinear", 2180840322),
    ((360, 640), (576, 1024), "bicubic", 384582513),
    ((720, 1280), (576, 1024), "bilinear", 3077262151),
    ((720, 1280), (576, 1024), "bicubic", 1076083719),
    ((1080, 1920), (576, 1024), "bilinear", 1012925381),
    ((1080, 1920), (576, 1024), "bicubic", 1642717315),
    ((479, 853), (575, 1024), "bilinear", 3841399420),
    ((479, 853), (575, 1024), "bicubic", 2708457223),
    ((1281, 719), (1024, 574), "bilinear", 2990165958),
    ((1281, 719), (1024, 574), "bicubic", 3472591636),
    ((1000, 600), (700, 700), "bilinear", 3053280778),
    ((1000, 600), (700, 700), "bicubic", 490854390),
    ((1600, 900), (1024, 1024), "bilinear", 3090267735),
    ((1600, 900), (1024, 1024), "bicubic", 381614893),
    ((84, 12), (78, 68), "bilinear", 2149716267),
    ((84, 12), (78, 68), "bicubic", 3683975003),
]
"""Size, size wanted, filter, and CRC-32 of what Pillow 10.4 and 11.3 make of `picture(*size)`.

Pillow 13 shrinks some portraits (the last three sizes) in the other order of directions.
"""


def picture(height: int, width: int) -> np.ndarray:
    """Noise over a gradient, so that both extremes and everything between occur."""
    noise = np.random.default_rng(height * width).integers(-90, 90, (height, width, 3))
    gradient = np.linspace(0, 255, width)[None, :, None]
    return np.clip(noise + gradient, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("size", "wanted", "filter", "checksum"), RECORDED)
def test_pillow_bit_for_bit(size, wanted, filter, checksum):
    made = resize(torch.from_numpy(picture(*size))[None], wanted, filter, "pillow")
    assert made.dtype == torch.uint8 and made.shape == (1, 3, *wanted)
    assert zlib.crc32(made[0].permute(1, 2, 0).contiguous().numpy().tobytes()) == checksum


sides = st.integers(1, 90)


@settings(max_examples=60)
@given(sides, sides, sides, sides, st.sampled_from(["bilinear", "bicubic"]))
def test_both_resizers_differ_by_rounding_alone(height, width, tall, wide, filter):
    rgb = picture(height, width)
    frames = torch.from_numpy(np.stack([rgb, rgb[::-1]]))
    exact = resize(frames, (tall, wide), filter, "pillow")
    near = resize(frames, (tall, wide), filter, "float")
    assert exact.shape == near.shape == (2, 3, tall, wide)
    assert (exact.int() - near.int()).abs().max() <= 2
    row = Image.fromarray(rgb[::-1].copy()).resize((wide, height), RESAMPLING[filter])
    both = np.asarray(row.resize((wide, tall), RESAMPLING[filter]))
    assert np.array_equal(exact[1].permute(1, 2, 0).numpy(), both)


def test_views_and_pictures_of_the_right_size():
    rgb = torch.from_numpy(picture(30, 40))[None]
    same = resize(rgb, (30, 40), "bilinear", "pillow")
    assert torch.equal(same, rgb.permute(0, 3, 1, 2))
    view = rgb.flip(3)[:, ::2, 1:]
    whole = resize(view.contiguous(), (7, 50), "bilinear", "pillow")
    assert torch.equal(resize(view, (7, 50), "bilinear", "pillow"), whole)


def test_the_square_is_normalised_as_torchvision_does():
    """``ToTensor`` and ``Normalize``: float32, one operation after the other."""
    rgb = picture(72, 128)
    pixels, (height, width) = to_input(rgb[None], 64, "samwise", "pillow")
    assert (height, width) == (36, 64)
    frames = fitted(torch.from_numpy(rgb)[None], 64, "samwise", "pillow")
    small = frames[0].permute(1, 2, 0).numpy().astype(np.float32) / np.float32(255)
    mean = np.array([0.485, 0.456, 0.406], np.float32)
    std = np.array([0.229, 0.224, 0.225], np.float32)
    assert np.array_equal(pixels[0, :, :36].permute(1, 2, 0).numpy(), (small - mean) / std)
    assert not pixels[:, :, 36:].any()
    assert torch.equal(padded(frames, 64), pixels)
