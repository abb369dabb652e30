"""What a report shows of an answer: a few frames with both masks, and the moments as bars."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from momentvos.data.sample import Sample
from momentvos.masklet import Masklet
from momentvos.moment import Moment
from momentvos.results.caption import font_for
from momentvos.results.contour import draw_contour, grown, rim_width
from momentvos.results.thumbnail import shrunk, thumbnail

ANSWER, TRUTH = (255, 61, 127), (86, 190, 255)
_GAP, _LINE, _TEXT = 4, 2, 12
_HEIGHT = 34


def strip(sample: Sample, answer: Masklet, frames: int = 5, height: int = 150) -> bytes:
    """Some frames side by side as a JPEG, each `height` pixels high and numbered.

    What was answered has a pink contour outside of it, what is true a blue one inside. The frames
    are spread over those in which either says that there is something; where none does, over the
    video.
    """
    chosen = _spread(sample, answer, frames)
    tiles = [_tile(sample, answer, frame, height) for frame in chosen]
    width = sum(tile.width for tile in tiles) + _GAP * (len(tiles) - 1)
    picture = Image.new("RGB", (width, height), "white")
    left = 0
    for tile in tiles:
        picture.paste(tile, (left, 0))
        left += tile.width + _GAP
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=82)
    return file.getvalue()


def bars(length: int, truth: Moment | None, answer: Moment, relevance: Sequence[float]) -> str:
    """The true moment (None: unknown), the one answered, and the relevance curve, as SVG."""
    parts = [
        f'<svg class="bars" viewBox="0 0 {length} {_HEIGHT}" preserveAspectRatio="none" '
        'role="img" aria-label="moments over time">',
        f'<rect width="{length}" height="{_HEIGHT}" class="ground"/>',
    ]
    if truth is not None:
        parts += [_span(span, 1, 8, "truth") for span in truth.spans]
    parts += [_span(span, 11, 8, "answer") for span in answer.spans]
    if len(relevance) == length:
        points = " ".join(
            f"{frame + 0.5},{_HEIGHT - 1 - 12 * min(max(value, 0.0), 1.0):.2f}"
            for frame, value in enumerate(relevance)
        )
        parts.append(f'<polyline points="{points}" vector-effect="non-scaling-stroke"/>')
    return "".join([*parts, "</svg>"])


def _span(span: tuple[int, int], top: int, height: int, name: str) -> str:
    place = f'x="{span[0]}" y="{top}" width="{span[1] + 1 - span[0]}" height="{height}"'
    return f'<rect {place} class="{name}"/>'


def _spread(sample: Sample, answer: Masklet, count: int) -> list[int]:
    shown = sorted({*sample.moment.clip(sample.length).frames(), *answer.frames()})
    frames = shown or list(range(sample.length))
    places = np.linspace(0, len(frames) - 1, min(count, len(frames)))
    return sorted({frames[round(place)] for place in places})


def _tile(sample: Sample, answer: Masklet, frame: int, height: int) -> Image.Image:
    (rgb,) = sample.frames([frame])
    wanted = np.zeros(sample.size, dtype=bool)
    if sample.targets and sample.annotated:
        wanted |= np.asarray(sample.masks([frame]))[:, 0].any(axis=0)
    tile = thumbnail(np.asarray(rgb), [answer.get(frame)], [ANSWER], height)
    picture = np.array(tile)
    true = shrunk(wanted, tile.width, height)
    draw_contour(picture, inner if (inner := _inside(true)).any() else true, TRUTH, _LINE)
    tile = Image.fromarray(picture)
    pen, font = ImageDraw.Draw(tile), font_for("", _TEXT)
    wide = font.getlength(str(frame))
    pen.rectangle((0, height - _TEXT - 4, wide + 8, height), fill=(0, 0, 0))
    pen.text((4, height - 2), str(frame), (255, 255, 255), font, anchor="ls")
    return tile


def _inside(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A mask without its edge, along which a contour then runs, within what is answered."""
    around = grown((~mask).view(np.uint8), _LINE + rim_width(_LINE))
    return ~around.view(bool)
