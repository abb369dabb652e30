"""MomentSeg that is prompted by scores of patches too."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.switching import switching

from momentvos.data.options import ClipOptions
from momentvos.data.world.motion import VERBS
from momentvos.errors import RecipeError
from momentvos.media.arrays import ArrayVideo
from momentvos.systems.momentseg.model import MomentSegModel
from momentvos.systems.momentseg.presets import SA2VA
from momentvos.systems.momentseg.streaming import MomentSegStream
from momentvos.systems.momentseg.train import check, losses, precompute
from momentvos.systems.options import StageTask
from momentvos.systems.pretrain.extend import extended
from momentvos.systems.session import Request

SENTENCE = "the dog that jumps"
PARTS = {"patch_dim": 16, "patch_motions": len(VERBS), "motion_dim": 8}


@pytest.fixture(scope="module")
def model(taught):
    torch.manual_seed(0)
    made = extended(taught, PARTS, {})
    made.config.patch_span = 8
    torch.nn.init.normal_(made.patches.present.decide[-1].weight)
    return made


@pytest.fixture
def switched(model):
    """Sets fields of the config for one test."""
    with switching(model) as switch:
        yield switch


def masks(prediction):
    return np.stack([prediction.masklet.get(frame) for frame in range(prediction.video.length)])


def test_relevance_is_find_s_and_the_patches_in_shares(taught, switched, video):
    own, _ = taught.ground(video, SENTENCE)
    alone, _ = switched(patch_share=0.0).ground(video, SENTENCE)
    assert alone == pytest.approx(own, abs=1e-5)
    patches, _ = switched(patch_share=1.0).ground(video, SENTENCE)
    both, _ = switched(patch_share=0.25).ground(video, SENTENCE)
    assert max(abs(a - b) for a, b in zip(own, patches, strict=True)) > 0.01
    assert both == pytest.approx(0.75 * np.array(own) + 0.25 * np.array(patches), abs=1e-5)


def test_a_prompt_that_has_learned_nothing_changes_no_mask(taught, switched, video):
    before = taught.segment(video, SENTENCE, selection=False)
    after = switched(patch_share=0.0).segment(video, SENTENCE, selection=False)
    assert (masks(before) == masks(after)).all()


@torch.no_grad()
def test_every_prompted_frame_is_told_what_its_patches_show(model, video):
    torch.manual_seed(0)
    last = model.patch_prompt.layers[2]
    weight = last.weight.clone()
    torch.nn.init.normal_(last.weight)
    try:
        session = model.open_session(Request(video, [SENTENCE], [None], model.config.published()))
        (grounded,) = session.ground()
        steps = list(session.plan(0, grounded).steps())[:5]
        dense = session.prompts(steps).dense
        maps = session.patches.logits().maps.read([step.frame for step in steps])[0]
        torch.testing.assert_close(dense, model.patch_prompt(maps.float()))
        assert dense.flatten(1).any(1).all()
    finally:
        last.weight.copy_(weight)


def test_patches_say_whether_anything_is_meant(switched, video):
    presence = switched().segment(video, SENTENCE, selection=False).presence
    assert 0 < presence < 1
    refused = switched(presence_threshold=1.0).segment(video, SENTENCE, selection=False)
    assert not refused.found
    assert not masks(refused).any()


def test_a_given_moment_needs_no_patches_to_say_when(switched, video):
    prediction = switched(presence_threshold=1.0, gate=False).segment(
        video, SENTENCE, moment="0.5s-1s", selection=False
    )
    assert prediction.relevance[4] == 1.0


def test_sa2va_has_the_prompt_but_no_moment(switched, video):
    prediction = switched(**SA2VA).segment(video, SENTENCE, selection=False)
    assert prediction.method == "Sa2VA"
    assert set(prediction.relevance) == {1.0}


def test_a_stream_waits_for_the_whole_video(taught, model, switched):
    config = switched(**SA2VA).config
    assert not MomentSegStream(model, config, 8.0).forwards
    assert MomentSegStream(taught, config, 8.0).forwards


def test_the_parts_are_saved_with_the_model(model, video, tmp_path):
    model.save_pretrained(tmp_path)
    model.tokenizer.save_pretrained(tmp_path)
    again = MomentSegModel.from_pretrained(tmp_path)
    first, second = (one.segment(video, SENTENCE, selection=False) for one in (model, again))
    assert (masks(first) == masks(second)).all()
    assert first.relevance == second.relevance


def test_windows_have_the_frames_of_their_rate(switched, frames):
    fast = ArrayVideo(frames, 16.0)
    whole, _ = switched(patch_share=1.0).ground(fast, SENTENCE)
    thinned, _ = switched(patch_share=1.0, patch_rate=8.0).ground(fast, SENTENCE)
    assert max(abs(a - b) for a, b in zip(whole, thinned, strict=True)) > 1e-3


@pytest.fixture(scope="module")
def clip(batch):
    """The second clip of the batch, in the model's size, with motions."""
    rows = batch.video == 1
    motions = torch.zeros(1, int(batch.objects[1].max()), 8, len(VERBS), dtype=torch.bool)
    motions[0, 0, 2:5, VERBS.index("left")] = True
    small = {name: getattr(batch, name)[rows][..., ::2, ::2] for name in ("masks", "active")}
    return replace(
        batch,
        motions=motions,
        frames=batch.frames[1:][..., ::2, ::2],
        indices=batch.indices[1:],
        objects=batch.objects[1:][..., ::2, ::2],
        sentences=("the dog that moves left", batch.sentences[-1]),
        moment=batch.moment[rows],
        segment=batch.segment[rows],
        video=torch.zeros(2, dtype=torch.long),
        **small,
    )


def test_patches_learn_from_the_model_s_own_words(model, clip):
    stage = StageTask("patches", "patches", clip=ClipOptions(sampler="window", oss=False))
    check(stage)
    ready = precompute(model, clip, stage)
    values = losses(model, ready, stage)
    assert set(values) > {"loss", "active", "target", "presence", "motions"}
    model.zero_grad()
    values["loss"].backward()
    assert model.patches.text.weight.grad.any()
    assert model.seg_mlp[0].weight.grad is None
    model.zero_grad()


def test_a_model_without_patches_cannot_learn_them(taught, clip):
    stage = StageTask("patches", "patches", clip=ClipOptions(sampler="window", oss=False))
    with pytest.raises(RecipeError, match="patch_dim"):
        precompute(taught, clip, stage)


def test_the_prompt_learns_to_say_where(model, clip):
    made = extended(model, {}, {}).train()
    stage = StageTask("prompt", "patch_prompt", clip=ClipOptions(sampler="window", oss=False))
    check(stage)
    torch.manual_seed(0)
    ready = precompute(made, clip, stage)
    assert ready.tensors["maps"].shape == (2, 5, 2, 4, 4)
    assert ready.tensors["masks"].shape == (2, 5, 16, 16)
    optimiser = torch.optim.AdamW(made.patch_prompt.parameters(), 3e-2)
    course = []
    for _ in range(25):
        optimiser.zero_grad()
        values = losses(made, ready, stage)
        values["loss"].backward()
        optimiser.step()
        course.append(values["dice"].item())
    assert course[-1] < course[0] - 0.005


def test_a_clip_without_targets_teaches_the_prompt_nothing(model, clip):
    empty = replace(clip, masks=torch.zeros_like(clip.masks))
    stage = StageTask("prompt", "patch_prompt", clip=ClipOptions(sampler="window", oss=False))
    values = losses(model, precompute(model, empty, stage), stage)
    assert values["loss"] == 0
    values["loss"].backward()
