"""Temporal Dynamic Aggregation."""

import torch
import torch.nn.functional as F

from momentvos.systems.vrshq.tda import aggregate


def test_one_frame_adds_its_token_whole():
    seg, tak = torch.randn(4, 1, 16), torch.randn(4, 16)
    fused, shares = aggregate(seg, tak)
    torch.testing.assert_close(fused, tak + 0.1 * seg[:, 0])
    assert (shares == 1).all()


def test_frames_count_by_similarity():
    seg, tak = torch.randn(2, 5, 16), torch.randn(2, 16)
    fused, shares = aggregate(seg, tak, 0.25)
    for row in range(2):
        cosine = torch.stack([F.cosine_similarity(one, tak[row], dim=0) for one in seg[row]])
        wanted = torch.exp(cosine) / torch.exp(cosine).sum()
        torch.testing.assert_close(shares[row], wanted)
        torch.testing.assert_close(fused[row], tak[row] + 0.25 * wanted @ seg[row])
    assert shares.max() / shares.min() < torch.e**2


def test_without_alpha_nothing_changes_and_zeros_are_no_failure():
    seg, tak = torch.zeros(3, 16), torch.randn(16)
    assert torch.equal(aggregate(seg, tak, 0.0)[0], tak)
    assert torch.isfinite(aggregate(seg, torch.zeros(16))[0]).all()


def test_both_kinds_of_token_have_a_gradient():
    seg = torch.randn(2, 4, 8, requires_grad=True)
    tak = torch.randn(2, 8, requires_grad=True)
    aggregate(seg, tak)[0].square().sum().backward()
    assert seg.grad.abs().min() > 0 and tak.grad.abs().min() > 0
