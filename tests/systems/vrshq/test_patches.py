"""VRS-HQ that is prompted by scores of patches too."""

import numpy as np
import pytest
import torch

from momentvos.moment import Moment
from momentvos.systems.pretrain.extend import extended
from momentvos.systems.session import Request
from momentvos.systems.vrshq import keyframe

SENTENCE = "the dog that jumps"
PARTS = {"patch_dim": 16, "motion_dim": 8}


@pytest.fixture(scope="module")
def model(mini):
    torch.manual_seed(0)
    made = extended(mini, PARTS, {})
    made.config.patch_span = 8
    torch.nn.init.normal_(made.patches.present.decide[-1].weight)
    return made


@pytest.fixture
def told(model):
    """The model, with a dense prompt that says something, for one test."""
    last = model.patch_prompt.layers[2]
    weight = last.weight.detach().clone()
    torch.manual_seed(0)
    torch.nn.init.normal_(last.weight)
    yield model
    with torch.no_grad():
        last.weight.copy_(weight)


def masks(prediction):
    return np.stack([prediction.masklet.get(frame) for frame in range(prediction.video.length)])


def test_a_prompt_that_has_learned_nothing_changes_no_mask(mini, model, video):
    threshold, model.config.presence_threshold = model.config.presence_threshold, 0.0
    try:
        before, after = (one.segment(video, SENTENCE, selection=False) for one in (mini, model))
    finally:
        model.config.presence_threshold = threshold
    assert masks(before).any()
    assert (masks(before) == masks(after)).all()
    assert after.presence != before.presence


@torch.no_grad()
def test_keyframes_are_compared_with_what_their_patches_show(told, video, monkeypatch):
    seen = []
    original = keyframe.run

    def watched(sam, plan, features, prompts, options):
        def kept(steps):
            seen.append((steps, prompts(steps)))
            return seen[-1][1]

        return original(sam, plan, features, kept, options)

    monkeypatch.setattr(keyframe, "run", watched)
    session = told.open_session(Request(video, [SENTENCE], [None], told.config.published()))
    list(session.ground())
    assert seen
    for steps, prompt in seen:
        maps = session.patches.logits().maps.read([step.frame for step in steps])[0]
        torch.testing.assert_close(prompt.dense, told.patch_prompt(maps.float()))


def test_with_a_given_moment_the_keyframe_alone_says_whether(mini, model, video):
    given = Moment.from_frames(range(4, 9))
    first, second = (
        one.segment(video, SENTENCE, moment=given, selection=False) for one in (mini, model)
    )
    assert first.presence == second.presence
    assert (masks(first) == masks(second)).all()
