"""Overlay of a prediction on its frames: tinted mask, outline, caption and moment bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from momentvos.results.caption import font_for, wrap

if TYPE_CHECKING:
    from momentvos.results.prediction import Prediction

ACCENT = (255, 61, 127)
_QUIET = (190, 190, 198)
_SHADE = 168
_FINE = 3
"""Supersampling factor of shapes, for smooth edges."""

Layer = tuple[NDArray[np.uint16], NDArray[np.uint16]]


class Overlay:
    """Renderer of overlay frames; static parts are drawn once.

    Inside the moment the mask is strong and the caption's border bright; outside both are faint.
    The bar at the bottom shows the relevance, the moment and the current frame. Frames under 64
    pixels get no caption, under 32 no bar.
    """

    def __init__(self, prediction: Prediction) -> None:
        self._moment, self._length = prediction.moment, prediction.video.length
        height, width = prediction.video.height, prediction.video.width
        self.size = (height, width)
        text = max(10, round(0.034 * min(height, width)))
        self._line = max(1, round(min(height, width) / 300))
        self._caption: dict[bool, Layer] = {}
        if min(height, width) >= 64:
            remark = None if prediction.found else prediction.verdict
            self._caption = {
                inside: _caption(self.size, prediction.sentence, remark, text, inside)
                for inside in (False, True)
            }
        self._bar: Layer | None = None
        if min(height, width) >= 32:
            self._left, self._right = text, width - text
            self._thick = max(3, round(0.34 * text))
            self._foot = max(3, round(0.8 * text))
            self._bar = self._draw_bar(prediction, text)

    def draw(
        self, rgb: NDArray[np.uint8], mask: NDArray[np.bool_], index: int
    ) -> NDArray[np.uint8]:
        """Draw the overlay of a frame, uint8 [H, W, 3], and its mask, bool [H, W]."""
        drawn = rgb.copy()
        inside = index in self._moment
        _tint(drawn, mask, inside, self._line)
        if self._caption:
            keep, _ = self._caption[inside]
            _lay(drawn[: len(keep)], self._caption[inside])
        if self._bar is not None:
            _lay(drawn[-len(self._bar[0]) :], self._bar)
            self._draw_playhead(drawn, index)
        return drawn

    def _place(self, frame: float) -> float:
        """Column at which a frame starts on the bar."""
        return self._left + (self._right - self._left) * frame / self._length

    def _draw_bar(self, prediction: Prediction, text: int) -> Layer:
        width = self.size[1]
        curve = 1.1 * text
        height = min(round(self._foot + self._thick + curve + 0.7 * text), self.size[0])
        shade = Image.new("RGBA", (width, height))
        shade.putalpha(Image.fromarray(_ramp(height, width)))
        fine = Image.new("RGBA", (width * _FINE, height * _FINE))
        pen = ImageDraw.Draw(fine)
        base = (height - self._foot - self._thick) * _FINE
        values = np.asarray(prediction.relevance, dtype=np.float64)
        columns = np.arange(round(self._left * _FINE), round(self._right * _FINE))
        frames = (columns / _FINE - self._left) / (self._right - self._left) * self._length
        known = np.interp(frames, np.arange(self._length) + 0.5, values)
        tops = base - self._thick * 0.6 * _FINE - known * curve * _FINE
        outline = [(float(x), float(y)) for x, y in zip(columns, tops, strict=True)]
        floor = base - self._thick * 0.6 * _FINE
        pen.polygon([(outline[0][0], floor), *outline, (outline[-1][0], floor)], fill=(*_QUIET, 90))
        corners = (base, base + self._thick * _FINE)
        _round_bar(pen, self._left * _FINE, self._right * _FINE, corners, (255, 255, 255, 80))
        for start, end in prediction.moment.spans:
            left, right = self._place(start) * _FINE, self._place(end + 1) * _FINE
            _round_bar(
                pen, left, max(right, left + self._thick * _FINE / 2), corners, (*ACCENT, 255)
            )
        shade.alpha_composite(fine.resize((width, height), Image.Resampling.BOX))
        return _layer(shade)

    def _draw_playhead(self, drawn: NDArray[np.uint8], index: int) -> None:
        centre = round(self._place(index + 0.5))
        half = max(1, self._thick // 4)
        bottom = self.size[0] - self._foot
        reach = max(1, self._thick // 2)
        top = max(bottom - self._thick - reach, 0)
        left = max(centre - half, 0)
        drawn[max(top - 1, 0) : bottom + reach + 1, max(left - 1, 0) : centre + half + 2] //= 3
        drawn[top : bottom + reach, left : centre + half + 1] = 255


def _tint(drawn: NDArray[np.uint8], mask: NDArray[np.bool_], inside: bool, line: int) -> None:
    """Colour the mask in place, and its outline `line` pixels wide."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    part, flags = drawn[box], mask[box]
    edge = flags & ~_shrunk(flags, line)
    bright = tuple(value + (255 - value) * 2 // 5 for value in ACCENT)
    _blend(part, flags, ACCENT, 0.45 if inside else 0.2)
    _blend(part, edge, bright, 0.92 if inside else 0.55)


def _blend(
    part: NDArray[np.uint8], where: NDArray[np.bool_], colour: tuple[int, ...], share: float
) -> None:
    """Mix `share` of a colour into the chosen pixels, in place."""
    values = np.arange(256)
    for channel, value in enumerate(colour):
        mixed = (values + (value - values) * share).astype(np.uint8)
        plane = part[..., channel]
        np.copyto(plane, mixed[plane], where=where)


def _shrunk(flags: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """Pixels whose neighbours up to `reach` in rows and columns are all set."""
    padded = np.pad(flags, reach)
    height, width = flags.shape
    result = flags.copy()
    for step in range(1, reach + 1):
        for down, right in ((step, 0), (-step, 0), (0, step), (0, -step)):
            top, left = reach + down, reach + right
            result &= padded[top : top + height, left : left + width]
    return result


def _caption(
    size: tuple[int, int], sentence: str, remark: str | None, text: int, inside: bool
) -> Layer:
    height, width = size
    font = font_for(sentence, text)
    pad = round(0.75 * text)
    room = max(1, min(3, int(0.3 * height / (1.3 * text))))
    lines = wrap(sentence, font, width - 3 * pad, room)
    if remark is not None:
        lines = [*lines[: max(room - 1, 1)], remark]
    step = 1.3 * text
    strip = min(round(2 * pad + step * len(lines)), height)
    image = Image.new("RGBA", (width, strip), (0, 0, 0, _SHADE))
    pen = ImageDraw.Draw(image)
    edge = max(2, round(0.25 * text))
    pen.rectangle((0, 0, edge - 1, strip), fill=(*(ACCENT if inside else _QUIET), 255))
    for number, line in enumerate(lines):
        quiet = remark is not None and number == len(lines) - 1
        fill = (*(_QUIET if quiet else (255, 255, 255)), 255)
        pen.text((edge + pad, pad + step * (number + 0.5)), line, fill, font, anchor="lm")
    return _layer(image)


def _ramp(height: int, width: int) -> NDArray[np.uint8]:
    column = (_SHADE * np.linspace(0, 1, height) ** 0.7).astype(np.uint8)
    return np.repeat(column[:, None], width, 1)


def _round_bar(
    pen: Any, left: float, right: float, rows: tuple[int, int], fill: tuple[int, ...]
) -> None:
    radius = min((rows[1] - rows[0]) / 2, (right - left) / 2)
    pen.rounded_rectangle((left, rows[0], right - 1, rows[1] - 1), radius, fill)


def _layer(image: Image.Image) -> Layer:
    """Premultiplied layer: weight of the image below, and the addend, both times 255."""
    rgba = np.asarray(image).astype(np.uint16)
    return 255 - rgba[..., 3:], rgba[..., :3] * rgba[..., 3:]


def _lay(part: NDArray[np.uint8], layer: Layer) -> None:
    keep, add = layer
    part[:] = (part * keep + add) // 255
