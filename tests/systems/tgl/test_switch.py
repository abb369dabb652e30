"""The conditional memory encoder in a run: frames classified, and what memory stores."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from momentvos.moment import Moment
from momentvos.propagation import DecoderOptions, Step, run
from momentvos.sam2 import Prompt, Pyramid, attend, decode
from momentvos.systems.tgl.plan import dual_path
from momentvos.systems.tgl.switch import MemorySwitch

FRAMES = 12


@pytest.fixture
def model(build):
    return build(cme=True, tam_layers=0)


@torch.no_grad()
def classified(model, moment, answer, memory="moment"):
    """Frames decoded a second time, when the classifier always gives the same answer."""
    head = model.conditional_memory_encoder.decision_class_head
    head.weight.zero_()
    head.bias.copy_(torch.tensor([0.0, 1.0] if answer else [1.0, 0.0]))
    torch.manual_seed(0)
    levels = tuple(torch.randn(1, 128 // d, 8 * k, 8 * k) for d, k in ((8, 4), (4, 2), (1, 1)))
    second = []

    def features(steps):
        return Pyramid(levels).select(torch.zeros(len(steps), dtype=torch.int64))

    def prompts(steps):
        return Prompt(tokens=torch.ones(len(steps), 1, 128))

    def again(steps):
        second.extend(step.frame for step in steps)
        return prompts(steps)

    plan = dual_path(range(FRAMES), moment, memory=memory)
    switch = MemorySwitch(model, again)
    for _ in run(model.sam, plan, features, prompts, DecoderOptions(gate=False), switch):
        pass
    return second, switch


def test_frames_are_classified_from_the_sixth_on(model):
    assert classified(model, Moment.all(FRAMES), False)[0] == list(range(5, FRAMES))


def test_after_a_switch_classification_pauses(model):
    assert classified(model, Moment.all(FRAMES), True)[0] == [5, 8, 11]


@pytest.mark.parametrize("memory", ["moment", "all"])
def test_only_frames_of_the_moment_are_classified_and_counted(model, memory):
    moment = Moment([(0, 2), (6, 9)])
    assert classified(model, moment, False, memory)[0] == [8, 9]
    assert classified(model, Moment([(3, 6)]), False, memory)[0] == []


def test_in_training_logits_are_collected_without_pauses(model):
    _, switch = classified(model, Moment.all(FRAMES), True)
    assert switch.classified() is None
    second, switch = classified(model.train(), Moment.all(FRAMES), True)
    assert second == list(range(5, FRAMES))
    classes, labels = switch.classified()
    assert classes.shape == (len(second), 2)
    assert labels.shape == (len(second),)


@pytest.mark.parametrize("answer", [True, False])
@torch.no_grad()
def test_a_switched_memory_stores_what_the_sentence_alone_shows(model, answer):
    head = model.conditional_memory_encoder.decision_class_head
    head.weight.zero_()
    head.bias.copy_(torch.tensor([0.0, 1.0] if answer else [1.0, 0.0]))
    model.sam.mask_decoder.pred_obj_score_head.proj_out.bias += 100.0
    torch.manual_seed(0)
    pyramid = Pyramid(
        tuple(torch.randn(1, 128 // d, 8 * k, 8 * k) for d, k in ((8, 4), (4, 2), (1, 1)))
    )
    prompt = Prompt(tokens=torch.ones(1, 1, 128))
    with_memory = pyramid.with_top(torch.randn(1, 128, 8, 8))
    decoded = decode(model.sam, with_memory, prompt)
    alone = decode(model.sam, pyramid.with_top(attend(model.sam, pyramid.top)), prompt)
    switch = MemorySwitch(model, lambda steps: prompt)
    for frame in range(6):
        stored = switch([Step(frame, "adapted", "tokens", None, "recent")], pyramid, decoded)
    own, without = (
        F.interpolate(d.logits[:, None], (128, 128), mode="bilinear")[:, 0]
        for d in (decoded, alone)
    )
    assert (without > 0).any() and (without <= 0).any()
    expected = torch.where(without > 0, without * 10, own) if answer else own
    torch.testing.assert_close(stored, expected)


@torch.no_grad()
def test_a_clip_with_a_short_moment_has_no_frame_to_classify(model, batch):
    """The fixture has 7 frames to segment; two of its four queries have no M+, so all 7 count."""
    assert model.train()(batch).cme[0].shape == (2 * 2, 2)
    short = replace(batch, moment=torch.arange(8).lt(3).expand(4, 8))
    assert model(short).cme is None
    assert model(replace(batch, moment=batch.segment)).cme[0].shape == (4 * 2, 2)
