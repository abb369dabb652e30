"""Colours of wide gamut or high dynamic range, mapped to those of SDR pictures (BT.709)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from momentvos.media import hdr

PQ, HLG = 16, 18
"""Transfer characteristics of ITU-T H.273."""
_BT709, _UNSPECIFIED, _BT2020 = 1, 2, 9
_D65 = (0.3127, 0.3290)
_PRIMARIES = {
    _BT709: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), _D65),
    _BT2020: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
}
"""xy of red, green, blue and white by their number in H.273."""
_NAMES = {_BT2020: "BT.2020", 11: "DCI-P3", 12: "Display P3"}
_BT2020_MATRICES = {9, 10}
_DISPLAY_GAMMA = 2.4
"""BT.1886, the display that SDR video is meant for."""
_DEFAULT_PEAK = 1000.0
_LEVELS = 65536
_PIXELS_AT_ONCE = 1 << 16


@dataclass(frozen=True)
class Colours:
    """Colours that are not those of BT.709, and how they are mapped to it.

    HDR is shown at its own brightness, compressed by the tone curve of BT.2390 to a display whose
    white is the reference white of BT.2408 (203 nits). The curve is applied to the largest of R, G
    and B and scales all three, so that hues stay. What BT.709 cannot show is clipped.

    Attributes:
        transfer: PQ, HLG, or 0 for SDR.
        primaries: number of the primaries in H.273, one of those known here.
        peak: nits of the brightest light, for PQ.
    """

    transfer: int
    primaries: int
    peak: float = _DEFAULT_PEAK

    @classmethod
    def of(
        cls, transfer: int, primaries: int, matrix: int = _UNSPECIFIED, peak: float | None = None
    ) -> Colours | None:
        """Colours by their numbers in H.273, or None for those that need no mapping.

        HDR without primaries has those of BT.2020, as has video with the matrix of BT.2020.
        """
        if primaries not in _PRIMARIES:
            wide = transfer in (PQ, HLG) or matrix in _BT2020_MATRICES
            primaries = _BT2020 if wide and primaries in (0, _UNSPECIFIED) else _BT709
        if transfer not in (PQ, HLG):
            return None if primaries == _BT709 else cls(0, primaries)
        return cls(transfer, primaries, min(max(peak or _DEFAULT_PEAK, 1.0), 10_000.0))

    @property
    def is_bt2020(self) -> bool:
        return self.primaries == _BT2020

    @property
    def note(self) -> str:
        """Remark for the user."""
        if self.transfer:
            return f"HDR ({'PQ' if self.transfer == PQ else 'HLG'}) was mapped to SDR"
        return f"{_NAMES[self.primaries]} colours were mapped to BT.709"


class ToSdr:
    """Converter of 16-bit R'G'B' to 8-bit SDR, by one-dimensional tables and one matrix.

    Tables of light go by its square root, so that the dark keeps its steps.
    """

    def __init__(self, colours: Colours) -> None:
        self._hlg = colours.transfer == HLG
        self._matrix = _between(colours.primaries, _BT709)
        code = np.linspace(0, 1, _LEVELS)
        self._gain: NDArray[np.float32] | None = None
        if self._hlg:
            light = hdr.hlg_to_scene(code)
            self._gain = _gain(code**2 * hdr.HLG_PEAK, hdr.HLG_PEAK) * np.float32(hdr.HLG_PEAK)
            self._ootf = (code ** (2 * (hdr.HLG_GAMMA - 1))).astype(np.float32)
        elif colours.transfer == PQ:
            light = hdr.pq_to_nits(code)
            self._gain = _gain(light, colours.peak)
        else:
            light = code**_DISPLAY_GAMMA
        self._light = light.astype(np.float32)
        self._code = np.rint(code ** (2 / _DISPLAY_GAMMA) * 255).astype(np.uint8)

    def __call__(self, rgb: NDArray[np.uint16]) -> NDArray[np.uint8]:
        """Map a picture [H, W, 3], some rows at a time to stay in the processor's cache."""
        out = np.empty(rgb.shape, np.uint8)
        rows = max(_PIXELS_AT_ONCE // rgb.shape[1], 1)
        for row in range(0, len(rgb), rows):
            self._map(rgb[row : row + rows], out[row : row + rows])
        return out

    def _map(self, rgb: NDArray[np.uint16], out: NDArray[np.uint8]) -> None:
        planes = np.ascontiguousarray(rgb.reshape(-1, 3).T)
        light = self._light[planes]
        if self._gain is not None:
            if self._hlg:
                ootf = self._ootf[_root(np.array(hdr.LUMA, np.float32) @ light)]
                light *= self._gain[_root(light.max(0) * ootf)] * ootf
            else:
                light *= self._gain[planes.max(0)]
        out[:] = self._code[_root(self._matrix @ light)].T.reshape(out.shape)


def _gain(nits: hdr.Floats, peak: float) -> NDArray[np.float32]:
    """SDR light, 1 for white, per nit of the brightest channel."""
    nits = np.maximum(nits, 1e-6)
    return (hdr.compress(nits, peak) / nits / hdr.REFERENCE_WHITE).astype(np.float32)


def _root(light: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Place of light from 0 to 1 in a table of its square root."""
    root = np.sqrt(np.clip(light, 0, 1)) * np.float32(_LEVELS - 1)
    return (root + np.float32(0.5)).astype(np.uint16)


def _between(source: int, target: int) -> NDArray[np.float32]:
    """Matrix of linear light from one set of primaries to another, white to white."""
    matrix = np.linalg.inv(_to_xyz(target)) @ _to_xyz(source)
    matrix /= matrix.sum(1, keepdims=True)
    return np.asarray(matrix, np.float32)


def _to_xyz(primaries: int) -> NDArray[np.float64]:
    """Matrix from linear RGB to CIE XYZ (SMPTE RP 177)."""
    *corners, white = (np.array([x / y, 1, (1 - x - y) / y]) for x, y in _PRIMARIES[primaries])
    columns = np.stack(corners, 1)
    return columns * np.linalg.solve(columns, white)
