"""Running plans on a small SAM2 with random weights."""

import copy

import pytest
import torch

from momentvos.moment import Moment
from momentvos.propagation import (
    Bank,
    DecoderOptions,
    chronological,
    merge,
    run,
)
from momentvos.sam2 import Prompt, attend, decode, fill_holes, remember
from momentvos.systems.momentseg.plan import from_anchors
from momentvos.systems.momentseg.refresh import Refresh
from momentvos.systems.tgl.plan import dual_path
from momentvos.systems.vrshq.plan import from_keyframe

FRAMES = 7


def go(sam, plan, features, tokens, kept=None, **options):
    """Logits by (object, frame)."""

    def source(steps):
        return features.select(torch.tensor([step.frame for step in steps]))

    def prompts(steps):
        return Prompt(tokens=tokens[[step.obj_id for step in steps]])

    answers, options = {}, DecoderOptions(gate=False, **options)
    for part in run(sam, plan, source, prompts, options, kept=kept):
        for step, logits in zip(part.steps, part.decoded.logits, strict=True):
            answers[step.obj_id, step.frame] = logits
    return answers


@torch.no_grad()
def test_chronological_equals_a_loop_written_by_hand(sam, features, tokens):
    answers = go(sam, chronological(range(FRAMES)), features, tokens)
    memories, pointers = [], []
    for frame in range(FRAMES):
        row = features.select(torch.tensor([frame]))
        top = row.top
        if memories:
            past = torch.stack(memories[::-1][:6], 1)
            slots = torch.arange(past.shape[1])[None]
            top = attend(sam, top, past, slots, torch.stack(pointers[::-1][:15], 1))
        else:
            top = attend(sam, top)
        decoded = decode(sam, row.with_top(top), Prompt(tokens=tokens[:1]), gate=False)
        torch.testing.assert_close(answers[0, frame], decoded.logits[0], atol=1e-5, rtol=1e-4)
        memories.append(remember(sam, row.top, decoded.logits, decoded.score))
        pointers.append(decoded.pointer)


@torch.no_grad()
def test_holes_are_filled_in_what_is_given_back_and_not_in_what_a_track_remembers(
    sam, features, tokens
):
    plan = chronological(range(FRAMES))
    plain, filled = (go(sam, plan, features, tokens, fill_holes=most) for most in (0, 8))
    for key, logits in plain.items():
        assert torch.equal(filled[key], fill_holes(logits[None], 8)[0])
    assert any(not torch.equal(filled[key], logits) for key, logits in plain.items())


@torch.no_grad()
def test_objects_and_batches_change_nothing(sam, features, tokens):
    moments = [Moment([(0, 2)]), Moment([(3, 3), (5, 6)]), Moment.empty()]
    plans = [dual_path(range(FRAMES), moment, obj_id=k) for k, moment in enumerate(moments)]
    together = go(sam, merge(plans), features, tokens)
    for batch in (1, 2):
        apart = {}
        for plan in plans:
            apart |= go(sam, plan, features, tokens, batch=batch)
        assert together.keys() == apart.keys()
        for key, logits in together.items():
            torch.testing.assert_close(logits, apart[key], atol=1e-4, rtol=1e-3)


def test_gradients_reach_the_features_of_remembered_frames(sam, features, tokens):
    leaf = features.top.clone().requires_grad_()
    answers = go(sam, dual_path(range(FRAMES), Moment([(2, 3)])), features.with_top(leaf), tokens)
    (gradient,) = torch.autograd.grad(answers[0, 6].sum(), leaf)
    touched = gradient.flatten(1).abs().amax(1) > 0
    assert touched.tolist() == [False, False, True, True, False, False, True]


@torch.no_grad()
def test_amended_masks_change_only_what_is_remembered(sam, features, tokens):
    def source(steps):
        return features.select(torch.tensor([step.frame for step in steps]))

    def prompts(steps):
        return Prompt(tokens=tokens[[step.obj_id for step in steps]])

    def full(steps, pyramid, decoded):
        return torch.full_like(decoded.logits, 20.0)

    plan, options = chronological(range(3)), DecoderOptions(gate=False)
    plain = [part.decoded.logits for part in run(sam, plan, source, prompts, options)]
    other = [part.decoded.logits for part in run(sam, plan, source, prompts, options, full)]
    torch.testing.assert_close(plain[0], other[0])
    assert not torch.allclose(plain[1], other[1])


@torch.no_grad()
@pytest.mark.parametrize("moment", [Moment([(2, 17), (22, 23)]), Moment.empty()])
def test_freeing_memories_changes_nothing_and_keeps_the_bank_small(
    sam, features, tokens, monkeypatch, moment
):
    frames = features.select(torch.arange(26) % FRAMES)
    plan = dual_path(range(26), moment)
    held = []
    write = Bank.write

    def counted(bank, *written):
        write(bank, *written)
        held.append(len(bank))

    monkeypatch.setattr(Bank, "write", counted)
    freeing = go(sam, plan, frames, tokens)
    most, held[:] = max(held), []
    keeping = go(sam, plan, frames, tokens, kept=lambda _: True)
    for key, logits in freeing.items():
        torch.testing.assert_close(logits, keeping[key], atol=0, rtol=0)
    assert held[-1] == len(moment or Moment.all(26))
    assert most < held[-1]


