"""SA-Co/VEval: are a noun phrase's instances found and tracked (cgF1, pHOTA)?

The arithmetic is that of SAM 3's ``saco_veval_eval.py``. A pair of a video and a phrase is one
case. Tracks answered with a score of at least 0.5 (pHOTA: more than 0.5) are matched with the true
ones by the IoU of their volumes, all at once (Hungarian):

    pmF1  = F1 of matches with IoU >= m; false tracks of pairs without instances do not count
    IL_MCC = Matthews correlation of "there is an instance", pair by pair
    cgF1  = pmF1 * IL_MCC, the mean over m = 0.5, 0.55, ... 0.95
    pHOTA = HOTA of the tracks of all pairs
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from momentvos.evaluation import hota
from momentvos.evaluation.rle import Rle, encoded

SCORE = 0.5
IOUS = np.linspace(0.5, 0.95, 10)
_SMALL, _TINY = 1e-4, 1e-6
Track = Sequence[Rle | None]
"""A mask or None for each frame."""


@dataclass(frozen=True)
class Phrase:
    """One pair. ious: volume IoU [N, G] of the answered tracks with the true ones.

    truth, found: how many there are. hota: of `hota.sequence`.
    """

    truth: int
    found: int
    ious: Sequence[Sequence[float]] = ()
    hota: Mapping[str, Sequence[float]] = field(default_factory=dict)


def phrase(
    truth: Sequence[Track],
    answers: Sequence[Track],
    scores: Sequence[float],
    crowd: Sequence[int] = (),
) -> Phrase:
    """Compare the tracks of one pair. crowd: true tracks that cgF1, but not pHOTA, leaves out."""
    kept = [one for one, score in zip(answers, scores, strict=True) if score >= SCORE]
    real = [one for number, one in enumerate(truth) if number not in crowd]
    sure = [one for one, score in zip(answers, scores, strict=True) if score > SCORE]
    ious = [[volume_iou(one, other) for other in real] for one in kept]
    return Phrase(len(real), len(kept), ious, hota.sequence(_frames(truth, sure)))


def volume_iou(one: Track, other: Track) -> float:
    """Pixels of all frames in both over those in either; two without any agree: 1."""
    from pycocotools import mask as coco

    both = either = 0
    for a, b in zip(one, other, strict=False):
        if a is not None and b is not None:
            pair = [encoded(a), encoded(b)]
            both += int(coco.area(coco.merge(pair, intersect=True)))
            either += int(coco.area(coco.merge(pair, intersect=False)))
        elif (some := a if a is not None else b) is not None:
            either += int(coco.area(encoded(some)))
    return both / either if either else 1.0


def _frames(truth: Sequence[Track], answers: Sequence[Track]) -> list[hota.Frame]:
    from pycocotools import mask as coco

    shown = [track for track in truth if any(mask is not None for mask in track)]
    drawn = [[_drawn(mask) for mask in track] for track in answers]
    drawn = [track for track in drawn if any(mask is not None for mask in track)]
    frames = []
    for number in range(max((len(track) for track in (*shown, *drawn)), default=0)):
        rows, columns = _there(shown, number), _there(drawn, number)
        similarity = np.zeros((len(rows), len(columns)))
        if rows and columns:
            similarity[:] = coco.iou(
                list(rows.values()), list(columns.values()), [0] * len(columns)
            )
        frames.append(hota.Frame(list(rows), list(columns), similarity))
    return frames


def _drawn(mask: Rle | None) -> Rle | None:
    """A mask with pixels, else None."""
    from pycocotools import mask as coco

    return mask if mask is not None and int(coco.area(encoded(mask))) else None


def _there(tracks: Sequence[Track], frame: int) -> dict[int, Rle]:
    there = {k: track[frame] for k, track in enumerate(tracks) if frame < len(track)}
    return {k: encoded(mask) for k, mask in there.items() if mask is not None}


def saco(cases: Sequence[Phrase]) -> dict[str, float | None]:
    """cgF1, its factors, and pHOTA with its own."""
    track = hota.combined([case.hota for case in cases if case.hota])
    tracked = {"pHOTA": track["HOTA"], "pDetA": track["DetA"], "pAssA": track["AssA"]}
    names = ("cgF1", "pmF1", "IL_MCC", "cgF1@0.5", "cgF1@0.75")
    if not cases:
        return dict.fromkeys(names) | tracked
    counts = np.sum([_counts(case) for case in cases], axis=0)
    f1, mcc = _f1(counts), _mcc(cases)
    each = f1 * mcc
    at = {m: float(each[np.isclose(m, IOUS)][0]) for m in (0.5, 0.75)}
    values = (float(each.mean()), float(f1.mean()), mcc, at[0.5], at[0.75])
    return dict(zip(names, values, strict=True)) | tracked


def _counts(case: Phrase) -> NDArray[np.float64]:
    """Matches, false tracks where there is something to find, and misses, [3, M]."""
    from scipy.optimize import linear_sum_assignment

    if not case.truth or not case.found:
        return np.stack([np.zeros(len(IOUS))] * 2 + [np.full(len(IOUS), float(case.truth))])
    ious = np.asarray(case.ious, float)
    met = ious[linear_sum_assignment(-ious)]
    hits = (met[None] >= IOUS[:, None]).sum(1).astype(float)
    return np.stack([hits, case.found - hits, case.truth - hits])


def _f1(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    hits, false, missed = counts
    precision, recall = hits / (hits + false + _SMALL), hits / (hits + missed + _SMALL)
    return np.asarray(2 * precision * recall / (precision + recall + _SMALL), float)


def _mcc(cases: Sequence[Phrase]) -> float:
    pairs = [(bool(case.truth), bool(case.found)) for case in cases]
    tp, fp = pairs.count((True, True)), pairs.count((False, True))
    fn, tn = pairs.count((True, False)), pairs.count((False, False))
    base = math.sqrt(float(tp + fp) * float(tp + fn) * float(tn + fp) * float(tn + fn))
    return (tp * tn - fp * fn) / (base + _TINY)
