"""A run that goes on from any of its checkpoints gives what is left of it, and nothing twice."""

import json

import pytest
import torch

from momentvos.moment import Moment
from momentvos.propagation import (
    Bank,
    Checkpoint,
    DecoderOptions,
    Plan,
    Step,
    chronological,
    in_step,
    run,
)
from momentvos.results.record import State
from momentvos.sam2 import Prompt
from momentvos.systems.momentseg.plan import from_anchors
from momentvos.systems.momentseg.refresh import Refresh
from momentvos.systems.tgl.plan import dual_path
from momentvos.systems.vrshq.plan import from_keyframe

FRAMES = 7
MOMENT = Moment([(2, 4)])
PLANS = {
    "SAMWISE": [chronological(range(FRAMES), obj_id=row) for row in range(2)],
    "TGL": [dual_path(range(FRAMES), MOMENT, obj_id=row) for row in range(3)],
    "TGL, all prompts alone": [dual_path(range(FRAMES), MOMENT, moment_reads=False)],
    "MomentSeg": [
        from_anchors(range(FRAMES), [1, 3, 5], 1, refresh=Refresh(1.2, 2), obj_id=row)
        for row in range(2)
    ],
    "VRS-HQ": [from_keyframe(range(FRAMES), 3, given="tokens", tracked="tokens")],
    "alone": [Plan((tuple(Step(frame, "plain", "tokens") for frame in range(FRAMES)),))],
}


def go(sam, features, tokens, plan, start=None, bank=None):
    """Logits by (object, frame) in their order, and after how many of them each state was kept."""

    def source(steps):
        return features.select(torch.tensor([step.frame for step in steps]))

    def prompts(steps):
        return Prompt(tokens=tokens[[step.obj_id for step in steps]])

    answers, kept = {}, []

    def keep(state):
        text = json.dumps(state.values)  # what a record can hold
        held = {name: value.clone() for name, value in state.tensors.items()}
        kept.append((len(answers), State(json.loads(text), held)))

    checkpoint = Checkpoint(start, lambda: True, keep)
    options = DecoderOptions(gate=False, batch=2)
    for part in run(sam, plan, source, prompts, options, None, bank=bank, checkpoint=checkpoint):
        for step, logits in zip(part.steps, part.decoded.logits, strict=True):
            assert (step.obj_id, step.frame) not in answers
            answers[step.obj_id, step.frame] = logits
    return answers, kept


@torch.no_grad()
@pytest.mark.parametrize("name", PLANS)
def test_from_every_checkpoint(sam, features, tokens, name):
    plan = in_step(PLANS[name])
    whole, kept = go(sam, features, tokens, plan)
    assert len(whole) == len(plan)
    assert len(kept) >= len(plan.stages) - 1
    for done, state in kept:
        rest, _ = go(sam, features, tokens, plan, state)
        assert list(rest) == list(whole)[done:]
        for key, logits in rest.items():
            assert torch.equal(logits, whole[key]), (name, done, key)


@torch.no_grad()
def test_steps_that_only_write_leave_nothing_that_is_not_read(sam, features, tokens):
    """As many as a moment has: their memories go as soon as nothing will read them."""
    bank, most = Bank(), 0
    plan = dual_path(range(FRAMES), Moment([(0, 5)]), moment_reads=False, count=1, pointers=1)
    write, held = bank.write, []

    def counted(*row):
        write(*row)
        held.append(len(bank))

    bank.write = counted
    go(sam, features, tokens, plan, bank=bank)
    most = max(held)
    assert most <= 3, "two of a batch, and the one at the border"


def test_a_bank_comes_back(sam):
    bank = Bank(7)
    for obj_id, frame in [(0, 1), (0, 2), (0, 5), (3, 2)]:
        write = "conditioning" if frame == 5 else "recent"
        step = Step(frame, write=write, obj_id=obj_id)
        bank.write(step, torch.randn(2, 3, 3), torch.randn(4))
    bank.forget(0, 1, pointer=False)
    state = bank.state()
    other = Bank(7)
    other.restore(State(json.loads(json.dumps(state.values)), state.tensors), torch.empty(0))
    assert len(other) == len(bank) == 3
    for step in (Step(6), Step(6, obj_id=3), Step(0, obj_id=9)):
        assert other.select(step) == bank.select(step)
    again = other.state()
    assert again.values == state.values
    assert all(torch.equal(again.tensors[name], one) for name, one in state.tensors.items())
    empty = Bank(7)
    empty.restore(Bank(7).state(), torch.empty(0))
    assert len(empty) == 0


@torch.no_grad()
def test_a_hook_that_cannot_be_kept_keeps_nothing(sam, features, tokens):
    class Silent:
        def before(self, step, bank):
            pass

        def after(self, steps, decoded):
            pass

    plan = from_anchors(range(FRAMES), [3], 0)
    _, kept = go(sam, features, tokens, Plan(plan.stages, Silent))
    assert not kept
    _, kept = go(sam, features, tokens, plan)
    assert kept


def test_plans_are_told_apart():
    digests = {in_step(plans).digest for plans in PLANS.values()}
    assert len(digests) == len(PLANS)
    assert in_step(PLANS["TGL"]).digest == in_step(PLANS["TGL"]).digest
