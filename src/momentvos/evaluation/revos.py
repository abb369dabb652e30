"""ReVOS: metrics by type of sentence, and its robustness and accuracy in each encoding of masks.

The official program (VISA ``tools/eval_revos.py``) uses the values of saved pixels as they are, in
8 bits that wrap, so that R and A of the same masks depend on how they were saved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from momentvos.evaluation.moments import mean

ENCODINGS = {"binary": 1, "code255": 255, "palette38": 38}
"""What a pixel of the prediction is read as: from run-lengths, from grey pictures, from palette
pictures with the usual first colour (read as grey)."""

EXTRA = tuple(f"{figure}_{name}" for figure in "ra" for name in ENCODINGS)
"""Names of the metrics that `Robustness` finds, in `ExpressionScore.extra`."""


class Robustness:
    """R and A of one expression in every encoding, one frame at a time."""

    def __init__(self) -> None:
        self._frames: dict[str, list[float]] = {name: [] for name in EXTRA}

    def add(self, truth: ArrayLike, prediction: ArrayLike, foreground: ArrayLike) -> None:
        """One frame; the arguments of `robustness`."""
        for name, value in ENCODINGS.items():
            self._frames[f"r_{name}"].append(robustness(truth, prediction, foreground, value))
            self._frames[f"a_{name}"].append(accuracy(truth, prediction, value))

    def extra(self) -> dict[str, float]:
        """Means over the frames, by the names in `EXTRA`. Empty without frames."""
        return {name: float(np.mean(one)) for name, one in self._frames.items() if one}


def robustness(
    truth: ArrayLike, prediction: ArrayLike, foreground: ArrayLike, encoding: int = 1
) -> float:
    """R of a frame: max(0, 1 - sum((1 - y) p) / (sum(g) + 1e-6)), in 8-bit arithmetic that wraps.

    truth: y uint8 [H, W], how many referred objects cover a pixel (1 - y wraps at 2). prediction:
    p, nonzero is foreground, which the program reads as `encoding`. foreground: g, bool [H, W],
    every object of the video.
    """
    covered = np.asarray(truth).astype(np.uint8)
    many = np.bincount(covered[np.asarray(prediction) != 0], minlength=1)
    each = (1 - np.arange(len(many))) * encoding % 256
    return float(max(0.0, 1.0 - int(many @ each) / (int(np.sum(foreground)) + 1e-6)))


def accuracy(truth: ArrayLike, prediction: ArrayLike, encoding: int = 1) -> float:
    """A of a frame: share of pixels whose value is that of the truth, see `robustness`."""
    covered = np.asarray(truth).astype(np.uint8)
    found = np.where(np.asarray(prediction) != 0, np.uint8(encoding), np.uint8(0))
    return float(np.mean(covered == found))


def by_type(
    rows: Sequence[tuple[str, Mapping[str, float | None]]], types: Sequence[str]
) -> dict[str, dict[str, float | None]]:
    """Figure -> type -> mean of it, 0..1, and "overall", the mean over the types (VISA, Sa2VA).

    rows: type and metrics of every expression; those of other types are left out. As the official
    programs do, each figure is rounded to two decimals in percent first; J&F is (J + F) / 2.
    """
    table: dict[str, dict[str, float | None]] = {}
    for name in dict.fromkeys(name for _, metrics in rows for name in metrics):
        table[name] = {
            kind: mean(_rounded(metrics.get(name)) for own, metrics in rows if own == kind)
            for kind in types
        }
    for kind in types:
        j, f = (table.get(name, {}).get(kind) for name in ("J", "F"))
        both = None if j is None or f is None else (j + f) / 2
        table.setdefault("J&F", {})[kind] = both
    for row in table.values():
        row["overall"] = None if None in row.values() else mean(row.values())
    return table


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(100 * figure, 2) / 100
