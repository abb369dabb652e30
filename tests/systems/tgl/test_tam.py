"""Temporal Alignment Module: one relevance logit a frame."""

import math

import pytest
import torch

from momentvos.systems.tgl.tam import TemporalAlignment, TemporalBlock


@pytest.fixture(scope="module")
def tam():
    torch.manual_seed(0)
    return TemporalAlignment(visual_dim=12, text_dim=10, dim=16, heads=2, depth=2, pool=4).eval()


@pytest.fixture(scope="module")
def inputs(tam):
    """Pooled frames [2, 5, 16, 12], text [2, 6, 10] and its mask, the second sentence shorter."""
    torch.manual_seed(1)
    mask = torch.ones(2, 6, dtype=torch.bool)
    mask[1, 4:] = False
    return tam.pooled(torch.randn(10, 12, 8, 8)).unflatten(0, (2, 5)), torch.randn(2, 6, 10), mask


@torch.no_grad()
def test_every_frame_gets_a_score(tam, inputs):
    frames, text, mask = inputs
    assert frames.shape == (2, 5, 16, 12)
    assert tam(frames, text, mask).shape == (2, 5)
    assert tam(frames[:, :1], text, mask).shape == (2, 1)


@torch.no_grad()
def test_padding_of_the_text_is_not_read(tam, inputs):
    frames, text, mask = inputs
    other = text.masked_fill(~mask[..., None], 7.0)
    torch.testing.assert_close(tam(frames, other, mask), tam(frames, text, mask))
    alone = tam(frames[1:], text[1:, :4], mask[1:, :4])
    torch.testing.assert_close(tam(frames, text, mask)[1:], alone, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_words_and_other_frames_matter(tam, inputs):
    frames, text, mask = inputs
    scores = tam(frames, text, mask)
    assert not torch.allclose(tam(frames, text.flip(0), mask), scores)
    changed = frames.clone()
    changed[:, 4] += 1
    assert not torch.allclose(tam(changed, text, mask)[:, 0], scores[:, 0])


def test_the_temperature_divides_and_learns(tam, inputs):
    before = tam(*inputs)
    assert tam.log_tau.item() == 0
    before.square().sum().backward()
    assert tam.log_tau.grad is not None
    assert tam.log_tau.grad != 0
    with torch.no_grad():
        tam.log_tau.fill_(math.log(2.0))
        torch.testing.assert_close(tam(*inputs), before / 2)
        tam.log_tau.zero_()


@torch.no_grad()
def test_a_temporal_block_starts_as_the_identity_and_looks_along_time():
    torch.manual_seed(0)
    block, x = TemporalBlock(8), torch.randn(1, 5, 3, 8)
    torch.testing.assert_close(block(x), x)
    block.up.weight.normal_()
    changed = x.clone()
    changed[:, 2, 1] += torch.randn(8)
    touched = (block(changed) - block(x)).abs().amax((0, 3)) > 1e-6
    assert touched.nonzero().tolist() == [[1, 1], [2, 1], [3, 1]]


@torch.no_grad()
def test_match_features_add_to_a_frame(inputs):
    torch.manual_seed(0)
    tam = TemporalAlignment(12, 10, 16, 2, 2, 4, match=2).eval()
    frames, text, mask = inputs
    same = torch.zeros(2, 5, 2 + 12)
    for place, value in ((1, 4.0), (9, 1.0)):  # a similarity, a feature of the matching patches
        other = same.clone()
        other[:, 3, place] = value
        assert not torch.allclose(tam(frames, text, mask, other), tam(frames, text, mask, same))
