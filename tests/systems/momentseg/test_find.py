"""Temporal token similarity."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from momentvos.moment import Moment
from momentvos.systems.momentseg.find import (
    frame_features,
    longest_run,
    loss,
    patch_loss,
    released_curve,
    similarity,
    smooth,
)


@pytest.mark.parametrize(("steps", "frames"), [(1, 1), (1, 2), (3, 6), (3, 5), (4, 30), (5, 1)])
def test_steps_spread_over_frames_with_both_ends_aligned(steps, frames):
    states = torch.randn(steps * 4, 7)
    spread = frame_features(states, steps, frames)
    pooled = states.view(steps, 4, 7).mean(1).numpy()
    where = np.linspace(0, steps - 1, frames) if frames > 1 else [0]
    wanted = np.stack([np.interp(where, np.arange(steps), pooled[:, c]) for c in range(7)], 1)
    np.testing.assert_allclose(spread.numpy(), wanted, atol=1e-5)
    np.testing.assert_allclose(spread[0].numpy(), pooled[0], atol=1e-6)


def test_centred_frames_say_nothing_of_what_never_changes():
    states, still = torch.randn(6 * 4, 7), 50 * torch.randn(7)
    centred = frame_features(states, 6, 6, centred=True)
    moved = frame_features(states + still, 6, 6, centred=True)
    torch.testing.assert_close(centred, moved, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(centred.mean(0), torch.zeros(7), atol=1e-5, rtol=0)
    nothing = frame_features(torch.ones(6 * 4, 7), 6, 12, centred=True)
    assert similarity(torch.randn(2, 7), nothing).abs().max() == 0


def test_similarity_is_the_cosine_over_the_temperature():
    find, frames = torch.randn(2, 7), torch.randn(9, 7)
    wanted = F.cosine_similarity(find[:, None], frames[None], dim=2) / 0.07
    torch.testing.assert_close(similarity(find, frames), wanted)
    assert torch.isfinite(similarity(torch.zeros(1, 7), frames)).all()


def test_loss_weighs_frames_of_the_moment_twice_and_all_by_half():
    logits = torch.tensor([[2.0, -1.0, 0.5]], requires_grad=True)
    moments = torch.tensor([[True, False, True]])
    p = logits.sigmoid()
    entropy = torch.stack([-2 * p[0, 0].log(), -(1 - p[0, 1]).log(), -2 * p[0, 2].log()])
    torch.testing.assert_close(loss(logits, moments), 0.5 * entropy.mean())
    assert loss(logits[:0], moments[:0]) == 0


@pytest.mark.parametrize("centred", [False, True])
def test_find_learns_where_by_tokens_and_leaves_out_what_is_hardly_covered(centred):
    covered = torch.tensor([[0.5, 0.0, 0.05, 0.0]])
    states = torch.eye(4)
    right, wrong = states[:1], states[1:2]
    args = (covered, centred)
    assert patch_loss(right, states, *args) < 0.6 < patch_loss(wrong, states, *args)
    doubtful = states.clone().requires_grad_()
    patch_loss(torch.tensor([[1.0, 2.0, 3.0, 4.0]]), doubtful, covered).backward()
    assert doubtful.grad[2].abs().max() == 0 < doubtful.grad[[0, 1, 3]].abs().amax(1).min()
    nowhere = patch_loss(right, states, torch.full((1, 4), 0.05), centred)
    assert nowhere == 0


@pytest.mark.parametrize("length", [1, 2, 3, 5, 9, 40])
@pytest.mark.parametrize("sigma", [0.0, 0.5, 1.0, 2.0])
def test_smoothing_is_scipys(length, sigma):
    filters = pytest.importorskip("scipy.ndimage")
    curve = torch.rand(length, dtype=torch.float64)
    wanted = filters.gaussian_filter1d(curve.numpy(), sigma) if sigma else curve.numpy()
    np.testing.assert_allclose(smooth(curve, sigma).numpy(), wanted, atol=1e-12)


def test_the_moment_is_the_longest_run():
    assert longest_run([0, 1, 0, 1, 1, 0], 0.3) == Moment([(3, 4)])
    assert longest_run([1, 1, 0, 1, 1], 0.3) == Moment([(0, 1)])
    assert longest_run([0.3, 0.1], 0.3) == Moment.all(2)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_the_released_curve_has_the_precision_of_the_states(kind):
    torch.manual_seed(0)
    query, states = torch.randn(1, 16).to(kind), torch.randn(6 * 4, 16).to(kind)
    made = released_curve(query, states, 6, 11, 1.0)
    spread = frame_features(states.float(), 6, 11)
    exact = smooth(similarity(query.float(), spread)[0].sigmoid())
    assert made.dtype == torch.float32 and made.shape == (11,)
    apart = (made - exact.float()).abs().max()
    assert apart < 1e-5 if kind == torch.float32 else 1e-4 < apart < 0.05
    assert torch.equal(
        released_curve(query, states[:4], 1, 1, 1.0),
        made[:1] * 0 + released_curve(query, states[:4], 1, 3, 1.0)[:1],
    )
