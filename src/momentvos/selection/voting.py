"""Voting: which tracks are meant, from log-odds of all of them."""

from __future__ import annotations

from collections.abc import Sequence

from momentvos.selection.tracks import Track
from momentvos.text import ANY, Number

PRESENT = 0.3
"""A track needs a vote of this share of the candidate frames, or no track has."""


def elect(tracks: Sequence[Track], voters: int, margin: float, number: Number = ANY) -> list[Track]:
    """The tracks that are meant, best first.

    Of tracks that follow the same object the best stays. A track is meant if on the whole its
    score is at least 0 (log-odds), or falls behind the best one by no more than the margin. If
    these are fewer or more than `number` says, the best of that number are.

    voters: candidate frames.
    """
    voted = [track for track in tracks if track.votes]
    able = [track for track in voted if len(track.votes) >= PRESENT * voters] or voted
    kept: list[Track] = []
    for track in sorted(able, key=lambda track: -track.score):
        if not any(track.same(other) for other in kept):
            kept.append(track)
    meant = sum(track.score >= min(kept[0].score - margin, 0.0) for track in kept)
    return kept[: min(max(meant, number.least), number.most or len(kept))]
