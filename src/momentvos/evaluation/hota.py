"""HOTA (Luiten et al., IJCV 2021) of tracks: how well things are detected and kept apart in time.

    HOTA = sqrt(DetA * AssA) at each localisation threshold of `ALPHAS`, then the mean over them

The arithmetic is that of TrackEval, on which SA-Co/VEval's phrase HOTA (pHOTA) rests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ALPHAS = np.arange(0.05, 0.99, 0.05)
_EPS = float(np.finfo("float").eps)
_SUMS = ("tp", "fn", "fp")


@dataclass(frozen=True)
class Frame:
    """Similarity [G, D] in one frame; truth, found: numbers of the tracks of its rows, columns."""

    truth: Sequence[int]
    found: Sequence[int]
    similarity: Floats


def sequence(frames: Sequence[Frame]) -> dict[str, list[float]]:
    """One video: matches (tp), misses (fn), false ones (fp), and AssA, by threshold."""
    g = 1 + max((n for frame in frames for n in frame.truth), default=-1)
    d = 1 + max((n for frame in frames for n in frame.found), default=-1)
    tp, fn, fp, assa = (np.zeros(len(ALPHAS)) for _ in range(4))
    if not g or not d:
        fn += sum(len(frame.truth) for frame in frames)
        fp += sum(len(frame.found) for frame in frames)
        return {"tp": tp.tolist(), "fn": fn.tolist(), "fp": fp.tolist(), "assa": assa.tolist()}
    alignment, length_g, length_d = _alignment(frames, g, d)
    matches = np.zeros((len(ALPHAS), g, d))
    for frame in frames:
        rows, columns = _assign(frame, alignment)
        truth, found = np.array(frame.truth, int), np.array(frame.found, int)
        close = frame.similarity[rows, columns]
        for a, alpha in enumerate(ALPHAS):
            hit = close >= alpha - _EPS
            count = int(hit.sum())
            tp[a] += count
            fn[a] += len(truth) - count
            fp[a] += len(found) - count
            matches[a, truth[rows[hit]], found[columns[hit]]] += 1
    for a, one in enumerate(matches):
        share = one / np.maximum(1, length_g[:, None] + length_d[None] - one)
        assa[a] = np.sum(one * share) / max(1.0, tp[a])
    return {"tp": tp.tolist(), "fn": fn.tolist(), "fp": fp.tolist(), "assa": assa.tolist()}


def combined(parts: Sequence[Mapping[str, Sequence[float]]]) -> dict[str, float | None]:
    """HOTA, DetA and AssA of all videos, means over the thresholds; AssA weighted by matches."""
    if not parts:
        return dict.fromkeys(("HOTA", "DetA", "AssA"))
    tp, fn, fp = (np.sum([part[name] for part in parts], axis=0) for name in _SUMS)
    weighted = np.sum([np.multiply(part["assa"], part["tp"]) for part in parts], axis=0)
    assa = weighted / np.maximum(1.0, tp)
    deta = tp / np.maximum(1, tp + fn + fp)
    return {
        "HOTA": float(np.mean(np.sqrt(deta * assa))),
        "DetA": float(np.mean(deta)),
        "AssA": float(np.mean(assa)),
    }


def _alignment(frames: Sequence[Frame], g: int, d: int) -> tuple[Floats, Floats, Floats]:
    """How much two tracks overlap over the whole video, [G, D]; in how many frames each is."""
    potential, length_g, length_d = np.zeros((g, d)), np.zeros(g), np.zeros(d)
    for frame in frames:
        s = frame.similarity
        base = s.sum(0)[None] + s.sum(1)[:, None] - s
        share = np.divide(s, base, out=np.zeros_like(s), where=base > _EPS)
        potential[np.ix_(frame.truth, frame.found)] += share
        length_g[list(frame.truth)] += 1
        length_d[list(frame.found)] += 1
    # Numbers of tracks follow each other, and each is in some frame: nothing is divided by 0.
    return potential / (length_g[:, None] + length_d[None] - potential), length_g, length_d


def _assign(frame: Frame, alignment: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    from scipy.optimize import linear_sum_assignment

    if not len(frame.truth) or not len(frame.found):
        none = np.zeros(0, np.intp)
        return none, none
    scores = alignment[np.ix_(frame.truth, frame.found)] * frame.similarity
    rows, columns = linear_sum_assignment(-scores)
    return rows, columns
