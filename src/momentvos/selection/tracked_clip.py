"""What the judge learns of things as a system follows them, with all that memory does to them.

True outlines are those of one thing each. A lane that memory follows takes up what its thing meets,
loses it, goes on with another, or never had a thing to begin with.
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

SHOWN, ELSEWHERE = (0.8, 0.6), (1.2, 0.4)
"""See `Lanes.shows`: distances of centres in half sides of the larger outline's square, and the
smaller size by the larger."""
SAME = 0.6
"""Lanes follow the same thing where they show each other in so great a share of the frames."""
ASKED = 10
"""Sentences that are asked at once."""
FEWEST = 3
"""Lanes among which a sentence chooses, where there are so many."""
SHIFT, SHAKE = 0.015, 0.006
"""Outlines are moved by so much as a whole and in each frame, in half sides of the picture."""


@dataclass(frozen=True)
class Lanes:
    """P lanes in a video of T frames, its O things, and E sentences about them.

    Attributes:
        where: [P, T, GEOMETRY], `mask_geometry` of each lane; truth: [O, T, GEOMETRY], of each thing.
        does: bool [E, O, T], things that do what the sentence says, when they do.
        named: bool [E, O, NOUNS], things that each of its nouns fits.
        text: [E, N, D], `SentenceEncoder.read`; mask: bool [E, N], True = real token.
        sided: bool [E], sentences that say left or right.
    """

    where: Tensor
    truth: Tensor
    does: Tensor
    named: Tensor
    text: Tensor
    mask: Tensor
    sided: Tensor

    def mirror(self) -> Lanes:
        """The same seen in a mirror, with the sentences that are true of it there too."""
        kept = ~self.sided
        about = (self.does, self.named, self.text, self.mask, self.sided)
        return Lanes(mirror(self.where), mirror(self.truth), *(one[kept] for one in about))

    def shows(self) -> tuple[Tensor, Tensor]:
        """Which things each lane shows, and which it does not: bool [P, O, T].

        Both are false where that cannot be said. A lane shows what is near it and of about its
        size (`SHOWN`), and does not show what is far from it or of another size (`ELSEWHERE`).
        """
        return _near(self.where, self.truth, SHOWN), ~_near(self.where, self.truth, ELSEWHERE)


def of_lanes(
    judge: TrackSelector, lanes: Lanes, most: int, alike: Spread = ALIKE, unlike: Spread = UNLIKE
) -> tuple[Tensor, Tensor, Tensor]:
    """Some sentences, each asked of up to `most` lanes that follow different things.

    Sentences that mean something which none of their lanes shows are left out: of these nothing can
    be learned. Half the time all is seen in a mirror. How alike a lane is to what a sentence names
    is drawn (`drawn_names`).

    Returns logits [L, K, T]; bool [L, K, T], lanes that are meant, when they are; and bool of the
    same shape, what counts: where it is known what a lane shows. If no sentence is left, zeros.
    """
    device = lanes.does.device
    if torch.rand(()) < 0.5:
        lanes = lanes.mirrored()
    near, far = lanes.shows()
    yes = (near[None] & lanes.does[:, None]).any(2)
    no = (far[None] | ~lanes.does[:, None]).all(2)
    named = _named(near, lanes.named)
    same = _same(lanes.where)
    meant = lanes.does.flatten(1).any(1)
    rows, chosen = [], []
    for row in torch.randperm(len(meant))[:ASKED].tolist():
        kept = _different(same, int(torch.randint(FEWEST, max(most, FEWEST) + 1, ())))
        if kept and (not meant[row] or yes[row, kept].any()):
            rows.append(row)
            chosen.append(kept)
    if not rows:
        nothing = sum(0.0 * parameter.sum() for parameter in judge.parameters())
        none = torch.zeros(1, 1, lanes.does.shape[2], dtype=torch.bool, device=device)
        return nothing + none.float(), none, none
    width = max(map(len, chosen))
    place = torch.tensor([kept + [-1] * (width - len(kept)) for kept in chosen], device=device)
    row = torch.tensor(rows, device=device)
    real, lane = place >= 0, row[:, None]
    where = _moved(lanes.where[place]) * real[..., None, None]
    fits = named[lane, place] & real[..., None]
    names = drawn_names(fits, alike, unlike) * real[..., None]
    video = torch.arange(len(row), device=device)
    tracks = Tracks(lanes.text[row], lanes.mask[row], video, where, names)
    seen = (where[..., 3] > 0) & (yes | no)[lane, place]
    return judge(tracks), yes[lane, place], seen


def _near(one: Tensor, other: Tensor, reach: tuple[float, float]) -> Tensor:
    """Are outlines [P, T, GEOMETRY] and [O, T, GEOMETRY] near each other: bool [P, O, T]."""
    one, other = one[:, None], other[None]
    sizes = one[..., 2], other[..., 2]
    small, large = torch.minimum(*sizes), torch.maximum(*sizes)
    there = (one[..., 3] > 0) & (other[..., 3] > 0)
    apart = (one[..., :2] - other[..., :2]).norm(dim=-1)
    return there & (apart < reach[0] * large) & (small > reach[1] * large)


def _same(where: Tensor) -> Tensor:
    """Lanes that follow the same thing: bool [P, P]."""
    near = _near(where, where, SHOWN).sum(2)
    seen = where[..., 3] > 0
    return near > SAME * (seen[:, None] | seen[None]).sum(2)


def _different(same: Tensor, most: int) -> list[int]:
    """Up to so many lanes, drawn, that are not the same."""
    kept: list[int] = []
    for place in torch.randperm(len(same)).tolist():
        if len(kept) < most and not same[place, kept].any():
            kept.append(place)
    return kept


def _named(near: Tensor, named: Tensor) -> Tensor:
    """What each lane is called, which is what the thing is that it shows most: [E, P, NOUNS]."""
    often = near.sum(2)
    fits = named[:, often.argmax(1)]
    return fits & (often.amax(1) > 0)[None, :, None]


def _moved(where: Tensor) -> Tensor:
    """Outlines [L, K, T, GEOMETRY], moved a little."""
    shift = torch.randn_like(where[:, :, :1, :2]) * SHIFT + torch.randn_like(where[..., :2]) * SHAKE
    return torch.cat([where[..., :2] + shift * where[..., 3:4], where[..., 2:]], -1)
