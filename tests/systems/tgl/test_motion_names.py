"""Motions that a sentence names, and the patches that show them."""

import torch

from momentvos.systems.tgl.motion_names import SLOTS, MotionNames, shown


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
