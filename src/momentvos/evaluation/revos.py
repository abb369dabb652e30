"""ReVOS: figures by type of sentence, and its robustness score in each of its encodings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from momentvos.evaluation.moments import mean

TYPES = {0: "referring", 1: "reasoning", 2: "none"}
"""ReVOS's `type_id`; the third asks for something that is not there."""


def robustness(
    truth: ArrayLike, prediction: ArrayLike, foreground: ArrayLike, encoding: int = 1
) -> float:
    """R of a frame: max(0, 1 - sum((1 - y) p) / (sum(g) + 1e-6)), in 8-bit arithmetic that wraps.

    truth: y uint8 [H, W], how many referred objects cover a pixel (1 - y wraps at 2). prediction:
    p, nonzero is foreground, which the program reads as `encoding`: 1 from run-lengths, 255 from
    pictures. foreground: g, bool [H, W], every object of the video (VISA tools/eval_revos.py).
    """
    covered = np.asarray(truth).astype(np.uint8)  # 1 - covered stays uint8 and wraps
    found = np.where(np.asarray(prediction) != 0, np.uint8(encoding), np.uint8(0))
    wrong = int(((1 - covered) * found).sum(dtype=np.int64))
    known: NDArray[np.bool_] = np.asarray(foreground) != 0
    return max(0.0, 1.0 - wrong / (np.count_nonzero(known) + 1e-6))


def by_type(
    rows: Sequence[tuple[str, float, float]], types: Sequence[str] = ("referring", "reasoning")
) -> dict[str, float | None]:
    """J, F and J&F of each type, 0..1, and "overall", the mean over the types (VISA, Sa2VA).

    rows: type, J and F of every expression. As the official programs do, each is rounded to two
    decimals in percent first; J&F is (J + F) / 2. Rows of other types are left out.
    """
    figures: dict[str, float | None] = {}
    for kind in types:
        mine = [(_rounded(j), _rounded(f)) for name, j, f in rows if name == kind]
        j, f = mean(one for one, _ in mine), mean(one for _, one in mine)
        figures |= {f"J {kind}": j, f"F {kind}": f, f"J&F {kind}": _half(j, f)}
    for name in ("J", "F", "J&F"):
        each = [figures[f"{name} {kind}"] for kind in types]
        figures[f"{name} overall"] = None if None in each else mean(each)
    return figures


def _half(j: float | None, f: float | None) -> float | None:
    return None if j is None or f is None else (j + f) / 2


def _rounded(figure: float) -> float:
    return round(100 * figure, 2) / 100
