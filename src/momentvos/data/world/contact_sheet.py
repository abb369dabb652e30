"""Contact sheet of a scene: frames in rows, sentences and answers below."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from momentvos.data.world.generate import scene
from momentvos.data.world.render import render
from momentvos.data.world.scene import Scene
from momentvos.errors import DataError, OutputError

COLUMNS, SIDE, STEP, GAP, LINE = 8, 200, 2, 2, 20


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

    indices = range(0, made.length, STEP)
    frames, _ = render(made, indices, SIDE)
    cell = SIDE + GAP
    top = -(-len(indices) // COLUMNS) * cell
    height = top + LINE * len(made.expressions) + LINE // 2
    sheet = Image.new("RGB", (COLUMNS * cell, height), "white")
    pen = ImageDraw.Draw(sheet)
    for place, (index, frame) in enumerate(zip(indices, frames, strict=True)):
        x, y = place % COLUMNS * cell, place // COLUMNS * cell
        sheet.paste(Image.fromarray(frame), (x, y))
        _mark(pen, (x + 2, y + 2), index)
        for k, actor in enumerate(made.objects):
            if actor.visible[index]:
                _mark(pen, (x + actor.poses[index, 0] * SIDE, y + actor.poses[index, 1] * SIDE), k)
    for row, expression in enumerate(made.expressions):
        answers = ", ".join(f"{k} {m.to_list()}" for k, m in expression.targets) or "nothing"
        text = f"{expression.kind}: {expression.sentence} -> {answers}"
        pen.text((4, top + 4 + LINE * row), text, fill="black")
    return sheet


def _mark(pen: Any, place: tuple[float, float], number: int) -> None:
    pen.text(place, str(number), fill="black", stroke_width=2, stroke_fill="white")
