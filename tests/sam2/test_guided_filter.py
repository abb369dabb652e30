"""Masks fitted to edges: against the filter's definition, and what it is for."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from momentvos.sam2 import guided_filter
from momentvos.sam2.guided_filter import _sums


def by_definition(mask, guide, radius, eps):
    """The slopes and levels of He, Sun and Tang, Eq. 19 to 21, window by window. [4, h, w]."""
    height, width = mask.shape
    fits = np.zeros((4, height, width))
    boxes = {}
    for y in range(height):
        for x in range(width):
            rows, columns = (
                slice(max(y - radius, 0), y + radius + 1),
                slice(max(x - radius, 0), x + radius + 1),
            )
            boxes[y, x] = rows, columns
            colours, values = guide[:, rows, columns].reshape(3, -1), mask[rows, columns].ravel()
            mean = colours.mean(1)
            spread = colours @ colours.T / len(values) - np.outer(mean, mean)
            shared = colours @ values / len(values) - mean * values.mean()
            slope = np.linalg.solve(spread + eps * np.eye(3), shared)
            fits[:, y, x] = [*slope, values.mean() - slope @ mean]
    return np.stack(
        [
            [fits[(slice(None), *boxes[y, x])].mean((1, 2)) for x in range(width)]
            for y in range(height)
        ]
    )


@pytest.mark.parametrize("radius", [1, 2, 9])
def test_it_is_the_guided_filter(radius):
    torch.manual_seed(0)
    logits, pixels = torch.randn(2, 6, 7), torch.randn(2, 3, 6, 7)
    ours = guided_filter(logits, pixels, radius, eps=0.05)
    for row in range(2):
        fits = by_definition(
            logits[row].sigmoid().double().numpy(), pixels[row].double().numpy(), radius, 0.05
        )
        value = (fits[..., :3] * pixels[row].permute(1, 2, 0).numpy()).sum(-1) + fits[..., 3]
        inside = (value > 0.002) & (value < 0.998)
        assert inside.any()
        np.testing.assert_allclose(ours[row].sigmoid()[inside], value[inside], atol=1e-4)
        assert np.array_equal(ours[row].numpy()[~inside] > 0, value[~inside] > 0.5)


def test_several_masks_of_an_image_share_what_is_the_image_s_alone():
    torch.manual_seed(0)
    logits, pixels = torch.randn(4, 6, 7), torch.randn(2, 3, 12, 14)
    of = torch.tensor([1, 0, 0, 1])
    together = guided_filter(logits, pixels, 2, of=of)
    torch.testing.assert_close(together, guided_filter(logits, pixels[of], 2))


@pytest.mark.parametrize("radius", [1, 3, 9])
def test_sums_along_rows_and_columns_are_means_of_windows(radius):
    values = torch.randn(2, 3, 11, 8)
    pooled = F.avg_pool2d(values, 2 * radius + 1, 1, radius, count_include_pad=False)
    counts = _sums(torch.ones(1, 1, 11, 8), radius)
    torch.testing.assert_close(_sums(values, radius) / counts, pooled)


def disk(size):
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    return (x - 61.0) ** 2 + (y - 70.0) ** 2 < 23.5**2


def overlap(mask, truth):
    return float((mask & truth).sum() / (mask | truth).sum())


def test_a_coarse_mask_follows_the_edge():
    truth = disk(128)
    pixels = torch.where(truth, 1.0, -0.5).expand(1, 3, -1, -1) + 0.05 * torch.randn(1, 3, 128, 128)
    cells = F.avg_pool2d(truth[None].float(), 8) > 0.5
    logits = torch.where(cells, 8.0, -8.0)
    bilinear = F.interpolate(logits[None], (128, 128), mode="bilinear")[0, 0] > 0
    fine = guided_filter(logits, pixels, 2)[0] > 0
    assert overlap(fine, truth) > 0.97 > 0.93 > overlap(bilinear, truth)


def test_colours_that_say_nothing_leave_the_mask():
    logits = torch.full((1, 16, 16), -9.0)
    logits[:, 4:12, 4:12] = 9.0
    flat = guided_filter(logits, torch.zeros(1, 3, 16, 16), 1)
    assert not (flat[logits < 0] > 0).any()
    assert (flat[logits > 0] > 0).sum() == 60  # of 64: corners are blurred away


@pytest.mark.parametrize(("value", "there"), [(-1024.0, False), (30.0, True)])
def test_blank_and_full_masks_stay(value, there):
    fine = guided_filter(torch.full((1, 8, 8), value), torch.randn(1, 3, 32, 32), 2)
    assert fine.shape == (1, 32, 32)
    assert bool((fine > 0).all()) is there
    assert bool((fine > 0).any()) is there


def test_many_masks_are_those_of_one_at_a_time():
    """On a processor they are read off a few at a time; of none there is none."""
    logits, pixels = torch.randn(9, 48, 48) * 3, torch.randn(2, 3, 192, 192)
    of = torch.arange(9) % 2
    together = guided_filter(logits, pixels, 2, of=of)
    for row, image in enumerate(of.tolist()):
        alone = guided_filter(logits[row : row + 1], pixels[image : image + 1], 2)
        torch.testing.assert_close(together[row : row + 1], alone)
    assert guided_filter(logits[:0], pixels, 2, of=of[:0]).shape == (0, 192, 192)
