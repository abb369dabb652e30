"""Panel of an overlay: per sentence a chip of its colour, its words, and its moment on a bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from momentvos.results.caption import font_for, wrap
from momentvos.results.palette import LIGHT, Colour, rim

if TYPE_CHECKING:
    from momentvos.results.prediction import Prediction

_PAPER = (20, 22, 27)
_INK, _QUIET, _TRACK = (255, 255, 255), (168, 173, 182), (84, 89, 99)
_SHADE = 185
"""Opacity of a panel on a picture, of 255."""
_SMALLEST = 11
"""Height of letters in pixels, below which they are hard to read."""
_LARGE = 480
"""Shorter side of a picture from which its panel may lie on it."""
_SHARE = 0.15
"""Part of a picture's height that a panel may cover."""
_NARROW, _NARROWEST = 96, 16
"""Width in pixels below which a panel has no words, and below which there is none."""
_FEW, _MOST = 3, 24
"""Sentences up to which letters are large and lines are wrapped, and those that are listed."""
_FINE = 3
"""Size over which shapes are drawn, for smooth edges."""


class Panel:
    """Panel below a picture, or over the lower edge of a large one.

    Inside a sentence's moment its chip is full and its words are bright.

    Attributes:
        height: in pixels; 0 where the picture is too narrow for any.
        covers: whether the panel lies on the picture.
    """

    def __init__(
        self, predictions: Sequence[Prediction], colours: Sequence[Colour], size: tuple[int, int]
    ) -> None:
        """size: (height, width) of the picture."""
        height, self._width = size
        share = 0.03 if len(predictions) <= _FEW else 0.022
        self._text = max(_SMALLEST, round(share * min(size)))
        self._words = self._width >= _NARROW
        self._pad = round(0.6 * self._text) if self._words else 2
        self._bar = max(3, round(0.36 * self._text))
        self._length = predictions[0].video.length
        shown = predictions[:_MOST] if self._width >= _NARROWEST else []
        self._moments = [one.moment for one in shown]
        lines = 1 if len(shown) > _FEW else 2 if min(size) >= _LARGE else 3
        self._rows = [
            [self._row(one, colour, lines, inside) for inside in (False, True)]
            for one, colour in zip(shown, colours, strict=False)
        ]
        self._foot = self._last(len(predictions) - len(shown) if shown else 0)
        heights = [row.height for row, _ in self._rows]
        self._bottoms = np.cumsum(heights).tolist()
        self.height = sum(heights) + self._foot.height if shown else 0
        self.covers = min(size) >= _LARGE and self.height <= _SHARE * height
        self._drawn: tuple[tuple[bool, ...], NDArray[np.uint16], NDArray[np.uint16]] | None = None

    def draw(self, part: NDArray[np.uint8], index: int) -> None:
        """Draw onto a strip, uint8 [height, width, 3], in place, as of frame `index`."""
        inside = tuple(index in moment for moment in self._moments)
        if self._drawn is None or self._drawn[0] != inside:
            self._drawn = (inside, *self._sheet(inside))
        _, keep, add = self._drawn
        part[:] = (part * keep + add) >> 8 if self.covers else add >> 8
        centre = round(self._place(index + 0.5))
        half = max(1, self._bar // 4)
        for bottom in self._bottoms:
            top = bottom - self._bar - half
            part[
                max(top - 1, 0) : bottom + half + 1, max(centre - half - 1, 0) : centre + half + 1
            ] = 0
            part[max(top, 0) : bottom + half, max(centre - half, 0) : centre + half] = 255

    def _sheet(self, inside: tuple[bool, ...]) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
        """Weight of the picture below, and the addend, both times 256."""
        sheet = Image.new("RGBA", (self._width, self.height))
        top = 0
        for image in (*(row[now] for row, now in zip(self._rows, inside, strict=True)), self._foot):
            sheet.paste(image, (0, top))
            top += image.height
        paper = (*_PAPER, _SHADE if self.covers else 255)
        whole = Image.alpha_composite(Image.new("RGBA", sheet.size, paper), sheet)
        rgba = np.asarray(whole).astype(np.uint16)
        alpha = rgba[..., 3:] + (rgba[..., 3:] >> 7)
        return np.repeat(256 - alpha, 3, axis=2), rgba[..., :3] * alpha

    def _place(self, frame: float) -> float:
        """Column at which a frame starts on a bar."""
        return self._pad + (self._width - 2 * self._pad) * frame / self._length

    def _row(self, one: Prediction, colour: Colour, most: int, inside: bool) -> Image.Image:
        """A sentence and its bar, transparent."""
        text, pad = self._text, self._pad
        step, chip = round(1.35 * text), round(0.72 * text)
        left = pad + chip + round(0.5 * text)
        lines: list[str] = []
        remark = None if one.found else one.verdict
        font = font_for(one.sentence, text)
        if self._words:
            lines = wrap(one.sentence, font, self._width - left - pad, most)
        beside = remark is not None and (
            font.getlength(f"{lines[-1] if lines else ''} {remark}") <= self._width - left - 2 * pad
        )
        count = len(lines) + (self._words and remark is not None and not beside)
        above = pad + count * step + (round(0.3 * text) if count else 0)
        image = Image.new("RGBA", (self._width, above + self._bar))
        self._draw_bar(image, one, colour, above)
        if not self._words:
            return image
        pen = ImageDraw.Draw(image)
        ink = (*(_INK if inside else _QUIET), 255)
        for number, line in enumerate(lines):
            pen.text((left, pad + (number + 0.5) * step), line, ink, font, anchor="lm")
        if remark is not None:
            end = left + (font.getlength(f"{lines[-1]} ") + text if beside else 0)
            where = (end, pad + (count - 0.5) * step)
            pen.text(where, remark, (*_QUIET, 255), font_for(remark, text), anchor="lm")
        middle = pad + step / 2
        box = (pad, round(middle - chip / 2), pad + chip - 1, round(middle + chip / 2) - 1)
        wide = max(1, round(0.12 * text))
        pen.rectangle(box, (*colour, 255) if inside else None, (*colour, 255), wide)
        if rim(colour) == LIGHT:
            pen.rectangle(box, None, (*LIGHT, 255), 1)
        return image

    def _draw_bar(self, image: Image.Image, one: Prediction, colour: Colour, top: int) -> None:
        fine = Image.new("RGBA", (self._width * _FINE, self._bar * _FINE))
        pen = ImageDraw.Draw(fine)
        spans = [(0, self._length - 1, _TRACK), *((*span, colour) for span in one.moment.spans)]
        for first, last, fill in spans:
            left, right = self._place(first) * _FINE, self._place(last + 1) * _FINE
            right = max(right, left + fine.height)
            box, edge = (left, 0, right - 1, fine.height - 1), (*rim(fill), 255)
            dark = rim(fill) == LIGHT and fill != _TRACK
            pen.rounded_rectangle(box, fine.height / 2, (*fill, 255), edge if dark else None, _FINE)
        image.paste(fine.resize((self._width, self._bar), Image.Resampling.BOX), (0, top))

    def _last(self, left_out: int) -> Image.Image:
        """What is below the last row."""
        note = left_out > 0 and self._words
        height = self._pad + (round(1.35 * self._text) + self._pad if note else 0)
        image = Image.new("RGBA", (self._width, height))
        if note:
            font = font_for("", self._text)
            where = (self._pad, self._pad + round(0.7 * self._text))
            ImageDraw.Draw(image).text(
                where, f"and {left_out} more", (*_QUIET, 255), font, anchor="lm"
            )
        return image
