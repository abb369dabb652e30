"""Conversion of decoded frames to upright 8-bit RGB of SDR."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from momentvos.errors import VideoError
from momentvos.media.blob import Place
from momentvos.media.colours import Colours, ToSdr
from momentvos.media.side_data import display_turn, peak_nits

if TYPE_CHECKING:
    from av import VideoFrame

_HD_LINES = 720
_BT709, _UNSPECIFIED, _YCGCO, _BT2020 = 1, 2, 8, 9
"""Matrix coefficients of ITU-T H.273."""
_READABLE = {_BT709, 4, 5, 6, 7, _BT2020}
"""Matrices that FFmpeg's scaler knows."""
_NOT_STATED = {0, _UNSPECIFIED, 3}
_LIKE_BT2020 = {10}
"""Constant luminance, whose chroma is that of BT.2020 up to a few code values."""
_BY_PRIMARIES = {12, 13}
_FULL_RANGE = 2
_SCALED_WHITE = 255 << 8


class Upright:
    """Converter of a stream's frames to uint8 [H, W, 3], rotated and mirrored by its metadata.

    Made from the video's first frame. Later frames of another size (streams may switch) are scaled
    to it. Transparent frames are laid over black; HDR and wide gamut are mapped to BT.709.

    Attributes:
        size: (height, width) of the upright frames.
        sideways: whether frames are turned by a quarter.
        notes: remarks for the user on the colours.
    """

    def __init__(self, first: VideoFrame, path: Place) -> None:
        """Read the frame's metadata. Raises VideoError for colours that cannot be converted."""
        from av.video.reformatter import VideoReformatter

        self._reformatter = VideoReformatter()
        self._coded = (first.height, first.width)
        self._turn = display_turn(first)
        self.sideways = self._turn[0]
        self.size = (first.width, first.height) if self.sideways else self._coded
        colours = Colours.of(
            int(first.color_trc),
            int(first.color_primaries),
            int(first.colorspace),
            peak_nits(first),
        )
        self.notes = [] if colours is None else [colours.note]
        self._to_sdr = None if colours is None else ToSdr(colours)
        self._matrix = _matrix(first, colours, path)

    def __call__(self, frame: VideoFrame) -> NDArray[np.uint8]:
        alpha = any(component.is_alpha for component in frame.format.components)
        if self._matrix == _YCGCO and not frame.format.is_rgb:
            rgb = self._by_ycgco(frame)
        elif self._to_sdr is not None:
            deep = self._deep(frame, alpha)
            rgb = self._to_sdr(deep[..., :3])
            if alpha:
                opacity = (deep[..., 3:] >> 8).astype(np.uint8)
                rgb = over_black(np.concatenate([rgb, opacity], -1))
        elif frame.format.components[0].bits > 8 and not (alpha or frame.format.is_rgb):
            deep = np.minimum(self._reformat(frame, "rgb48le"), _SCALED_WHITE)
            deep += 128
            deep >>= 8
            rgb = deep.astype(np.uint8)
        else:
            pixels = self._reformat(frame, "rgba" if alpha else "rgb24")
            rgb = over_black(pixels) if alpha else pixels
        transpose, mirror, flip = self._turn
        if transpose:
            rgb = rgb.transpose(1, 0, 2)
        if mirror:
            rgb = rgb[:, ::-1]
        if flip:
            rgb = rgb[::-1]
        return np.ascontiguousarray(rgb)

    def _deep(self, frame: VideoFrame, alpha: bool) -> NDArray[np.uint16]:
        """R'G'B' with 16 bits, and opacity. Of Y'CbCr FFmpeg's scaler makes white 255 * 256."""
        deep = self._reformat(frame, "rgba64le" if alpha else "rgb48le")
        if not frame.format.is_rgb:
            colour = deep[..., :3]
            np.minimum(colour, _SCALED_WHITE, out=colour)
            colour += colour >> 8
        return deep

    def _reformat(self, frame: VideoFrame, layout: str) -> NDArray[Any]:
        if not frame.format.is_rgb and frame.colorspace not in _READABLE:
            frame.colorspace = _BT709 if self._matrix == _YCGCO else self._matrix
        converted = self._reformatter.reformat(
            frame, width=self._coded[1], height=self._coded[0], format=layout
        )
        return cast("NDArray[Any]", converted.to_ndarray())

    def _by_ycgco(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """Convert YCgCo, which FFmpeg's scaler does not know (H.273, equations 58 to 61)."""
        codes = self._reformat(frame, "yuv444p16le").astype(np.float32) / 256
        y, cg, co = codes[..., 0], codes[..., 1] - 128, codes[..., 2] - 128
        if frame.color_range == _FULL_RANGE:
            y, cg, co = y / 255, cg / 255, co / 255
        else:
            y, cg, co = (y - 16) / 219, cg / 224, co / 224
        rgb = np.stack([y - cg + co, y + cg, y - cg - co], -1)
        clipped: NDArray[np.uint8] = np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8)
        return clipped


def _matrix(first: VideoFrame, colours: Colours | None, path: Place) -> int:
    """Matrix coefficients to read the stream with. Raises VideoError for unknown ones."""
    matrix = int(first.colorspace)
    wide = colours is not None and colours.is_bt2020
    if matrix == _YCGCO or matrix in _READABLE:
        return matrix
    if matrix in _LIKE_BT2020 or (matrix in _BY_PRIMARIES and wide):
        return _BT2020
    if matrix in _BY_PRIMARIES:
        return _BT709
    if matrix not in _NOT_STATED and not first.format.is_rgb:
        raise VideoError(
            f"'{path}' has colours of a kind that is not supported (matrix {matrix} of ITU-T "
            "H.273, such as ICtCp); convert it to BT.709 first."
        )
    if wide:
        return _BT2020
    return _BT709 if first.height >= _HD_LINES else _UNSPECIFIED


def over_black(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay H*W*4 with straight alpha over black: H*W*3."""
    alpha = rgba[..., 3:].astype(np.uint16)
    return ((rgba[..., :3] * alpha + 127) // 255).astype(np.uint8)
