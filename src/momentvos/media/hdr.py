"""Transfer functions of high dynamic range, and the tone curve to standard range.

All take and give float arrays of any shape. Light is in cd/m2 (nits) on the display, code values
run from 0 to 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

REFERENCE_WHITE = 203.0
"""Nits of diffuse white in HDR programmes (ITU-R BT.2408), and of white in our SDR pictures."""
HLG_PEAK = 1000.0
"""Nits of the display that HLG is shown on; its system gamma is then 1.2 (ITU-R BT.2100)."""
HLG_GAMMA = 1.2
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
_A = 0.17883277
_B = 1 - 4 * _A
_C = 0.5 - _A * float(np.log(4 * _A))
LUMA = (0.2627, 0.6780, 0.0593)
"""Share of R, G and B in the luminance of BT.2100."""

Floats = NDArray[np.floating[Any]]


def pq_to_nits(code: Floats) -> Floats:
    """EOTF of SMPTE ST 2084 (PQ): code values to nits, at most 10,000."""
    root = np.clip(code, 0, 1) ** (1 / _M2)
    nits: Floats = 10_000 * (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1)
    return nits


def nits_to_pq(nits: Floats | float) -> Floats:
    """Inverse EOTF of SMPTE ST 2084 (PQ): nits to code values."""
    power = np.clip(np.asarray(nits) / 10_000, 0, 1) ** _M1
    code: Floats = ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2
    return code


def hlg_to_scene(code: Floats) -> Floats:
    """Inverse OETF of hybrid log-gamma (ITU-R BT.2100): code values to scene light from 0 to 1."""
    code = np.clip(code, 0, 1)
    high = (np.exp((np.maximum(code, 0.5) - _C) / _A) + _B) / 12
    return np.where(code <= 0.5, code**2 / 3, high)


def compress(nits: Floats, peak: float) -> Floats:
    """EETF of ITU-R BT.2390: light of a programme of `peak` nits to at most REFERENCE_WHITE.

    Low light stays as it is; a Hermite spline rolls highlights off, in PQ's scale. Light above the
    peak becomes REFERENCE_WHITE. A programme that is not brighter than that stays as it is.
    """
    top = float(nits_to_pq(peak))
    most = float(nits_to_pq(REFERENCE_WHITE)) / top
    if most >= 1:
        return np.minimum(nits, REFERENCE_WHITE)
    knee = 1.5 * most - 0.5
    level = np.minimum(nits_to_pq(nits) / top, 1)
    t = np.maximum(level - knee, 0) / (1 - knee)
    spline = (
        (2 * t**3 - 3 * t**2 + 1) * knee
        + (t**3 - 2 * t**2 + t) * (1 - knee)
        + (3 * t**2 - 2 * t**3) * most
    )
    return pq_to_nits(np.where(level < knee, level, spline) * top)
