"""Which things are meant: the network that is told outlines and likenesses."""

from dataclasses import replace

import pytest
import torch

from momentvos.selection.geometry import GEOMETRY
from momentvos.selection.track_selector import ALIKE, UNLIKE, Tracks, TrackSelector, drawn_names


@pytest.fixture(scope="module")
def judge():
    torch.manual_seed(0)
    return TrackSelector(10, dim=16, asked=8, heads=2, depth=1).eval()


@pytest.fixture
def tracks():
    """Three sentences, two about the first of two videos of three things in six frames."""
    torch.manual_seed(1)
    where = torch.rand(2, 3, 6, GEOMETRY)
    where[..., 3] = 1.0
    where[1, 2] = 0.0
    return Tracks(
        text=torch.randn(3, 5, 10),
        mask=torch.arange(5) < torch.tensor([5, 3, 4])[:, None],
        video=torch.tensor([0, 0, 1]),
        where=where,
        names=torch.randn(3, 3, 2),
    )


@torch.no_grad()
def test_only_what_is_asked_about_and_seen_gets_logits(judge, tracks):
    scores = judge(tracks)
    assert scores.shape == (3, 3, 6)
    assert (scores[:2] != 0).all() and (scores[2, :2] != 0).all()
    assert (scores[2, 2] == 0).all(), "it is in no frame of that video"
    asked = torch.tensor([[True, False, False], [False, True, True], [False, False, False]])
    some = judge(tracks, asked)
    torch.testing.assert_close(some, scores * asked[..., None])


@torch.no_grad()
def test_a_sentence_hears_its_own_words_and_video(judge, tracks):
    alone = Tracks(
        tracks.text[2:, :4], tracks.mask[2:, :4], torch.tensor([0]), tracks.where[1:],
        tracks.names[2:],
    )  # fmt: skip
    torch.testing.assert_close(judge(alone)[0], judge(tracks)[2])


@torch.no_grad()
def test_things_see_each_other_unless_they_are_unknown(judge, tracks):
    before = judge(tracks)
    where = tracks.where.clone()
    where[0, 2, :, :3] += 0.5
    moved = judge(replace(tracks, where=where))
    assert not torch.allclose(moved[0, 0], before[0, 0])
    torch.testing.assert_close(moved[2], before[2])
    known = torch.tensor([[True, True, False]]).expand(3, -1)
    blind = [judge(replace(tracks, where=one, known=known))[0, 0] for one in (tracks.where, where)]
    torch.testing.assert_close(*blind)


@torch.no_grad()
def test_what_a_thing_is_called_and_when_it_moves_count(judge, tracks):
    before = judge(tracks)
    named = judge(replace(tracks, names=tracks.names + torch.tensor([2.0, 0.0])))
    assert not torch.allclose(named, before)
    torch.testing.assert_close(named[2, 2], before[2, 2])
    late = judge(replace(tracks, where=tracks.where.flip(2)))
    assert not torch.allclose(late.flip(2), before)


@pytest.mark.parametrize(("alike", "unlike"), [(ALIKE, UNLIKE), ((1.0, 0.2), (-4.0, 1.0))])
def test_drawn_likenesses_are_those_of_nouns_that_fit(alike, unlike):
    torch.manual_seed(0)
    named = torch.zeros(400, 5, 2, dtype=torch.bool)
    named[:, :2, 0] = True
    named[:100, 4, 1] = True
    drawn = drawn_names(named, alike, unlike)
    for noun, fits, lanes in ((0, [0, 1], slice(0, 400)), (1, [4], slice(0, 100))):
        others = [thing for thing in range(5) if thing not in fits]
        like, other = drawn[lanes, fits, noun], drawn[lanes][:, others, noun]
        assert abs(like.mean() - alike[0]) < 0.2 and abs(like.std() - alike[1]) < 0.1
        assert abs(other.mean() - unlike[0]) < 0.3 and abs(other.std() - unlike[1]) < 0.2
    silent = (drawn[100:, :, 1] == 0).all(1)
    assert 0.5 < silent.float().mean() < 0.9
    assert ((drawn[100:, :, 1] == 0).any(1) == silent).all()