def test_memories_that_nothing_reads_are_not_made(sam, features, tokens, monkeypatch):
    made = []

    def counted(sam, top, *given, **named):
        made.append(len(top))
        return remember(sam, top, *given, **named)

    monkeypatch.setattr("momentvos.propagation.engine.remember", counted)
    leaf = features.top.clone().requires_grad_()
    # Frame 4 reads 3 and 5; object 1 is in M+ throughout.
    plans = (
        dual_path(range(FRAMES), Moment([(0, 3), (5, 6)]), moment_reads=False, count=2),
        dual_path(range(FRAMES), Moment.all(FRAMES), moment_reads=False, obj_id=1),
    )
    answers, gradients = [], []
    for kept in (None, lambda _: True):
        answers.append(go(sam, merge(plans), features.with_top(leaf), tokens, kept=kept))
        total = sum(logits.sum() for logits in answers[-1].values())
        gradients.append(torch.autograd.grad(total, (leaf, *sam.memory_encoder.parameters())))
    assert made == [2, 6 + FRAMES]
    assert answers[0].keys() == answers[1].keys()
    for key, logits in answers[0].items():
        torch.testing.assert_close(logits, answers[1][key])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_anchored_walks_equal_a_loop_written_by_hand(sam, features, tokens):
    anchors, centre = [1, 4], 3
    plan = from_anchors(range(FRAMES), [1, 3, 4], 1, refresh=None)
    answers = go(sam, plan, features, tokens, multimask=True)
    entries = {}

    def segment(frame, top):
        row = features.select(torch.tensor([frame]))
        decoded = decode(
            sam, row.with_top(top(row)), Prompt(tokens=tokens[:1]), multimask=True, gate=False
        )
        torch.testing.assert_close(answers[0, frame], decoded.logits[0], atol=1e-5, rtol=1e-4)
        memory = remember(sam, row.top, decoded.logits, decoded.score)
        entries[frame] = (memory, decoded.pointer)

    for anchor in (*anchors, centre):
        segment(anchor, lambda row: attend(sam, row.top))

    def track(frame, sure, recent, passed):
        seen = [*sure, *recent]
        slots = [6] * len(sure) + [abs(frame - other) - 1 for other in recent]

        def top(row):
            memories = torch.stack([entries[other][0] for other in seen], 1)
            pointers = torch.stack([entries[other][1] for other in (*passed, *recent)], 1)
            return attend(sam, row.top, memories, torch.tensor([slots]), pointers)

        segment(frame, top)

    track(5, [4, 3], [], [4, 3])
    track(6, [4, 3], [5], [4, 3])
    track(2, [1, 3], [], [3])
    track(0, [1, 3], [2], [1, 3])


@torch.no_grad()
def test_a_given_mask_is_the_keyframes_result_and_leads_the_rest(sam, features):
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 8:40, 8:40] = 1

    def source(steps):
        return features.select(torch.tensor([step.frame for step in steps]))

    def answers(mask):
        done = {}
        plan, options = from_keyframe(range(5), 2), DecoderOptions(gate=False)
        for part in run(sam, plan, source, lambda steps: Prompt(mask=mask), options):
            for step, logits in zip(part.steps, part.decoded.logits, strict=True):
                done[step.frame] = logits
        return done

    first, other = answers(mask), answers(1 - mask)
    assert torch.equal(first[2] > 0, mask[0, 0, ::4, ::4] > 0)
    for frame in (0, 1, 3, 4):
        assert not torch.allclose(first[frame], other[frame])


@torch.no_grad()
def test_the_pointer_of_a_given_mask_is_that_of_the_mask_asked_for(sam, features):
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 10:40, 20:50] = 1
    plan, sure = from_keyframe(range(2), 0, given="mask"), copy.deepcopy(sam)
    sure.mask_decoder.pred_obj_score_head.proj_out.bias.fill_(99)  # else it has no pointer

    def source(steps):
        return features.select(torch.tensor([step.frame for step in steps]))

    def tracked(**options):
        made = DecoderOptions(gate=False, **options)
        return list(run(sure, plan, source, lambda steps: Prompt(mask=mask), made))[-1].decoded

    best, same = tracked(multimask=True), tracked(multimask=True, given_multimask=True)
    single, alone = tracked(multimask=True, given_multimask=False), tracked()
    assert torch.equal(best.logits, same.logits)
    assert not torch.equal(best.logits, single.logits)  # what is tracked reads another pointer
    assert not torch.equal(alone.logits, single.logits)  # and is itself the best of several


@torch.no_grad()
def test_an_anchor_that_clears_changes_only_what_comes_after_it(sam, features, tokens):
    frames = features.select(torch.arange(12) % FRAMES)
    always, never = (
        go(sam, from_anchors(range(12), [0, 6], 0, refresh=Refresh(ratio)), frames, tokens)
        for ratio in (1e9, -1.0)
    )
    for frame in range(12):
        same = torch.allclose(always[0, frame], never[0, frame])
        assert same is (frame <= 6)
