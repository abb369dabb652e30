"""Contact sheet of a scene: frames with numbered objects, sentences and answers below."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from momentvos.data.world.generate import scene
from momentvos.data.world.render import render
from momentvos.data.world.scene import Scene
from momentvos.errors import DataError, OutputError

COLUMNS, SIDE, STEP, GAP, LINE, TEXT = 8, 200, 2, 2, 20, 13


def save_sheet(out: Path | str, seed: int, split: str, world: str = "v1") -> Path:
    """Write every second frame with object numbers, and the expressions with their answers.

    world: version of MomentWorld. Raises DataError for an unknown split or version or a negative
    seed, OutputError where `out` cannot be written or its name ends in no picture format.
    """
    if seed < 0:
        raise DataError(f"{seed} is not a seed; use a whole number from 0 on.")
    out = Path(out)
    picture = _sheet(scene(seed, split, world))
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


def _sheet(made: Scene) -> Any:
    from PIL import Image, ImageDraw

    from momentvos.results.caption import font_for
    from momentvos.results.contour import draw_contour

    indices = range(0, made.length, STEP)
    frames, ids = render(made, indices, SIDE)
    colours = _colours(frames, ids, len(made.objects))
    cell = SIDE + GAP
    top = -(-len(indices) // COLUMNS) * cell
    height = top + LINE * len(made.expressions) + LINE // 2
    sheet = Image.new("RGB", (COLUMNS * cell, height), "white")
    pen, font = ImageDraw.Draw(sheet), font_for("", TEXT)
    for place, (index, frame) in enumerate(zip(indices, frames, strict=True)):
        x, y = place % COLUMNS * cell, place // COLUMNS * cell
        for k, colour in enumerate(colours):
            draw_contour(frame, ids[place] == k + 1, colour, 1)
        sheet.paste(Image.fromarray(frame), (x, y))
        pen.text((x + 3, y + 3), str(index), "white", font, stroke_width=2, stroke_fill="black")
        for k, actor in enumerate(made.objects):
            if actor.visible[index]:
                centre = (x + actor.poses[index, 0] * SIDE, y + actor.poses[index, 1] * SIDE)
                _plate(pen, centre, k, colours[k])
    for row, expression in enumerate(made.expressions):
        middle, left = top + LINE * (row + 0.75), 6.0
        words = f"{expression.kind}: {expression.sentence} → "
        pen.text((left, middle), words, "black", font, anchor="lm")
        left += font.getlength(words)
        if not expression.targets:
            pen.text((left, middle), "nothing", "black", font, anchor="lm")
        for k, moment in expression.targets:
            _plate(pen, (left + TEXT / 2, middle), k, colours[k])
            spans = ", ".join(f"{first}-{last}" for first, last in moment.spans)
            pen.text((left + 1.3 * TEXT, middle), spans, "black", font, anchor="lm")
            left += font.getlength(spans) + 3 * TEXT
    return sheet


def _colours(frames: Any, ids: Any, count: int) -> list[tuple[int, int, int]]:
    """A colour of each object, unlike what it is drawn on in the first frame that shows it."""
    from momentvos.results.palette import assign, ground

    below: list[Any] = []
    for k in range(count):
        seen = (ids == k + 1).any((1, 2))
        first = int(seen.argmax())
        below.append(ground(frames[first], ids[first] == k + 1) if seen.any() else None)
    return assign(below)


def _plate(
    pen: Any, centre: tuple[float, float], number: int, colour: tuple[int, int, int]
) -> None:
    """A number on a plate of its object's colour."""
    from momentvos.results.caption import font_for
    from momentvos.results.palette import rim

    font, (x, y) = font_for("", TEXT - 1), centre
    half = font.getlength(str(number)) / 2 + 3
    box = (x - half, y - TEXT / 2, x + half, y + TEXT / 2)
    pen.rounded_rectangle(box, 3, colour, rim(colour))
    pen.text(centre, str(number), rim(colour), font, "mm")
