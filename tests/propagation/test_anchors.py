"""Plans that start from anchors or a keyframe, and the rule by which an anchor clears memories."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from momentvos.propagation import Bank, Plan, Read, Step
from momentvos.propagation.lifetime import lifetimes
from momentvos.sam2 import Decoded
from momentvos.systems.momentseg.plan import from_anchors
from momentvos.systems.momentseg.refresh import Refresh, RefreshHook
from momentvos.systems.vrshq.plan import from_keyframe


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
    plan = from_anchors(range(length), anchors, centre)
    order = [step.frame for step in plan.steps()]
    assert sorted(order) == list(range(length))
    assert order[: len(anchors)] == anchors
    start = anchors[len(anchors) // 2 if centre is None else centre]
    right = [frame for frame in range(start, length) if frame not in anchors]
    left = [frame for frame in range(start, -1, -1) if frame not in anchors]
    assert order[len(anchors) :] == right + left


@given(cases())
def test_anchors_are_free_of_memory_and_prompted_as_is_every_tracked_frame(case):
    length, anchors, centre = case
    for step, chosen in reads(from_anchors(range(length), anchors, centre)):
        assert step.prompt == "tokens"
        assert step.features == "plain"
        if step.frame in anchors:
            assert step.write == "conditioning" and chosen.frames == ()
        else:
            assert step.write == "recent"


@given(cases())
def test_each_direction_reads_its_own_side_as_sam2_does(case):
    length, anchors, centre = case
    plan = from_anchors(range(length), anchors, centre)
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
    plan = from_anchors(range(length), anchors, centre)
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
    plan = from_anchors(range(length), anchors, centre)
    alive, most = 0, 0
    for stage, expired in zip(plan.stages, lifetimes(plan, 7), strict=True):
        alive += sum(step.write is not None for step in stage)
        most = max(most, alive)
        alive -= sum(not entry.pointer for entry in expired)
    assert most <= len(anchors) + 8


def test_one_frame_and_a_centre_at_either_end():
    assert [s.frame for s in from_anchors([0], [0]).steps()] == [0]
    assert [s.frame for s in from_anchors(range(4), [0, 2], 0).steps()] == [0, 2, 1, 3]
    assert [s.frame for s in from_anchors(range(4), [1, 3], 1).steps()] == [1, 3, 2, 0]


@pytest.mark.parametrize("anchors", [[], [2, 1], [1, 1], [7]])
def test_anchors_must_ascend_within_the_frames(anchors):
    with pytest.raises(ValueError, match="anchors"):
        from_anchors(range(5), anchors)


def test_the_keyframe_is_given_and_the_rest_tracked():
    plan = from_keyframe(range(5), 2)
    assert [step.frame for step in plan.steps()] == [2, 3, 4, 1, 0]
    assert [step.prompt for step in plan.steps()] == ["mask", None, None, None, None]
    assert [step.write for step in plan.steps()] == ["conditioning"] + ["recent"] * 4
    assert plan.hook is None
    fused = from_keyframe(range(5), 4, given="tokens", tracked="tokens")
    assert [step.frame for step in fused.steps()] == [4, 3, 2, 1, 0]
    assert {step.prompt for step in fused.steps()} == {"tokens"}


@given(cases())
def test_anchors_are_met_once_by_the_first_frame_behind_them(case):
    length, anchors, centre = case
    plan = from_anchors(range(length), anchors, centre)
    start = anchors[len(anchors) // 2 if centre is None else centre]
    for way in (1, -1):
        steps = [s for s in plan.steps() if s.read and (s.frame - start) * way > 0]
        met = [frame for step in steps for frame in step.met]
        side = sorted((a for a in anchors if (a - start) * way >= 0), key=lambda a: a * way)
        assert met == [a for a in side if steps and (steps[-1].frame - a) * way > 0]


@pytest.mark.parametrize(
    ("track", "anchor", "due"),
    [(2.0, 1.0, False), (0.9, 1.0, False), (0.89, 1.0, True), (0.5, 0.5, False), (0.4, 0.5, True)],
)
def test_an_anchor_clears_when_the_track_is_less_sure_than_nine_tenths_of_it(track, anchor, due):
    assert Refresh().due(track, anchor) is due


def walked(probabilities, anchor):
    """Frames left after a walk 1..n with these probabilities meets an anchor at n + 1."""
    bank, hook = Bank(), RefreshHook(Refresh())
    last = len(probabilities) + 1
    read = Read(6, "previous", None, reach=6, pointer_reach=15, within=(0, 99))

    def put(frame, probability, write):
        step = Step(frame, prompt="tokens", read=read if write == "recent" else None, write=write)
        bank.write(step, torch.zeros(1, 1, 1), torch.zeros(1))
        score = torch.tensor([probability]).logit()
        hook.after([step], Decoded(score, score, score, score, score))

    put(last, anchor, "conditioning")
    for frame, probability in enumerate(probabilities, 1):
        put(frame, probability, "recent")
    after = Step(last + 1, read=read, met=(last,))
    hook.before(after, bank)
    return [frame for frame in bank.select(after).pointers if frame != last]


def test_a_doubtful_track_loses_its_memories_within_seven_frames():
    assert walked([0.9] * 10, 0.99) == [3, 2, 1]
    assert walked([0.999] * 10, 0.99) == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert walked([0.9] * 10, 0.01) == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]


def test_refreshing_needs_reads_bounded_by_distance():
    plan = Plan(
        ((Step(0, write="conditioning"),), (Step(1, read=Read(), write="recent", met=(0,)),)),
        hook=lambda: RefreshHook(Refresh()),
    )
    with pytest.raises(ValueError, match="reach"):
        lifetimes(plan, 7)
