"""Pixels as Qwen's own processor makes them."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import (
    Qwen2VLImageProcessorPil,
    smart_resize,
)

from momentvos.errors import VideoError
from momentvos.mllm import Budget, Patching, image_input, video_input

SIDES = st.integers(1, 900)


@given(SIDES, SIDES, st.integers(1, 40), st.integers(0, 300))
def test_sizes_are_qwens(height, width, low, more):
    budget = Budget(low, low + more)
    if max(height, width) > 200 * min(height, width):
        with pytest.raises(VideoError, match="narrow"):
            Patching().fit((height, width), budget)
        return
    rows, columns = Patching().fit((height, width), budget)
    assert rows % 28 == columns % 28 == 0
    if round(height / 28) and round(width / 28):
        theirs = smart_resize(height, width, 28, budget.low * 784, budget.high * 784)
        assert (rows, columns) == theirs


@pytest.mark.parametrize("size", [(30, 45), (112, 84), (200, 61)])
def test_patches_are_qwens(size):
    rgb = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    ours = image_input(rgb, Patching(), Budget(4, 9))
    processor = Qwen2VLImageProcessorPil(size={"shortest_edge": 4 * 784, "longest_edge": 9 * 784})
    theirs = processor(rgb, return_tensors="pt")
    assert [list(ours.grid)] == theirs["image_grid_thw"].tolist()
    assert ours.tokens == ours.patches.shape[0] // 4
    # One grey value is 0.0145 once normalised; a rounding may fall the other way.
    torch.testing.assert_close(ours.patches, theirs["pixel_values"], atol=0.016, rtol=0)


def test_a_film_of_two_equal_frames_has_the_patches_of_their_picture(frames):
    one = image_input(frames[0], Patching(), Budget(4, 9))
    two = video_input(frames[[0, 0]], Patching(), Budget(4, 9))
    assert torch.equal(one.patches, two.patches)
    assert (one.kind, two.kind) == ("image", "video")


def test_an_odd_film_repeats_its_last_frame(frames):
    odd, even = (
        video_input(frames, Patching(), Budget(4, 9)),
        video_input(frames[[0, 1, 2, 3, 4, 4]], Patching(), Budget(4, 9)),
    )
    assert odd.grid[0] == 3
    assert torch.equal(odd.patches, even.patches)


def test_what_is_beyond_the_budget_is_shrunk_and_says_so(frames):
    big = image_input(np.zeros((280, 560, 3), np.uint8), Patching(), Budget(1, 8))
    assert big.shrunk and big.shown == (56, 112) and big.tokens == 8
    assert big.note == "the language model saw 560x280 frames at 112x56"
    assert image_input(frames[0], Patching(), Budget(1, 8)).note is None


@pytest.mark.parametrize("size", [(60, 90), (56, 84)])
def test_pictures_of_torchvision_differ_from_pillows_by_little(size):
    rgb = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    one, other = (
        image_input(rgb, Patching(), Budget(4, 24), how) for how in ("torchvision", "pillow")
    )
    assert one.grid == other.grid and one.patches.dtype == torch.float32
    if size == (56, 84):  # nothing to resize
        torch.testing.assert_close(one.patches, other.patches, atol=1e-6, rtol=0)
        return
    difference = (one.patches - other.patches).abs()
    assert 1e-3 < difference.max() < 0.016  # a grey level of some values
    assert (difference > 1e-3).float().mean() < 0.05


def test_a_budget_needs_room():
    with pytest.raises(ValueError, match="budget"):
        Budget(4, 3)
