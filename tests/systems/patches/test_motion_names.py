"""Motions that a sentence names, and the patches that show them."""

from dataclasses import replace

import pytest
import torch

from momentvos.data.options import ClipOptions, DataOptions
from momentvos.data.stream import WorldClips
from momentvos.data.world.motion import VERBS
from momentvos.errors import RecipeError
from momentvos.systems.options import StageTask
from momentvos.systems.patches.motion_names import SLOTS, MotionNames, motion_name_losses, shown
from momentvos.systems.tgl.train import losses

STAGE = StageTask("names", "motion_names")


def test_names_do_not_depend_on_padding():
    torch.manual_seed(0)
    part, text = MotionNames(8, 5), torch.randn(2, 6, 8)
    mask = torch.ones(2, 6, dtype=torch.bool)
    mask[1, 4:] = False
    names = part(text, mask)
    assert names.shape == (2, SLOTS, 6)
    other = text.masked_fill(~mask[..., None], 9.0)
    torch.testing.assert_close(part(other, mask), names)


def test_it_learns_the_order_of_two_motions():
    """Word n names the n-th motion; the first word of a sentence is marked."""
    torch.manual_seed(0)
    part = MotionNames(8, 4)
    optimiser = torch.optim.Adam(part.parameters(), 1e-2)
    truth = torch.tensor([(a, b) for a in range(4) for b in range(4) if a != b])
    text = torch.nn.functional.one_hot(truth, 8).float()
    text[:, 0, 7] = 1.0
    mask = torch.ones(len(truth), 2, dtype=torch.bool)
    for _ in range(150):
        optimiser.zero_grad()
        names = part(text, mask)
        torch.nn.functional.cross_entropy(names.flatten(0, 1), truth.flatten()).backward()
        optimiser.step()
    assert (names.argmax(-1) == truth).all()


def test_what_patches_show_of_the_named_motions():
    """Patch p of frame t shows motion p, in progress in frame 1 and earlier in frame 2."""
    motions = torch.full((1, 3, 4, 3, 4), -8.0)
    for patch in range(4):
        motions[0, 1, patch, 0, patch] = motions[0, 2, patch, 1, patch] = 8.0
    names = torch.full((1, SLOTS, 5), -20.0)
    names[0, 0, 2] = names[0, 1, 4] = 20.0
    logits = shown(names, motions).view(3, 4, 3, SLOTS)
    assert (logits[..., 0] > 5).nonzero().tolist() == [[1, 2, 0], [2, 2, 1]]
    assert logits[..., 1].abs().max() < 1e-6, "no second motion is named"


def test_it_learns_from_sentences_alone_and_nothing_else_learns(build):
    torch.manual_seed(0)
    model = build(patch_dim=16, patch_motions=len(VERBS)).train()
    data = DataOptions(size=32, videos=2, expressions=None, extra_expressions=20)
    stream = WorldClips(data, ClipOptions(sampler="window", frames=2, oss=False))
    batches = [stream.batch(number) for number in range(4)]
    optimiser = torch.optim.Adam(model.patches.names.parameters(), 3e-3)
    values = []
    for _ in range(10):
        for batch in batches:
            optimiser.zero_grad()
            made = losses(model, batch, STAGE)
            made["loss"].backward()
            optimiser.step()
            values.append(made["accuracy"].item())
    assert values[-1] > 0.7 > values[0]
    learned = {name for name, one in model.named_parameters() if one.grad is not None}
    assert {name for name in learned if "word_embeddings" not in name} == {
        f"patches.names.{name}" for name, _ in model.patches.names.named_parameters()
    }


def test_models_and_data_that_cannot_are_refused(build, mini, batch):
    with pytest.raises(RecipeError, match="patch_motions"):
        motion_name_losses(mini, batch)
    model = build(patch_dim=16, patch_motions=len(VERBS))
    with pytest.raises(RecipeError, match="own scenes"):
        motion_name_losses(model, batch)
    some = replace(batch, named_motions=((),) * len(batch.sentences))
    assert motion_name_losses(model, some)["loss"] > 0
