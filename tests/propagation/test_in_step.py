"""Plans of several objects that go through the frames in step."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from momentvos.moment import Moment
from momentvos.propagation import Bank, DecoderOptions, Plan, both_ways, chronological, in_step, run
from momentvos.sam2 import Prompt
from momentvos.systems.tgl.plan import dual_path

FRAMES = 7


@st.composite
def walks(draw):
    """Plans of different objects, of any kind there is."""
    plans = []
    for obj_id in range(draw(st.integers(1, 4))):
        length = draw(st.integers(1, 9))
        frames = range(draw(st.integers(0, 3)), 4 + length)
        chosen = sorted(draw(st.sets(st.sampled_from(frames), min_size=1)))
        moment = Moment.from_frames(chosen)
        plans.append(
            draw(
                st.sampled_from(
                    [
                        chronological(frames, obj_id=obj_id),
                        both_ways(frames, chosen, given="tokens", obj_id=obj_id),
                        dual_path(frames, moment, obj_id=obj_id),
                        dual_path(frames, moment, moment_reads=False, obj_id=obj_id),
                        dual_path(frames, moment, count=1, pointers=1, turn=3, obj_id=obj_id),
                    ]
                )
            )
        )
    return plans


@given(walks())
def test_each_plan_keeps_its_own_order(plans):
    together = in_step(plans)
    for obj_id, plan in enumerate(plans):
        own = [tuple(step for step in stage if step.obj_id == obj_id) for stage in together.stages]
        assert [set(stage) for stage in own if stage] == [set(stage) for stage in plan.stages]


def test_a_frame_comes_once_in_each_direction():
    plans = [both_ways(range(30), [centre], obj_id=k) for k, centre in enumerate((3, 12, 29, 0))]
    together = in_step(plans)
    frames = [{step.frame for step in stage} for stage in together.stages]
    assert all(len(stage) == 1 for stage in frames)
    assert [frame for (frame,) in frames] == [*range(30), *range(29, -1, -1)]
    assert len(together) == sum(map(len, plans))


def test_what_reads_of_both_sides_comes_last_and_by_frame():
    plans = [
        dual_path(range(9), Moment([span]), obj_id=k) for k, span in enumerate([(2, 3), (5, 8)])
    ]
    *walk, rest = in_step(plans).stages
    assert [stage[0].frame for stage in walk] == [2, 3, 5, 6, 7, 8]
    assert [step.frame for step in rest] == sorted(step.frame for step in rest)
    assert len(rest) == 7 + 5


def go(sam, plan, features, tokens, **others):
    """Logits by (object, frame), and the frames of each request of features."""
    asked = []

    def source(steps):
        asked.append([step.frame for step in steps])
        return features.select(torch.tensor(asked[-1]))

    def prompts(steps):
        return Prompt(tokens=tokens[[step.obj_id for step in steps]])

    options = DecoderOptions(gate=False)
    done = {}
    for part in run(sam, plan, source, prompts, options, **others):
        for step, logits in zip(part.steps, part.decoded.logits, strict=True):
            done[step.obj_id, step.frame] = logits
    return done, asked


@torch.inference_mode()
def test_objects_in_step_are_as_if_each_were_alone(sam, features, tokens):
    plans = [
        both_ways(range(FRAMES), anchors, given="tokens", obj_id=k)
        for k, anchors in enumerate(([1, 4], [6], [0, 2, 3]))
    ]
    together, asked = go(sam, in_step(plans), features, tokens)
    assert len(asked) < sum(len(plan.stages) for plan in plans) / 1.4, "they are batches"
    alone = {}
    for plan in plans:
        alone |= go(sam, plan, features, tokens)[0]
    assert together.keys() == alone.keys()
    for key, logits in together.items():
        torch.testing.assert_close(logits, alone[key], atol=1e-4, rtol=1e-3)


@torch.inference_mode()
def test_a_run_goes_on_where_one_before_has_ended(sam, features, tokens):
    """Object 0 is dropped between the two; what the second reads of object 1 is kept."""
    plans = [both_ways(range(FRAMES), [3], given="tokens", obj_id=k) for k in range(2)]
    every, _ = go(sam, in_step(plans), features, tokens)
    near = [Plan(tuple(one for one in plan.stages if 2 <= one[0].frame <= 4)) for plan in plans]
    rest = Plan(tuple(one for one in plans[1].stages if not 2 <= one[0].frame <= 4))
    bank = Bank(sam.config.num_maskmem)
    first, _ = go(sam, in_step(near), features, tokens, bank=bank, kept=lambda entry: True)
    assert len(bank) == 6
    bank.drop(0)
    assert len(bank) == 3
    second, _ = go(sam, rest, features, tokens, bank=bank)
    assert first.keys() | second.keys() == {key for key in every if key[0] or 2 <= key[1] <= 4}
    for key, logits in (first | second).items():
        torch.testing.assert_close(logits, every[key], atol=1e-4, rtol=1e-3)
    freed, _ = go(sam, in_step(near), features, tokens, bank=(empty := Bank()))
    assert freed.keys() == first.keys() and not len(empty)


@pytest.mark.parametrize("count", [1, 40])
def test_a_stage_in_which_nothing_is_written_is_not_selected_for_at_once(
    sam, features, tokens, count
):
    """M- of a long video: what its steps read is looked up as they come."""
    plan = dual_path(range(count + 2), Moment([(0, 0)]))
    spread = features.select(torch.arange(count + 2) % FRAMES)
    with torch.inference_mode():
        done, asked = go(sam, plan, spread, tokens)
    assert len(done) == count + 2
    assert sorted(frame for batch in asked for frame in batch) == list(range(count + 2))
    assert max(map(len, asked)) <= DecoderOptions().batch
