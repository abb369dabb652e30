"""TGL's dual-path plan: what its steps read, and how long memories live."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from momentvos.moment import Moment
from momentvos.propagation import Bank, chronological
from momentvos.propagation.lifetime import lifetimes
from momentvos.systems.tgl.plan import dual_path

MOMENTS = st.tuples(
    st.integers(1, 60), st.lists(st.tuples(st.integers(0, 59), st.integers(0, 10)), max_size=4)
).map(lambda t: (t[0], Moment([(s, s + n) for s, n in t[1]]).clip(t[0])))


def reads(plan):
    """(step, selection) in order, as the bank would answer without any tensors."""
    bank, rows = Bank(), []
    for stage in plan.stages:
        rows += [(step, bank.select(step)) for step in stage]
        for step in stage:
            if step.write:
                bank.write(step, torch.zeros(1, 1, 1), torch.zeros(1))
    return rows


def test_frames_alone_read_nothing():
    for memory in ("all", "moment"):
        plan = dual_path(range(9), Moment.all(9), memory=memory, alone={8})
        assert [step.read is None for step in plan.steps()] == [True, *[False] * 7, True]
        assert all(step.write for step in plan.steps())


@given(MOMENTS)
def test_dual_path_takes_every_frame_once_and_the_moment_first(case):
    length, moment = case
    plan = dual_path(range(length), moment)
    order = [step.frame for step in plan.steps()]
    assert sorted(order) == list(range(length))
    inside = [frame for frame in range(length) if frame in moment] or list(range(length))
    assert order[: len(inside)] == inside
    assert all(len(stage) == 1 for stage in plan.stages[: len(inside)])
    assert len(plan.stages) == len(inside) + (len(inside) < length)


@given(
    MOMENTS, st.integers(1, 60), st.integers(0, 7), st.none() | st.integers(0, 16), st.booleans()
)
def test_in_a_long_video_frames_outside_come_earlier_and_read_the_same(
    case, turn, count, pointers, moment_reads
):
    length, moment = case
    how = {"count": count, "pointers": pointers, "moment_reads": moment_reads}
    plain = dict(reads(dual_path(range(length), moment, **how)))
    early = reads(dual_path(range(length), moment, **how, turn=turn))
    assert dict(early) == plain and len(early) == length


def test_a_long_video_keeps_no_memory_until_its_end():
    """Of 40 spans, all read from both sides, a few are held at a time."""
    moment = Moment([(start, start + 20) for start in range(0, 4000, 100)])

    def most(**how):
        plan, held, found = dual_path(range(4000), moment, **how), set(), 0
        for stage, expired in zip(plan.stages, lifetimes(plan, 6), strict=True):
            held |= {(step.frame, pointer) for step in stage if step.write for pointer in (0, 1)}
            found = max(found, len(held))
            held -= {(one.frame, int(one.pointer)) for one in expired}
        assert not held
        return found

    assert most() < most(turn=4000) / 4


@given(MOMENTS)
def test_dual_path_follows_equations_4_and_5(case):
    length, moment = case
    chosen = moment or Moment.all(length)
    for step in dual_path(range(length), moment).steps():
        relevant = step.frame in chosen
        assert step.features == ("adapted" if relevant else "plain")
        assert step.prompt == ("tokens" if relevant else None)
        assert step.write == ("recent" if relevant else None)


@given(MOMENTS)
def test_first_pass_reads_the_latest_six_second_pass_the_nearest_six(case):
    length, moment = case
    inside = (moment or Moment.all(length)).frames()
    for step, chosen in reads(dual_path(range(length), moment)):
        if step.features == "adapted":
            past = [frame for frame in inside if frame < step.frame]
            assert list(chosen.frames) == past[::-1][:6]
            assert list(chosen.pointers) == past[::-1][:15]
        else:
            near = sorted(inside, key=lambda frame: (abs(frame - step.frame), frame))
            assert list(chosen.frames) == near[:6]
            assert list(chosen.pointers) == near[:15]
        assert list(chosen.slots) == list(range(len(chosen.frames)))


def test_ties_go_to_the_earlier_frame():
    plan = dual_path(range(7), Moment([(0, 1), (5, 6)]))
    (_, chosen) = next(pair for pair in reads(plan) if pair[0].frame == 3)
    assert chosen.frames == (1, 5, 0, 6)


def test_distance_slots_stay_below_the_conditioning_row():
    plan = dual_path(range(40), Moment([(0, 2), (39, 39)]), slots="distance")
    (_, chosen) = next(pair for pair in reads(plan) if pair[0].frame == 4)
    assert chosen.frames == (2, 1, 0, 39)
    assert chosen.slots == (1, 2, 3, 5)


def test_memory_of_all_frames_walks_in_time_order():
    plan = dual_path(range(8), Moment([(3, 4)]), memory="all")
    assert [step.frame for step in plan.steps()] == list(range(8))
    assert all(step.write == "recent" for step in plan.steps())
    assert [step.prompt for step in plan.steps()] == [None] * 3 + ["tokens"] * 2 + [None] * 3


def test_frames_of_the_moment_may_be_left_to_their_prompt():
    first, rest = dual_path(range(8), Moment([(2, 3), (5, 5)]), moment_reads=False).stages
    assert [(step.frame, step.read, step.write) for step in first] == [
        (frame, None, "recent") for frame in (2, 3, 5)
    ]
    assert rest == dual_path(range(8), Moment([(2, 3), (5, 5)])).stages[-1]


def test_without_moment_features_every_frame_is_adapted_but_only_the_moment_remembered():
    steps = list(dual_path(range(8), Moment([(3, 4)]), moment_features=False).steps())
    assert {step.prompt for step in steps} == {"tokens"}
    assert [step.frame for step in steps if step.write] == [3, 4]


def test_the_baseline_is_the_chronological_plan():
    assert dual_path(range(9), Moment.empty()) == chronological(range(9))
    assert dual_path(range(9), Moment.all(9)) == chronological(range(9))


@given(MOMENTS)
def test_nothing_is_freed_before_its_last_reader(case):
    length, moment = case
    plan = dual_path(range(length), moment)
    freed: set[tuple[int, bool]] = set()
    rows = iter(reads(plan))
    for stage, expired in zip(plan.stages, lifetimes(plan, 7), strict=True):
        for _ in stage:
            _, chosen = next(rows)
            assert not {(frame, False) for frame in chosen.frames} & freed
            assert not {(frame, True) for frame in chosen.pointers} & freed
        freed |= {(entry.frame, entry.pointer) for entry in expired}
    written = {step.frame for step in plan.steps() if step.write}
    assert freed == {(frame, pointer) for frame in written for pointer in (False, True)}


def test_a_long_moment_keeps_few_memories_alive():
    plan = dual_path(range(3000), Moment([(100, 2500)]))
    alive, most = 0, 0
    for stage, expired in zip(plan.stages, lifetimes(plan, 7), strict=True):
        alive += sum(step.write is not None for step in stage)
        most = max(most, alive)
        alive -= sum(not entry.pointer for entry in expired)
    assert most <= 24
