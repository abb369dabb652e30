"""Patch relevance: scores of patches and frames, and the dense prompt made of them."""

import pytest
import torch

from momentvos.systems.patches.blocks import within
from momentvos.systems.patches.encoded import EncodedPatches, pick_pairs, pooled
from momentvos.systems.patches.prompt import PatchPrompt
from momentvos.systems.patches.relevance import PatchRelevance

VIDEO = torch.tensor([0, 0, 1])


@pytest.fixture(scope="module")
def patches():
    torch.manual_seed(0)
    return PatchRelevance(
        12, 4, 6, 10, 10, dim=16, query_dim=16, heads=2, depth=1, motions=18
    ).eval()


@pytest.fixture(scope="module")
def maps():
    """F_SAM at two strides and motion: two windows of 5 frames of 4 x 4 patches."""
    torch.manual_seed(1)
    return torch.randn(2, 5, 12, 4, 4), torch.randn(2, 5, 4, 8, 8), torch.randn(2, 5, 6, 4, 4)


@pytest.fixture(scope="module")
def sentences():
    """States and embeddings of words [3, 6, 10], their mask, the second sentence shorter;
    similarity to its nouns.
    """
    torch.manual_seed(2)
    mask = torch.ones(3, 6, dtype=torch.bool)
    mask[1, 4:] = False
    return torch.randn(3, 6, 10), torch.randn(3, 6, 10), mask, torch.randn(3, 5, 16, 2)


@torch.no_grad()
def test_every_patch_and_every_frame_gets_a_score(patches, maps, sentences):
    encoded = patches.encode(*maps)
    assert encoded.states.shape == (2, 5, 16, 16)
    assert encoded.before.shape == encoded.after.shape == (2, 4, 16, 16)
    assert patches.named_motions(encoded).shape[:4] == (2, 5, 16, 3)
    scores = patches(encoded, VIDEO, *sentences)
    assert scores.active.shape == scores.target.shape == (3, 5, 16)
    assert scores.relevance.shape == (3, 5)
    assert scores.presence.shape == (3,)


@torch.no_grad()
def test_sentences_do_not_depend_on_each_other_nor_on_padding(patches, maps, sentences):
    text, words, mask, similarity = sentences
    encoded = patches.encode(*maps)
    every = patches(encoded, VIDEO, *sentences)
    other = [one.masked_fill(~mask[..., None], 7.0)[1:2] for one in (text, words)]
    alone = patches(encoded, VIDEO[1:2], *other, mask[1:2], similarity[1:2])
    for one, whole in zip(alone, every, strict=True):
        torch.testing.assert_close(one, whole[1:2], atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_the_last_frame_changes_scores_of_the_first_and_the_other_way_round(patches, maps):
    """The recurrences run both ways through the whole window."""
    before = patches.encode(*maps).states
    for changed, seen in ((4, 0), (0, 4)):
        top = maps[0].clone()
        top[:, changed] = torch.randn(2, 12, 4, 4)
        after = patches.encode(top, *maps[1:]).states
        assert (after[:, seen] - before[:, seen]).abs().max() > 1e-4


@torch.no_grad()
def test_scores_of_some_patches_are_those_of_all(patches, maps, sentences):
    encoded = patches.encode(*maps)
    chosen = torch.stack([torch.randperm(16)[:7] for _ in range(10)]).view(2, 5, 7)
    some, every = (patches(encoded, VIDEO, *sentences, which).active for which in (chosen, None))
    torch.testing.assert_close(some, every.gather(2, chosen[VIDEO]))


def test_evidence_is_pooled_along_what_moves():
    """One thing moves one patch a frame; another rests. Each frame gets the mean odds of all."""
    frames, patches = 4, 6
    before = torch.eye(patches).repeat(1, frames - 1, 1, 1)
    for frame in range(frames - 1):
        before[0, frame, [frame, frame + 1]] = torch.eye(patches)[[frame + 1, frame]]
    after = before.transpose(2, 3).flip(1)
    logits = torch.full((1, frames, patches), -2.0)
    logits[0, 2, 2] = 3.0
    logits[0, 1, 5] = 1.0
    encoded = EncodedPatches(torch.zeros(1, frames, patches, 1), before, after)
    vote = pooled(logits, encoded, torch.tensor([0]))[0]
    moving, resting = (
        torch.tensor([high, -2.0, -2.0, -2.0]).exp().mean().log() for high in (3.0, 1.0)
    )
    torch.testing.assert_close(vote.diagonal()[:frames], moving.expand(frames))
    torch.testing.assert_close(vote[:, 5], resting.expand(frames))


@torch.no_grad()
def test_pairs_of_patches_are_picked_by_row_and_column():
    weight = torch.rand(1, 2, 5, 5)
    rows, columns = torch.tensor([[[0, 3], [4, 1]]]), torch.tensor([[[2, 2], [0, 4]]])
    picked = pick_pairs(weight, rows, columns)
    assert picked[0, 0, 1, 0] == weight[0, 0, 3, 2]
    assert picked[0, 1, 0, 1] == weight[0, 1, 4, 4]


def test_words_similarity_and_every_parameter_count(patches, maps, sentences):
    text, words, mask, similarity = sentences
    before = patches(patches.encode(*maps), VIDEO, *sentences)
    for changed in (
        (text.flip(2), words, mask, similarity),
        (text, words.flip(2), mask, similarity),
        (text, words, mask, similarity.flip(2)),
    ):
        with torch.no_grad():
            after = patches(patches.encode(*maps), VIDEO, *changed)
        assert not torch.allclose(after.active, before.active)
    for part in (patches.refine, patches.agree, patches.present.decide):
        torch.nn.init.normal_(part[-1].weight)
    scores = patches(patches.encode(*maps), VIDEO, *sentences)
    named = patches.named_motions(patches.encode(*maps))
    total = scores.relevance.sum() + scores.target.square().sum() + scores.presence.sum()
    (total + named.sum()).backward()
    idle = {n for n, p in patches.named_parameters() if p.grad is None or not p.grad.any()}
    assert idle <= {"names.place.bias"}  # a softmax over words takes it away, up to rounding
    assert patches.names.place.bias.grad.abs().max() < 1e-4


def test_near_patches_are_those_of_a_square():
    bias = within(4, 5, 1, torch.zeros(()))
    near = (bias == 0).view(4, 5, 4, 5)
    assert near[0, 0].nonzero().tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert near[2, 2].sum() == 9


def test_a_dense_prompt_knows_the_best_patch_of_a_frame_that_is_not_sure():
    torch.manual_seed(0)
    prompt = PatchPrompt(8)
    torch.nn.init.normal_(prompt.layers[2].weight)
    low = torch.full((1, 2, 4, 4), -40.0)
    better = low.clone()
    better[0, 1, 2, 1] = -30.0
    assert (prompt(better) - prompt(low)).abs().max() > 1e-3


def test_a_dense_prompt_starts_at_zero_and_learns():
    torch.manual_seed(0)
    prompt = PatchPrompt(8)
    maps = torch.randn(3, 2, 4, 4)
    assert not prompt(maps).any()
    assert prompt(maps).shape == (3, 8, 4, 4)
    (prompt(maps) - 1).square().sum().backward()
    assert prompt.layers[2].weight.grad.any()
