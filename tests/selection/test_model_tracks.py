"""The selector on a system's own tracks."""

from dataclasses import replace

import pytest
import torch

from momentvos.selection import TrackSelector
from momentvos.selection.geometry import GEOMETRY, mask_geometry
from momentvos.selection.model_tracks import ModelTracks, model_track_logits


def squares(*lefts: float, top: int = 8, side: int = 8) -> torch.Tensor:
    """Geometry of a square whose left border goes through `lefts`; None: it is not there."""
    masks = torch.zeros(len(lefts), 40, 40, dtype=torch.bool)
    for frame, left in enumerate(lefts):
        if left is not None:
            masks[frame, top : top + side, left : left + side] = True
    return mask_geometry(masks)


@pytest.fixture
def tracks():
    """Two objects; tracks of the first, the first again, half of the second, and neither."""
    truth = torch.stack([squares(0, 2, 4, 6), squares(30, 30, 30, None)])
    geometry = torch.stack(
        [
            squares(0, 2, 5, 7),
            squares(1, 2, 4, None),
            squares(30, 30, 0, 0),
            squares(14, 14, 14, 14, top=26, side=12),
        ]
    )
    meant = torch.zeros(3, 2, 4, dtype=torch.bool)
    meant[0, 0, 2:] = True
    meant[1, 1, :2] = True
    noun_matches = torch.tensor([[[1, 0], [0, 0]], [[0, 1], [1, 0]], [[1, 0], [1, 0]]]).bool()
    torch.manual_seed(0)
    directional = torch.tensor([False, True, False])
    return ModelTracks(
        geometry,
        truth,
        meant,
        noun_matches,
        torch.randn(3, 5, 10),
        torch.ones(3, 5).bool(),
        directional,
    )


@pytest.fixture
def selector():
    torch.manual_seed(0)
    return TrackSelector(10, dim=16, query_dim=8, heads=2, depth=1)


def test_a_track_covers_objects_near_it_and_of_its_size(tracks):
    near, far = tracks.matches()
    assert near[:, 0].tolist() == [[True] * 4, [True] * 3 + [False], [False] * 4, [False] * 4]
    assert near[:, 1].tolist() == [
        [False] * 4,
        [False] * 4,
        [True, True, False, False],
        [False] * 4,
    ]
    assert not (near & far).any()
    assert far[3].all() and far[2, 1, 2:].all()
    undecided = replace(tracks, geometry=squares(*[4] * 4)[None], truth=squares(0, 0, 0, 0)[None])
    assert not any(one.any() for one in undecided.matches()), "half a side apart is undecided"


def test_sentences_are_scored_on_tracks_of_different_objects(tracks, selector):
    torch.manual_seed(1)
    rows, pairs = 0, set()
    for _ in range(40):
        logits, meant, counted = model_track_logits(selector, tracks, 3)
        assert logits.shape == meant.shape == counted.shape and logits.shape[2] == 4
        assert logits.shape[1] <= 3, "of the two tracks of one object one is scored"
        assert not (meant & ~counted).any()
        rows += len(logits)
        pairs |= {tuple(row.sum(1).tolist()) for row in (meant & counted)}
    assert 80 < rows < 115, "every sentence, and two of three in a mirror"
    totals = {sum(pair) for pair in pairs}
    assert totals <= {0, 1, 2} and {0, 2} <= totals


def test_mirrored_videos_lose_sentences_with_left_and_right(tracks):
    other = tracks.mirrored()
    assert len(other.meant) == len(other.text) == len(other.noun_matches) == len(other.mask) == 2
    assert torch.equal(other.geometry[..., 0], -tracks.geometry[..., 0])
    assert torch.equal(torch.stack(other.matches()), torch.stack(tracks.matches()))
    again = replace(other, directional=torch.zeros(2, dtype=torch.bool)).mirrored()
    assert torch.equal(again.geometry, tracks.geometry) and torch.equal(
        again.meant, tracks.meant[[0, 2]]
    )


def test_sentences_without_a_positive_track_are_left_out(tracks, selector):
    lost = replace(
        tracks, geometry=tracks.geometry[3:], directional=torch.zeros(3, dtype=torch.bool)
    )
    logits, meant, _ = model_track_logits(selector, lost, 6)
    assert logits.shape[:2] == (1, 1) and not meant.any(), "the sentence without target is left"
    nothing = replace(tracks, geometry=torch.zeros(0, 4, GEOMETRY))
    logits, _, counted = model_track_logits(selector, nothing, 6)
    assert not logits.any() and not counted.any()
    logits.sum().backward()
    assert all(p.grad is not None and not p.grad.any() for p in selector.parameters())


def test_tracks_train_the_selector(tracks, selector):
    logits, _, counted = model_track_logits(selector, tracks, 6)
    logits[counted].sum().backward()
    assert all(p.grad is not None for name, p in selector.named_parameters() if "norm" in name)
    torch.manual_seed(3)
    one = model_track_logits(selector, tracks, 6)[0]
    torch.manual_seed(3)
    assert torch.equal(one, model_track_logits(selector, tracks, 6)[0])
