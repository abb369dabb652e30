"""Objective of the selector: tracks as a system follows them, with memory's faults.

A true track shows one object. A track that memory follows may take up what its object meets, lose
it, go on with another, or show nothing from the beginning.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from momentvos.selection.geometry import mirror
from momentvos.selection.track_selector import (
    ALIKE,
    UNLIKE,
    Spread,
    Tracks,
    TrackSelector,
    drawn_names,
)

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
        where: [P, T, GEOMETRY], `mask_geometry` of each track; truth: the same of each object,
            [O, T, GEOMETRY].
        does: bool [E, O, T], objects that do what the sentence says, when they do.
        named: bool [E, O, NOUNS], objects that each of its nouns fits.
        text: [E, N, D], `SentenceEncoder.encode_words`; mask: bool [E, N], True = real token.
        sided: bool [E], sentences that say left or right.
    """

    where: Tensor
    truth: Tensor
    does: Tensor
    named: Tensor
    text: Tensor
    mask: Tensor
    sided: Tensor

    def mirrored(self) -> ModelTracks:
        """The video flipped left to right, with the sentences that are still true of it."""
        kept = ~self.sided
        where, truth = mirror(self.where), mirror(self.truth)
        about = (self.does, self.named, self.text, self.mask, self.sided)
        return ModelTracks(where, truth, *(one[kept] for one in about))

    def matches(self) -> tuple[Tensor, Tensor]:
        """Objects that each track shows, and objects that it does not show: bool [P, O, T].

        Both are false where that cannot be decided. A track shows what is near it and of about its
        size (`MATCH`), and does not show what is far from it or of another size (`MISMATCH`).
        """
        return _near(self.where, self.truth, MATCH), ~_near(self.where, self.truth, MISMATCH)


def model_track_logits(
    selector: TrackSelector,
    tracks: ModelTracks,
    most: int,
    alike: Spread = ALIKE,
    unlike: Spread = UNLIKE,
) -> tuple[Tensor, Tensor, Tensor]:
    """The selector's logits of some sentences, each with up to `most` tracks of different objects.

    Sentences that mean something which none of their tracks shows are left out: of these nothing
    can be learned. Half the time the video is mirrored. The similarity of a track to what a
    sentence names is drawn at random (`drawn_names`).

    Returns logits [L, K, T]; bool [L, K, T], tracks that are meant, when they are; and bool of the
    same shape, what counts: where it is known what a track shows. If no sentence is left, zeros.
    """
    device = tracks.does.device
    if torch.rand(()) < 0.5:
        tracks = tracks.mirrored()
    near, far = tracks.matches()
    yes = (near[None] & tracks.does[:, None]).any(2)
    no = (far[None] | ~tracks.does[:, None]).all(2)
    named = _named(near, tracks.named)
    same = _same(tracks.where)
    meant = tracks.does.flatten(1).any(1)
    rows, chosen = [], []
    for row in torch.randperm(len(meant))[:QUERIES].tolist():
        kept = _different(same, int(torch.randint(FEWEST, max(most, FEWEST) + 1, ())))
        if kept and (not meant[row] or yes[row, kept].any()):
            rows.append(row)
            chosen.append(kept)
    if not rows:
        nothing = sum(0.0 * parameter.sum() for parameter in selector.parameters())
        none = torch.zeros(1, 1, tracks.does.shape[2], dtype=torch.bool, device=device)
        return nothing + none.float(), none, none
    width = max(map(len, chosen))
    place = torch.tensor([kept + [-1] * (width - len(kept)) for kept in chosen], device=device)
    row = torch.tensor(rows, device=device)
    real, query = place >= 0, row[:, None]
    where = _moved(tracks.where[place]) * real[..., None, None]
    fits = named[query, place] & real[..., None]
    names = drawn_names(fits, alike, unlike) * real[..., None]
    video = torch.arange(len(row), device=device)
    chosen_tracks = Tracks(tracks.text[row], tracks.mask[row], video, where, names)
    seen = (where[..., 3] > 0) & (yes | no)[query, place]
    return selector(chosen_tracks), yes[query, place], seen


def _near(one: Tensor, other: Tensor, reach: tuple[float, float]) -> Tensor:
    """Which geometries [P, T, GEOMETRY] and [O, T, GEOMETRY] are near: bool [P, O, T]."""
    one, other = one[:, None], other[None]
    sizes = one[..., 2], other[..., 2]
    small, large = torch.minimum(*sizes), torch.maximum(*sizes)
    there = (one[..., 3] > 0) & (other[..., 3] > 0)
    apart = (one[..., :2] - other[..., :2]).norm(dim=-1)
    near: Tensor = there & (apart < reach[0] * large) & (small > reach[1] * large)
    return near


def _same(where: Tensor) -> Tensor:
    """Tracks that follow the same object: bool [P, P]."""
    near = _near(where, where, MATCH).sum(2)
    seen = where[..., 3] > 0
    return near > SAME * (seen[:, None] | seen[None]).sum(2)


def _different(same: Tensor, most: int) -> list[int]:
    """Up to `most` tracks, drawn at random, of different objects."""
    kept: list[int] = []
    for place in torch.randperm(len(same)).tolist():
        if len(kept) < most and not same[place, kept].any():
            kept.append(place)
    return kept


def _named(near: Tensor, named: Tensor) -> Tensor:
    """Nouns that fit each track, which are those of the object it shows most: [E, P, NOUNS]."""
    often = near.sum(2)
    fits = named[:, often.argmax(1)]
    return fits & (often.amax(1) > 0)[None, :, None]


def _moved(where: Tensor) -> Tensor:
    """Geometry [L, K, T, GEOMETRY] with noise on the centres."""
    shift = torch.randn_like(where[:, :, :1, :2]) * SHIFT + torch.randn_like(where[..., :2]) * SHAKE
    return torch.cat([where[..., :2] + shift * where[..., 3:4], where[..., 2:]], -1)
