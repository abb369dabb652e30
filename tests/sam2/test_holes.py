"""Holes in masks."""

import torch

from momentvos.sam2 import fill_holes


def mask(rows):
    return torch.tensor([[1.0 if cell == "#" else -1.0 for cell in row] for row in rows])


def test_small_holes_become_barely_the_object():
    holed = mask(["#####", "#.#.#", "##.##", "#####"])
    filled = fill_holes(torch.stack([holed, -torch.ones(4, 5)]), 3)
    assert torch.equal(filled[0] > 0, torch.ones(4, 5, dtype=torch.bool))
    assert filled[0][1, 1] == filled[0][2, 2] == torch.tensor(0.1)
    assert torch.equal(filled[0][holed > 0], holed[holed > 0])
    assert torch.equal(filled[1], -torch.ones(4, 5)), "all of it is 20 cells"


def test_cells_that_touch_at_a_corner_are_one_hole():
    holed = mask(["#####", "#.#.#", "##.##", "#####"])
    assert torch.equal(fill_holes(holed[None], 2)[0], holed)


def test_zero_is_background_and_a_hole_may_lie_at_the_border():
    logits = torch.tensor([[[0.0, 1.0, 1.0], [1.0, 1.0, -5.0]]])
    assert (fill_holes(logits, 1) > 0).all()
    assert torch.equal(fill_holes(logits, 0), logits)
