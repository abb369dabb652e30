"""The walk both ways from anchors: order, reads, lifetimes."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from momentvos.propagation import Bank, both_ways
from momentvos.propagation.lifetime import lifetimes


@st.composite
def cases(draw):
    length = draw(st.integers(1, 60))
    anchors = sorted(draw(st.sets(st.integers(0, length - 1), min_size=1, max_size=8)))
    centre = draw(st.none() | st.integers(0, len(anchors) - 1))
    return length, anchors, centre


def reads(plan, clear=lambda step: False):
    """(step, selection) in order; `clear` decides whether the anchors a step meets clear."""
    bank, rows = Bank(), []
    for stage in plan.stages:
        for step in stage:
            if step.met and clear(step):
                for frame in step.met:
                    bank.clear(step.obj_id, range(frame - 7, frame + 8))
        rows += [(step, bank.select(step)) for step in stage]
        for step in stage:
            if step.write:
                bank.write(step, torch.zeros(1, 1, 1), torch.zeros(1))
    return rows


@given(cases())
def test_every_frame_stands_exactly_once_and_anchors_come_first(case):
    length, anchors, centre = case
    plan = both_ways(range(length), anchors, centre)
    order = [step.frame for step in plan.steps()]
    assert sorted(order) == list(range(length))
    assert order[: len(anchors)] == anchors
    start = anchors[len(anchors) // 2 if centre is None else centre]
    right = [frame for frame in range(start, length) if frame not in anchors]
    left = [frame for frame in range(start, -1, -1) if frame not in anchors]
    assert order[len(anchors) :] == right + left


@given(cases())
def test_each_direction_reads_its_own_side_as_sam2_does(case):
    length, anchors, centre = case
    plan = both_ways(range(length), anchors, centre)
    start = anchors[len(anchors) // 2 if centre is None else centre]
    for step, chosen in reads(plan):
        frame = step.frame
        if frame in anchors:
            continue
        way = 1 if frame > start else -1
        side = [a for a in anchors if (a - start) * way >= 0]
        track = [
            frame - way * d
            for d in range(1, 16)
            if (frame - way * d - start) * way > 0 and frame - way * d not in anchors
        ]
        near = [other for other in track if abs(other - frame) <= 6]
        assert set(chosen.frames[: len(side)]) == set(side)
        assert list(chosen.frames[len(side) :]) == near
        assert chosen.slots == (6,) * len(side) + tuple(abs(o - frame) - 1 for o in near)
        passed = sorted((a for a in side if (frame - a) * way > 0), key=lambda a: abs(a - frame))
        assert list(chosen.pointers) == passed + track


@given(cases(), st.randoms(use_true_random=False))
def test_what_is_read_is_never_freed_whatever_the_anchors_clear(case, random):
    length, anchors, centre = case
    plan = both_ways(range(length), anchors, centre)
    plan = replace(plan, hook=lambda: None)
    freed: set[tuple[int, bool]] = set()
    rows = iter(reads(plan, lambda step: random.random() < 0.5))
    for stage, expired in zip(plan.stages, lifetimes(plan, 7), strict=True):
        for _ in stage:
            _, chosen = next(rows)
            assert not {(frame, False) for frame in chosen.frames} & freed
            assert not {(frame, True) for frame in chosen.pointers} & freed
        freed |= {(entry.frame, entry.pointer) for entry in expired}


@given(cases())
def test_the_bank_stays_small(case):
    length, anchors, centre = case
    plan = both_ways(range(length), anchors, centre)
    alive, most = 0, 0
    for stage, expired in zip(plan.stages, lifetimes(plan, 7), strict=True):
        alive += sum(step.write is not None for step in stage)
        most = max(most, alive)
        alive -= sum(not entry.pointer for entry in expired)
    assert most <= len(anchors) + 8


def test_one_frame_and_a_centre_at_either_end():
    assert [s.frame for s in both_ways([0], [0]).steps()] == [0]
    assert [s.frame for s in both_ways(range(4), [0, 2], 0).steps()] == [0, 2, 1, 3]
    assert [s.frame for s in both_ways(range(4), [1, 3], 1).steps()] == [1, 3, 2, 0]


@pytest.mark.parametrize("anchors", [[], [2, 1], [1, 1], [7]])
def test_anchors_must_ascend_within_the_frames(anchors):
    with pytest.raises(ValueError, match="anchors"):
        both_ways(range(5), anchors)


@given(cases())
def test_anchors_are_met_once_by_the_first_frame_behind_them(case):
    length, anchors, centre = case
    plan = both_ways(range(length), anchors, centre)
    start = anchors[len(anchors) // 2 if centre is None else centre]
    for way in (1, -1):
        steps = [s for s in plan.steps() if s.read and (s.frame - start) * way > 0]
        met = [frame for step in steps for frame in step.met]
        side = sorted((a for a in anchors if (a - start) * way >= 0), key=lambda a: a * way)
        assert met == [a for a in side if steps and (steps[-1].frame - a) * way > 0]


def test_anchors_are_conditioning_and_free_of_memory():
    for step, chosen in reads(both_ways(range(30), [4, 11, 20], given="box", tracked="tokens")):
        assert step.features == "plain"
        assert step.prompt == ("box" if step.frame in (4, 11, 20) else "tokens")
        assert step.write == ("conditioning" if step.frame in (4, 11, 20) else "recent")
        assert bool(chosen.frames) is (step.frame not in (4, 11, 20))
