import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from momentvos.sam2.geometry import fit, to_input, to_output

sides = st.integers(1, 200)


@given(sides, sides, st.integers(1, 128))
def test_the_longer_side_fills_the_square(height, width, side):
    content = fit((height, width), side)
    assert max(content) == side and min(content) >= 1
    assert fit((height, width), side, "stretch") == (side, side)
    for kept, whole in zip(content, (height, width), strict=True):
        assert abs(kept - max(whole * side / max(height, width), 1)) <= 0.5 + 1e-9


@pytest.mark.parametrize(
    ("size", "side", "content"),
    [
        ((240, 320), 1024, (768, 1024)),
        ((720, 1280), 1024, (576, 1024)),
        ((1080, 1920), 1024, (576, 1024)),
        ((480, 854), 1024, (575, 1024)),
        ((360, 641), 1024, (575, 1024)),
        ((853, 479), 1024, (1024, 575)),
        ((1000, 1000), 1024, (1020, 1020)),
        ((1000, 1003), 1024, (1020, 1023)),
        ((999, 996), 1024, (1023, 1020)),
        ((1000, 1004), 1024, (1020, 1024)),
        ((1000, 1005), 1024, (1019, 1024)),
        ((7, 2000), 1024, (3, 1024)),
        ((131, 357), 128, (47, 128)),
    ],
)
def test_sizes_as_samwise_has_them(size, side, content):
    """Recorded from torchvision's ``Resize(side - 4, max_size=side)``."""
    assert fit(size, side, "samwise") == content


@settings(max_examples=30)
@given(sides, sides, st.sampled_from(["pad", "samwise", "stretch"]))
def test_padding_is_zero_after_normalising(height, width, mode):
    rgb = np.full((2, height, width, 3), 255, np.uint8)
    pixels, (tall, wide) = to_input(rgb, 64, mode)
    assert pixels.shape == (2, 3, 64, 64) and pixels.dtype == torch.float32
    white = (1 - torch.tensor([0.485, 0.456, 0.406])) / torch.tensor([0.229, 0.224, 0.225])
    inside = pixels[:, :, :tall, :wide]
    assert torch.allclose(inside, white[:, None, None].expand_as(inside), atol=1e-3)
    assert not pixels[:, :, tall:].any() and not pixels[..., wide:].any()


def test_a_square_of_the_right_size_is_untouched():
    rgb = np.random.default_rng(0).integers(0, 255, (1, 32, 32, 3), np.uint8)
    pixels, content = to_input(torch.from_numpy(rgb), 32)
    mean = np.array([0.485, 0.456, 0.406])
    std = np.array([0.229, 0.224, 0.225])
    expected = ((rgb[0] / 255 - mean) / std).transpose(2, 0, 1)
    assert content == (32, 32) and np.allclose(pixels[0], expected, atol=1e-5)


@pytest.mark.parametrize("size", [(90, 160), (160, 90), (47, 33), (300, 500), (2, 2)])
def test_a_mask_returns_to_its_place(size):
    height, width = size
    rows, columns = np.mgrid[:height, :width]
    disc = ((rows / height - 0.4) ** 2 + (columns / width - 0.6) ** 2 < 0.06).astype(np.uint8)
    rgb = np.repeat(disc[None, ..., None] * 255, 3, -1)
    pixels, content = to_input(rgb, 128)
    low = torch.nn.functional.avg_pool2d(pixels[:, :1], 4)[:, 0]
    back = to_output(low, content, 128, size)
    assert back.shape == (1, *size)
    agree = (back[0].numpy() > 0) == disc.astype(bool)
    assert agree.mean() > (0.97 if min(size) > 2 else 0.7)


def test_sam_rounds_halves_up():
    assert fit((1, 2), 5, "sam") == (3, 5)
    assert fit((1, 2), 5, "pad") == (2, 5)
    assert fit((720, 1280), 1024, "sam") == (576, 1024)
