"""Plans: their steps, and several of them side by side, hooks included."""

import pytest
import torch

from momentvos.propagation import (
    Bank,
    DecoderOptions,
    Plan,
    Read,
    Step,
    both_ways,
    chronological,
    merge,
    run,
)
from momentvos.propagation.lifetime import lifetimes
from momentvos.sam2 import Prompt


def test_conditioning_memories_take_the_last_row_and_count_as_pointers():
    bank = Bank()
    for frame, kind in ((4, "conditioning"), (5, "recent"), (6, "recent")):
        bank.write(Step(frame, write=kind), torch.zeros(1, 1, 1), torch.zeros(1))
    chosen = bank.select(Step(7, read=Read(frames=1, pointers=2)))
    assert chosen.frames == (4, 6)
    assert chosen.slots == (6, 0)
    assert chosen.pointers == (4, 6)


def test_merged_plans_keep_their_own_order():
    plans = [chronological(range(k, 5 + 2 * k), obj_id=k) for k in range(3)]
    merged = merge(plans)
    assert [len(stage) for stage in merged.stages] == [3] * 5 + [2] + [1]
    for obj_id, plan in enumerate(plans):
        assert [s for s in merged.steps() if s.obj_id == obj_id] == list(plan.steps())


def test_a_frame_may_stand_only_once():
    with pytest.raises(ValueError, match="twice"):
        Plan(((Step(1),), (Step(1),)))


class Recorder:
    """A hook that keeps what it is shown, and forgets an object's memories of frame 2 at 3."""

    made: list

    def __init__(self, name):
        self.name, self.seen, self.scores = name, [], {}
        Recorder.made.append(self)

    def before(self, step, bank):
        self.seen.append((step.obj_id, step.frame, step.met))
        if step.frame == 3:
            bank.clear(step.obj_id, [2])

    def after(self, steps, decoded):
        assert len(steps) == len(decoded.logits) == len(decoded.score)
        rows = zip(steps, decoded.score.tolist(), strict=True)
        self.scores |= {(step.obj_id, step.frame): score for step, score in rows}


def hooked(obj_id, name):
    plan = both_ways(range(5), [1], given="tokens", obj_id=obj_id)
    return Plan(plan.stages, (lambda: Recorder(name)) if name else None)


@torch.no_grad()
def scores(sam, features, tokens, plan):
    """Object scores by (object, frame)."""

    def source(steps):
        return features.select(torch.tensor([step.frame for step in steps]))

    def prompts(steps):
        return Prompt(tokens=tokens[[step.obj_id for step in steps]])

    done = run(sam, plan, source, prompts, DecoderOptions(gate=False))
    return {
        (step.obj_id, step.frame): score
        for part in done
        for step, score in zip(part.steps, part.decoded.score.tolist(), strict=True)
    }


def test_merged_plans_keep_their_hooks_with_own_state_for_their_own_objects(sam, features, tokens):
    plans = [hooked(0, "a"), hooked(1, None), hooked(2, "c")]
    merged = merge(plans)
    assert [merged.hooked(obj_id) for obj_id in range(4)] == [True, False, True, False]
    alone = {}
    Recorder.made = []
    for plan in plans:
        alone |= scores(sam, features, tokens, plan)
    Recorder.made = []
    together = scores(sam, features, tokens, merged)
    assert together == pytest.approx(alone, abs=1e-4)
    assert [hook.name for hook in Recorder.made] == ["a", "c"]
    for hook, obj_id in zip(Recorder.made, (0, 2), strict=True):
        order = [(obj_id, frame, (1,) if frame in (2, 0) else ()) for frame in (1, 2, 3, 4, 0)]
        assert hook.seen == order
        assert hook.scores == {key: value for key, value in together.items() if key[0] == obj_id}
    scores(sam, features, tokens, merged)
    assert len(Recorder.made) == 4
    assert len(Recorder.made[2].seen) == 5, "a run starts with a new hook"


def test_merging_merged_plans_keeps_each_object_with_its_hook():
    inner = merge([hooked(0, "a"), hooked(1, None)])
    outer = merge([inner, hooked(2, "c"), hooked(3, None)])
    assert [outer.hooked(obj_id) for obj_id in range(4)] == [True, False, True, False]
    Recorder.made = []
    hook = outer.hook()
    for obj_id in range(4):
        hook.before(Step(0, obj_id=obj_id), Bank())
    seen = {one.name: [obj_id for obj_id, _, _ in one.seen] for one in Recorder.made}
    assert seen == {"a": [0], "c": [2]}


def test_a_hook_changes_the_run(sam, features, tokens):
    Recorder.made = []
    free = scores(sam, features, tokens, hooked(0, None))
    cleared = scores(sam, features, tokens, hooked(0, "a"))
    same = {frame: free[0, frame] == cleared[0, frame] for frame in range(5)}
    assert same == {0: True, 1: True, 2: True, 3: False, 4: False}


def test_a_hook_needs_reads_bounded_by_distance():
    free = Plan(((Step(0, write="recent"),), (Step(1, read=Read(), write="recent"),)))
    lifetimes(free, 7)
    bound = Plan(free.stages, lambda: Recorder("a"))
    with pytest.raises(ValueError, match="reach"):
        lifetimes(bound, 7)
    with pytest.raises(ValueError, match="reach"):
        lifetimes(merge([hooked(1, None), bound]), 7)
    lifetimes(merge([hooked(1, "a"), free]), 7)
