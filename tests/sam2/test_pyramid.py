"""Rows of a pyramid: one frame for many readers takes no memory of its own."""

import torch

from momentvos.sam2 import Pyramid


def _pyramid(frames: int) -> Pyramid:
    return Pyramid(tuple(torch.randn(frames, c, 8 // c, 8 // c) for c in (1, 2, 4)))


def test_a_frame_selected_for_all_rows_is_shared():
    pyramid = _pyramid(3)
    shared = pyramid.select(torch.tensor([2, 2, 2, 2]))
    for level, whole in zip(shared.levels, pyramid.levels, strict=True):
        assert level.stride(0) == 0 and level.data_ptr() == whole[2].data_ptr()
        assert torch.equal(level, whole[[2, 2, 2, 2]])


def test_rows_of_several_frames_are_those_frames():
    pyramid = _pyramid(3)
    for rows in ([1], [0, 2], [2, 2, 1], []):
        chosen = pyramid.select(torch.tensor(rows, dtype=torch.int64))
        for level, whole in zip(chosen.levels, pyramid.levels, strict=True):
            assert torch.equal(level, whole[rows])


def test_the_same_pyramid_again_and_again_is_shared():
    one, other = _pyramid(1), _pyramid(1)
    again = Pyramid.cat([one, one, one])
    assert len(again) == 3 and again.top.stride(0) == 0
    assert torch.equal(again.top, torch.cat([one.top] * 3))
    both = Pyramid.cat([one, other, one])
    assert torch.equal(both.top, torch.cat([one.top, other.top, one.top]))
    assert len(Pyramid.cat([_pyramid(2)] * 2)) == 4
