"""Preview image of a sample: sentence, frames with masks, and the moment of each target."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from momentvos.data.sample import Sample
from momentvos.errors import OutputError
from momentvos.moment import Moment
from momentvos.results.caption import font_for, wrap
from momentvos.results.palette import Colour, assign, ground
from momentvos.results.thumbnail import thumbnail

INK, QUIET, PAPER, INSIDE = (34, 40, 49), (190, 196, 204), (255, 255, 255), (47, 158, 87)
FRAMES, COLUMNS, HEIGHT, GAP, TEXT = 8, 4, 180, 6, 15


def save(sample: Sample, out: Path, frames: int = FRAMES) -> Path:
    """Write the preview of a sample. Frames inside the moment have a green border.

    Raises DataError where the sample is broken, OutputError where `out` cannot be written.
    """
    picture = draw(sample, frames)
    part = out.with_name(f".part-{out.name}")
    try:
        picture.save(part)
        part.replace(out)
    except (OSError, ValueError) as error:
        raise OutputError(f"Cannot write {out}: {error}. Name another file, ending in .png.") from (
            error
        )
    finally:
        part.unlink(missing_ok=True)
    return out


def draw(sample: Sample, frames: int = FRAMES) -> Image.Image:
    """Draw up to `frames` frames, at least half of them inside the moment where possible.

    Each target has a contour and a bar in a colour of its own.
    """
    chosen = choose(sample.length, sample.moment, frames)
    colours = _colours(sample, chosen)
    tiles = [_tile(sample, index, colours) for index in chosen]
    columns = min(COLUMNS, len(tiles))
    width = max(columns * (tiles[0].width + GAP) + GAP, 640)
    head, foot = _head(sample, width), _bars(sample, chosen, colours, width)
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (width, head.height + rows * (HEIGHT + GAP) + foot.height), PAPER)
    sheet.paste(head, (0, 0))
    for place, tile in enumerate(tiles):
        row, column = divmod(place, columns)
        left = GAP + column * (tiles[0].width + GAP)
        sheet.paste(tile, (left, head.height + row * (HEIGHT + GAP)))
    sheet.paste(foot, (0, head.height + rows * (HEIGHT + GAP)))
    return sheet


def choose(length: int, moment: Moment, count: int) -> list[int]:
    """Choose frames evenly over the video, and as many over the moment."""
    inside = _spread(moment.clip(length).frames(), count // 2)
    return sorted({*inside, *_spread(list(range(length)), max(count - len(inside), 1))})


def _spread(frames: Sequence[int], count: int) -> list[int]:
    places = np.linspace(0, len(frames) - 1, min(count, len(frames)))
    return [frames[round(place)] for place in places]


def _colours(sample: Sample, chosen: Sequence[int]) -> list[Colour]:
    """A colour of each target, unlike what it is drawn on in the first frame that shows it."""
    below: dict[int, NDArray[np.uint8]] = {}
    for index in chosen if sample.annotated and sample.targets else ():
        (rgb,) = sample.frames([index])
        for number, mask in enumerate(sample.masks([index])[:, 0]):
            if number not in below and mask.any():
                below[number] = ground(np.asarray(rgb), mask)
        if len(below) == len(sample.targets):
            break
    return assign([below.get(number) for number in range(max(len(sample.targets), 1))])


def _tile(sample: Sample, index: int, colours: Sequence[Colour]) -> Image.Image:
    (rgb,) = sample.frames([index])
    masks = sample.masks([index])[:, 0] if sample.annotated and sample.targets else []
    tile = thumbnail(np.asarray(rgb), masks, colours[: len(masks)], HEIGHT)
    width = tile.width
    pen = ImageDraw.Draw(tile)
    if sample.timed and index in sample.moment:
        pen.rectangle((0, 0, width - 1, HEIGHT - 1), outline=INSIDE, width=3)
    pen.text((6, 4), str(index), PAPER, font_for("", TEXT), stroke_width=2, stroke_fill=INK)
    return tile


def _head(sample: Sample, width: int) -> Image.Image:
    font = font_for(sample.sentence, TEXT)
    lines = wrap(sample.sentence, font, width - 2 * GAP, 3)
    targets = len(sample.targets)
    facts = [
        f"{sample.video_id} / {sample.expression_id}",
        sample.kind,
        f"{sample.length} frames",
        f"{targets} target{'s' * (targets != 1)}" if sample.annotated else "no masks",
        "" if sample.timed else "no moment",
    ]
    lines.append(", ".join(filter(None, facts)))
    head = Image.new("RGB", (width, GAP + round(1.5 * TEXT) * len(lines)), PAPER)
    pen = ImageDraw.Draw(head)
    for row, line in enumerate(lines):
        fill = INK if row < len(lines) - 1 else (120, 128, 138)
        pen.text((GAP, GAP + round(1.5 * TEXT) * row), line, fill, font)
    return head


def _bars(
    sample: Sample, chosen: Sequence[int], colours: Sequence[Colour], width: int
) -> Image.Image:
    """One bar per target, coloured inside its moment; ticks mark the frames drawn."""
    step, scale = 20, (width - 2 * GAP) / sample.length
    picture = Image.new("RGB", (width, step * (max(len(sample.targets), 1) + 1) + GAP), PAPER)
    pen = ImageDraw.Draw(picture)
    for row, target in enumerate(sample.targets or (None,)):
        top, bottom = step * row + 4, step * row + step - 4
        pen.rectangle((GAP, top, width - GAP, bottom), fill=(236, 239, 242))
        for start, end in target.moment.spans if target and sample.timed else ():
            left, right = GAP + start * scale, GAP + (end + 1) * scale
            pen.rectangle((left, top, max(right, left + 1), bottom), colours[row])
        for index in chosen:
            pen.line(
                [(GAP + (index + 0.5) * scale, top), (GAP + (index + 0.5) * scale, bottom)], INK
            )
    caption = f"0 to {sample.length / sample.fps:.1f} s"
    if sample.seconds is not None:
        caption += "; moment " + ", ".join(f"{a:g} to {b:g} s" for a, b in sample.seconds)
    font = font_for(caption, TEXT - 2)
    pen.text((GAP, picture.height - step), wrap(caption, font, width - 2 * GAP, 1)[0], INK, font)
    return picture
