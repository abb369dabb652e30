"""The track selector: which tracks are meant, from trajectories and noun similarities."""

from dataclasses import replace

import pytest
import torch

from momentvos.selection.geometry import GEOMETRY
from momentvos.selection.track_selector import (
    NEGATIVE_SIMILARITY,
    POSITIVE_SIMILARITY,
    Tracks,
    TrackSelector,
    sample_similarity,
)


@pytest.fixture(scope="module")
def selector():
    torch.manual_seed(0)
    return TrackSelector(10, dim=16, query_dim=8, heads=2, depth=1).eval()


@pytest.fixture
def tracks():
    """Three sentences, two about the first of two videos of three tracks in six frames."""
    torch.manual_seed(1)
    geometry = torch.rand(2, 3, 6, GEOMETRY)
    geometry[..., 3] = 1.0
    geometry[1, 2] = 0.0
    return Tracks(
        text=torch.randn(3, 5, 10),
        mask=torch.arange(5) < torch.tensor([5, 3, 4])[:, None],
        video=torch.tensor([0, 0, 1]),
        geometry=geometry,
        similarity=torch.randn(3, 3, 2),
    )


@torch.no_grad()
def test_only_visible_tracks_that_are_to_be_scored_get_logits(selector, tracks):
    scores = selector(tracks)
    assert scores.shape == (3, 3, 6)
    assert (scores[:2] != 0).all() and (scores[2, :2] != 0).all()
    assert (scores[2, 2] == 0).all(), "it is in no frame of that video"
    scored = torch.tensor([[True, False, False], [False, True, True], [False, False, False]])
    some = selector(tracks, scored)
    torch.testing.assert_close(some, scores * scored[..., None])


@torch.no_grad()
def test_a_sentence_reads_its_own_words_and_video(selector, tracks):
    alone = Tracks(
        tracks.text[2:, :4], tracks.mask[2:, :4], torch.tensor([0]), tracks.geometry[1:],
        tracks.similarity[2:],
    )  # fmt: skip
    torch.testing.assert_close(selector(alone)[0], selector(tracks)[2])


@torch.no_grad()
def test_tracks_depend_on_each_other_where_they_are_comparable(selector, tracks):
    before = selector(tracks)
    geometry = tracks.geometry.clone()
    geometry[0, 2, :, :3] += 0.5
    moved = selector(replace(tracks, geometry=geometry))
    assert not torch.allclose(moved[0, 0], before[0, 0])
    torch.testing.assert_close(moved[2], before[2])
    comparable = torch.tensor([[True, True, False]]).expand(3, -1)
    hidden = replace(tracks, comparable=comparable)
    scores = [selector(replace(hidden, geometry=one)) for one in (tracks.geometry, geometry)]
    torch.testing.assert_close(scores[0][0, 0], scores[1][0, 0])


@torch.no_grad()
def test_noun_similarity_and_the_order_of_frames_count(selector, tracks):
    before = selector(tracks)
    similarity = tracks.similarity + torch.tensor([2.0, 0.0])
    other = selector(replace(tracks, similarity=similarity))
    assert not torch.allclose(other, before)
    torch.testing.assert_close(other[2, 2], before[2, 2])
    late = selector(replace(tracks, geometry=tracks.geometry.flip(2)))
    assert not torch.allclose(late.flip(2), before)


@pytest.mark.parametrize(
    ("positive", "negative"),
    [(POSITIVE_SIMILARITY, NEGATIVE_SIMILARITY), ((1.0, 0.2), (-4.0, 1.0))],
)
def test_random_similarities_have_the_distributions_of_matches(positive, negative):
    torch.manual_seed(0)
    matches = torch.zeros(400, 5, 2, dtype=torch.bool)
    matches[:, :2, 0] = True
    matches[:100, 4, 1] = True
    drawn = sample_similarity(matches, positive, negative)
    for noun, fits, queries in ((0, [0, 1], slice(0, 400)), (1, [4], slice(0, 100))):
        others = [track for track in range(5) if track not in fits]
        one, other = drawn[queries, fits, noun], drawn[queries][:, others, noun]
        assert abs(one.mean() - positive[0]) < 0.2 and abs(one.std() - positive[1]) < 0.1
        assert abs(other.mean() - negative[0]) < 0.3 and abs(other.std() - negative[1]) < 0.2
    absent = (drawn[100:, :, 1] == 0).all(1)
    assert 0.5 < absent.float().mean() < 0.9
    assert ((drawn[100:, :, 1] == 0).any(1) == absent).all()
