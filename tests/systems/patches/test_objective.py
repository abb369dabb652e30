"""The objective "patches"."""

from dataclasses import replace

import pytest
import torch

from momentvos.data.options import ClipOptions, DataOptions
from momentvos.data.precomputed import Precomputed
from momentvos.data.world.motion import VERBS
from momentvos.errors import RecipeError
from momentvos.systems.options import StageTask
from momentvos.systems.patches.objective import (
    ABSENT,
    SENTENCES,
    PatchBatch,
    drawn,
    precompute_patches,
)
from momentvos.systems.tgl.train import check, losses

STAGE = StageTask("patches", "patches", clip=ClipOptions(sampler="window", oss=False))


@pytest.fixture(scope="module")
def model(build):
    return build(patch_dim=16, patch_motions=len(VERBS))


@pytest.fixture(scope="module")
def one(batch):
    """The second clip of the batch; its first sentence is about the left."""
    rows = batch.video == 1
    motions = torch.zeros(1, int(batch.objects[1].max()), 8, len(VERBS), dtype=torch.bool)
    motions[0, 0, 2:5, VERBS.index("left")] = True
    return replace(
        batch,
        motions=motions,
        frames=batch.frames[1:],
        indices=batch.indices[1:],
        objects=batch.objects[1:],
        sentences=("the dog that moves left", batch.sentences[-1]),
        **{name: getattr(batch, name)[rows] for name in ("masks", "active", "moment", "segment")},
        video=torch.zeros(2, dtype=torch.long),
    )


def test_the_truth_is_the_share_that_objects_cover(model, one):
    clip = PatchBatch(**precompute_patches(model, one).tensors)
    assert clip.top.shape[:2] == (1, 8)
    assert clip.directional.tolist() == [True, False]
    shares = one.masks[0].float().unflatten(-2, (8, 16)).unflatten(-1, (8, 16)).mean((-3, -1))
    torch.testing.assert_close(clip.target[0], shares)
    assert (clip.active <= clip.target).all()
    assert (clip.target <= clip.objects.sum(0) + 1e-6).all()


def test_a_mirrored_window_leaves_out_sentences_about_sides(model, one):
    clip = PatchBatch(**precompute_patches(model, one).tensors)
    flipped = clip.mirrored()
    assert len(flipped.text) == 1
    torch.testing.assert_close(flipped.target[0], clip.target[1].flip(-1))
    torch.testing.assert_close(flipped.top, clip.top.flip(-1))
    assert not flipped.directional.any()
    assert flipped.motions[0, 3].nonzero().tolist() == [[VERBS.index("right")]]


def test_data_without_motions_are_refused(model, one):
    with pytest.raises(RecipeError, match="own scenes"):
        precompute_patches(model, replace(one, motions=None))


def test_a_step_has_sentences_without_target_where_there_are_any():
    moment = torch.ones(60, dtype=torch.bool)
    moment[40:] = False
    rows = drawn(moment)
    assert len(rows) == len(set(rows.tolist())) == SENTENCES
    assert (~moment[rows]).sum() == ABSENT
    assert len(drawn(moment[:40])) == SENTENCES
    assert len(drawn(moment[40:])) == 20


def test_only_the_part_learns(build, one):
    torch.manual_seed(0)
    model = build(patch_dim=16, patch_motions=len(VERBS)).train()
    optimiser = torch.optim.Adam(model.patches.parameters(), 3e-3)
    ready = precompute_patches(model, one)
    assert isinstance(ready, Precomputed)
    values = []
    for _ in range(25):
        optimiser.zero_grad()
        loss = losses(model, ready, STAGE)["loss"]
        loss.backward()
        optimiser.step()
        values.append(loss.item())
    assert min(values[-5:]) < values[0] - 0.5
    learned = {name for name, one in model.named_parameters() if one.grad is not None}
    assert learned
    assert all(name.startswith("patches.") for name in learned)
    assert losses(model, one, STAGE)["loss"].isfinite()


@pytest.mark.parametrize(
    ("stage", "sentence"),
    [
        (replace(STAGE, data=DataOptions(videos=2)), "data.videos: 1"),
        (replace(STAGE, clip=ClipOptions(oss=True)), "oss: false"),
    ],
)
def test_stages_that_cannot_be_trained_are_refused(stage, sentence):
    with pytest.raises(RecipeError, match=sentence):
        check(stage)
    check(replace(STAGE, precompute=3))


def test_a_model_without_the_part_is_refused(mini, one):
    with pytest.raises(RecipeError, match="patch_dim"):
        losses(mini, one, STAGE)


def test_a_head_for_other_motions_is_refused(build, one):
    with pytest.raises(RecipeError, match=f"patch_motions: {len(VERBS)}"):
        precompute_patches(build(patch_dim=16, patch_motions=2), one)
