import torch

from momentvos.data.batch import ClipBatch
from momentvos.systems.tgl.pretrain.alignment import patch_alignment


def batch():
    """One frame of one video, two queries: object A left, object B right, ground between."""
    masks = torch.zeros(2, 1, 8, 8, dtype=torch.bool)
    masks[0, 0, :, :2] = True
    masks[1, 0, :, 6:] = True
    flags = torch.ones(2, 1, dtype=torch.bool)
    return ClipBatch(
        frames=torch.zeros(1, 1, 3, 8, 8, dtype=torch.uint8),
        indices=torch.zeros(1, 1, dtype=torch.int64),
        video=torch.zeros(2, dtype=torch.int64),
        sentences=("a", "b"),
        masks=masks,
        active=masks.clone(),
        objects=masks.any(0)[None],
        moment=flags,
        segment=flags,
    )


def test_right_names_cost_nothing_and_the_ground_does_not_count():
    similarity = torch.full((2, 1, 4, 4), 30.0)
    similarity[0, 0, :, 3] = -30.0
    similarity[1, 0, :, 0] = -30.0
    losses = patch_alignment(similarity, batch())
    assert losses["loss"] < 1e-6
    assert losses["accuracy"] == 1.0


def test_everything_is_right_half_of_the_time():
    losses = patch_alignment(torch.zeros(2, 1, 4, 4), batch())
    torch.testing.assert_close(losses["loss"], torch.tensor(2.0).log() * 3)
    assert patch_alignment(torch.ones(2, 1, 4, 4), batch())["accuracy"] == 0.5


def test_without_objects_there_is_nothing_to_learn_and_a_gradient_of_zero():
    empty = batch()
    empty.active.zero_()
    empty.objects.zero_()
    similarity = torch.ones(2, 1, 4, 4, requires_grad=True)
    patch_alignment(similarity, empty)["loss"].backward()
    assert similarity.grad.abs().max() == 0


def test_an_object_outside_its_moment_is_as_wrong_as_another_one():
    late = batch()
    late.active[0] = False
    similarity = torch.full((2, 1, 4, 4), 30.0)
    similarity[1, 0, :, 0] = -30.0
    assert patch_alignment(similarity, late)["loss"] > 10
    similarity[0] = -30.0
    assert patch_alignment(similarity, late)["loss"] < 1e-6


def test_at_each_place_the_right_sentence_must_exceed_the_others():
    uniform = torch.full((2, 1, 4, 4), 5.0)
    apart = uniform.clone()
    apart[0, 0, :, 3] = apart[1, 0, :, 0] = 0.0
    gained = patch_alignment(uniform, batch())["loss"] - patch_alignment(apart, batch())["loss"]
    torch.testing.assert_close(gained, torch.tensor(5.0))
