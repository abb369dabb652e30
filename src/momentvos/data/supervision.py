"""Object-level selective supervision: which objects' masks a clip is trained on."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from momentvos.moment import Moment


def selected(moments: Sequence[Moment], indices: Collection[int], oss: bool = True) -> list[bool]:
    """Whether each object's masks supervise the clip (TGL Eq. 6).

    Object i is dropped when none of the sampled frame numbers T lies in its moment M_i. T is the
    set of sampled numbers, not the interval they span. Without `oss` every object is kept.
    """
    return [not oss or any(index in moment for index in indices) for moment in moments]


def supervise(
    masks: np.ndarray, moments: Sequence[Moment], indices: Collection[int], oss: bool = True
) -> np.ndarray:
    """Y_OSS, the union of the selected objects' masks (TGL Eq. 6): bool [O, T, H, W] -> [T, H, W].

    A selected object keeps its masks on every sampled frame, outside its moment too: those frames
    teach propagation into M-.
    """
    keep = np.array(selected(moments, indices, oss), dtype=bool)
    union: np.ndarray = masks[keep].any(axis=0)
    return union
