"""Memory attention over a fixed number of keys reads what it reads over those that are there."""

import copy

import pytest
import torch

from momentvos.sam2 import Reading, attend, attend_unequal, compiled
from momentvos.sam2.compiled import compile_parts

CLOSE = 1e-4


@pytest.fixture
def fixed(sam, monkeypatch):
    """The model with parts to be compiled, whose programs are the functions themselves."""
    monkeypatch.setattr(torch, "compile", lambda plain, **_: plain)
    monkeypatch.setattr(compiled, "compiler", lambda: "g++")
    made = copy.deepcopy(sam)
    assert compile_parts(made, every=True)
    return made


def shapes(sam):
    """How many shapes each program of memory attention has met."""
    return [len(one) for one in compiled._PROGRAMS[sam.memory_attention].values()]


def reading(sam, rows, memories, pointers, seed=0):
    """Random memories and pointers for so many rows."""
    draw = torch.Generator().manual_seed(seed)
    side = sam.config.image_size // 16
    offsets = torch.rand(rows, pointers, generator=draw)
    return Reading(
        torch.randn(rows, memories, sam.mem_dim, side, side, generator=draw),
        torch.arange(memories).expand(rows, -1) % 7,
        torch.randn(rows, pointers, sam.hidden_dim, generator=draw) if pointers else None,
        offsets if pointers else None,
    )


def top(sam, rows):
    side = sam.config.image_size // 16
    draw = torch.Generator().manual_seed(9)
    return torch.randn(rows, sam.hidden_dim, side, side, generator=draw)


@torch.inference_mode()
@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(("memories", "pointers"), [(1, 0), (3, 2), (7, 16)])
def test_every_number_of_memories(sam, fixed, rows, memories, pointers):
    read = reading(sam, rows, memories, pointers)
    given = (read.memories, read.slots, read.pointers, read.offsets)
    wanted = attend(sam, top(sam, rows), *given)
    assert (attend(fixed, top(sam, rows), *given) - wanted).abs().max() < CLOSE
    assert shapes(fixed) == [1]


@torch.inference_mode()
def test_one_shape_for_all(sam, fixed):
    for memories, pointers in [(1, 1), (4, 3), (7, 16)]:
        read = reading(sam, 2, memories, pointers)
        attend(fixed, top(sam, 2), read.memories, read.slots, read.pointers, read.offsets)
    assert shapes(fixed) == [1]


@torch.inference_mode()
def test_rows_that_read_unequally_much(sam, fixed):
    groups = [([2, 0], reading(sam, 2, 2, 1)), ([1], reading(sam, 1, 5, 4, seed=1))]
    for x in (top(sam, 3), top(sam, 1).expand(3, -1, -1, -1)):
        wanted = attend_unequal(sam, x, groups)
        assert (attend_unequal(fixed, x, groups) - wanted).abs().max() < CLOSE
    groups.append(([3], Reading()))
    x = top(sam, 4)
    assert (attend_unequal(fixed, x, groups) - attend_unequal(sam, x, groups)).abs().max() < CLOSE


@torch.inference_mode()
def test_more_than_there_is_room_for(sam, fixed):
    read = reading(sam, 1, 9, 2)
    given = (read.memories, read.slots, read.pointers, read.offsets)
    assert torch.equal(attend(fixed, top(sam, 1), *given), attend(sam, top(sam, 1), *given))
    assert shapes(fixed) == []
