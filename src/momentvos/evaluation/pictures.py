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

ANSWER, TRUTH = (255, 61, 127), (34, 211, 100)
_GAP = 4
_HEIGHT = 34


def strip(sample: Sample, answer: Masklet, frames: int = 5, height: int = 150) -> bytes:
    """Some frames side by side as a JPEG, each `height` pixels high and numbered.

    What was answered is tinted pink, what is true is outlined green. The frames are spread over
    those in which either says that there is something; where none does, over the video.
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
    found = answer.get(frame)
    wanted = np.zeros(sample.size, dtype=bool)
    if sample.targets and sample.annotated:
        wanted |= np.asarray(sample.masks([frame]))[:, 0].any(axis=0)
    width = max(1, round(sample.size[1] * height / sample.size[0]))
    picture = np.asarray(Image.fromarray(rgb).resize((width, height), Image.Resampling.BOX)).copy()
    small, true = (_shrunk(mask, width, height) for mask in (found, wanted))
    picture[small] = (0.5 * picture[small] + 0.5 * np.array(ANSWER)).astype(np.uint8)
    picture[_outline(true)] = TRUTH
    tile = Image.fromarray(picture)
    pen = ImageDraw.Draw(tile)
    pen.rectangle((0, height - 14, 8 + 6 * len(str(frame)), height), fill=(0, 0, 0))
    pen.text((3, height - 13), str(frame), fill=(255, 255, 255))
    return tile


def _shrunk(mask: NDArray[np.bool_], width: int, height: int) -> NDArray[np.bool_]:
    grey = Image.fromarray(mask.astype(np.uint8) * 255).resize(
        (width, height), Image.Resampling.BOX
    )
    shrunk = np.asarray(grey)
    return shrunk > min(96, int(shrunk.max(initial=1)) - 1)


def _outline(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Two pixels wide, inside the mask."""
    inner = mask
    for _ in range(2):
        padded = np.pad(inner, 1)
        inner = inner & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inner
