"""Objective of the selector: a system's own tracks, with the errors of its memory.

A true track covers one object. A track by memory may take up what its object meets, lose it, go on
with another, or cover no object from the beginning.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from momentvos.selection.geometry import mirror
from momentvos.selection.loss_options import NEGATIVE_SIMILARITY, POSITIVE_SIMILARITY, Normal
from momentvos.selection.track_selector import Tracks, TrackSelector, sample_similarity

MATCH, MISMATCH = (0.8, 0.6), (1.2, 0.4)
"""See `ModelTracks.matches`: distances of centres in half sides of the larger mask's square, and
the smaller size by the larger."""
SAME = 0.6
"""Tracks follow the same object where they match in so great a share of the frames."""
QUERIES = 10
"""Most sentences of a training step."""
FEWEST = 3
"""Tracks among which a sentence chooses, where there are so many."""
SHIFT, SHAKE = 0.015, 0.006
"""Standard deviations of the noise on centres: of the whole track and of each frame, in half sides
of the frame."""


@dataclass(frozen=True)
class ModelTracks:
    """P tracks in a video of T frames, its O objects, and E sentences about them.

    Attributes:
        geometry: [P, T, GEOMETRY], `mask_geometry` of each track; truth: the same of each object,
            [O, T, GEOMETRY].
        meant: bool [E, O, T], objects that each sentence means, in the frames in which it does.
        noun_matches: bool [E, O, NOUNS], objects that each of its nouns fits.
        text: [E, N, D], `SentenceEncoder.encode_words`; mask: bool [E, N], True = real token.
        directional: bool [E], sentences that mention left or right.
    """

    geometry: Tensor
    truth: Tensor
    meant: Tensor
    noun_matches: Tensor
    text: Tensor
    mask: Tensor
    directional: Tensor

    def mirrored(self) -> ModelTracks:
        """The video flipped left to right, with the sentences that are still true of it."""
        kept = ~self.directional
        geometry, truth = mirror(self.geometry), mirror(self.truth)
        each = (self.meant, self.noun_matches, self.text, self.mask, self.directional)
        return ModelTracks(geometry, truth, *(one[kept] for one in each))

    def matches(self) -> tuple[Tensor, Tensor]:
        """Objects that each track covers, and objects that it does not cover: bool [P, O, T].

        Both are false where that cannot be decided. A track covers what is near it and of about its
        size (`MATCH`), and does not cover what is far from it or of another size (`MISMATCH`).
        """
        geometry, truth = self.geometry, self.truth
        return _near(geometry, truth, MATCH), ~_near(geometry, truth, MISMATCH)


def model_track_logits(
    selector: TrackSelector,
    tracks: ModelTracks,
    most: int,
    positive: Normal = POSITIVE_SIMILARITY,
    negative: Normal = NEGATIVE_SIMILARITY,
) -> tuple[Tensor, Tensor, Tensor]:
    """The selector's logits of some sentences, each with up to `most` tracks of different objects.

    Sentences that mean an object which none of their tracks covers are left out: they have no
    positive. Half the time the video is mirrored. The similarity of a track to a sentence's nouns
    is random (`sample_similarity`).

    Returns logits [L, K, T]; bool [L, K, T], tracks that are meant, in the frames in which they
    are; and bool of the same shape, what counts: where it is known what a track covers. If no
    sentence is left, zeros.
    """
    device = tracks.meant.device
    if torch.rand(()) < 0.5:
        tracks = tracks.mirrored()
    near, far = tracks.matches()
    positive_pairs = (near[None] & tracks.meant[:, None]).any(2)
    negative_pairs = (far[None] | ~tracks.meant[:, None]).all(2)
    noun_matches = _noun_matches(near, tracks.noun_matches)
    same = _same(tracks.geometry)
    any_meant = tracks.meant.flatten(1).any(1)
    rows, chosen = [], []
    for row in torch.randperm(len(any_meant))[:QUERIES].tolist():
        kept = _different(same, int(torch.randint(FEWEST, max(most, FEWEST) + 1, ())))
        if kept and (not any_meant[row] or positive_pairs[row, kept].any()):
            rows.append(row)
            chosen.append(kept)
    if not rows:
        nothing = sum(0.0 * parameter.sum() for parameter in selector.parameters())
        none = torch.zeros(1, 1, tracks.meant.shape[2], dtype=torch.bool, device=device)
        return nothing + none.float(), none, none
    width = max(map(len, chosen))
    place = torch.tensor([kept + [-1] * (width - len(kept)) for kept in chosen], device=device)
    row = torch.tensor(rows, device=device)
    real, query = place >= 0, row[:, None]
    geometry = _with_noise(tracks.geometry[place]) * real[..., None, None]
    fits = noun_matches[query, place] & real[..., None]
    similarity = sample_similarity(fits, positive, negative) * real[..., None]
    video = torch.arange(len(row), device=device)
    chosen_tracks = Tracks(tracks.text[row], tracks.mask[row], video, geometry, similarity)
    decided = (positive_pairs | negative_pairs)[query, place]
    counted = (geometry[..., 3] > 0) & decided
    return selector(chosen_tracks), positive_pairs[query, place], counted


def _near(one: Tensor, other: Tensor, reach: tuple[float, float]) -> Tensor:
    """Which geometries [P, T, GEOMETRY] and [O, T, GEOMETRY] are near: bool [P, O, T]."""
    one, other = one[:, None], other[None]
    sizes = one[..., 2], other[..., 2]
    small, large = torch.minimum(*sizes), torch.maximum(*sizes)
    visible = (one[..., 3] > 0) & (other[..., 3] > 0)
    distance = (one[..., :2] - other[..., :2]).norm(dim=-1)
    near: Tensor = visible & (distance < reach[0] * large) & (small > reach[1] * large)
    return near


def _same(geometry: Tensor) -> Tensor:
    """Tracks that follow the same object: bool [P, P]."""
    near = _near(geometry, geometry, MATCH).sum(2)
    visible = geometry[..., 3] > 0
    return near > SAME * (visible[:, None] | visible[None]).sum(2)


def _different(same: Tensor, most: int) -> list[int]:
    """Up to `most` tracks, drawn at random, of different objects."""
    kept: list[int] = []
    for place in torch.randperm(len(same)).tolist():
        if len(kept) < most and not same[place, kept].any():
            kept.append(place)
    return kept


def _noun_matches(near: Tensor, matches: Tensor) -> Tensor:
    """Nouns that fit each track, which are those of the object it covers most: [E, P, NOUNS]."""
    often = near.sum(2)
    fits = matches[:, often.argmax(1)]
    return fits & (often.amax(1) > 0)[None, :, None]


def _with_noise(geometry: Tensor) -> Tensor:
    """Geometry [L, K, T, GEOMETRY] with noise on the centres."""
    centre, visible = geometry[..., :2], geometry[..., 3:4]
    noise = torch.randn_like(centre[:, :, :1]) * SHIFT + torch.randn_like(centre) * SHAKE
    return torch.cat([centre + noise * visible, geometry[..., 2:]], -1)
