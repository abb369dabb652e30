"""Writer of MomentWorld data sets, in MeViS's layout with moments per object.

``JPEGImages/<video>/<00000>.jpg``, ``meta_expressions.json`` (frames; per expression ``exp``,
``obj_id``, ``anno_id`` as in MeViS, and ``moments``: anno_id -> inclusive 0-based spans, ``kind``,
``category``, ``verbs``) and ``mask_dict.json`` (anno_id -> COCO RLE or null per frame).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from momentvos.data.world.generate import scene
from momentvos.data.world.render import render
from momentvos.data.world.scene import Expression, Scene
from momentvos.data.world.split import check
from momentvos.data.world.stream import SIZE, video_id
from momentvos.data.world.version import version
from momentvos.errors import DataError, OutputError
from momentvos.json_text import to_text
from momentvos.results.atomic_directory import NOTHING, atomic_directory

CONVENTION = {"index_base": 0, "inclusive": True, "key": "anno_id"}
SMALLEST, LARGEST = 32, 4096
QUALITY = 92


def write(
    out: Path | str,
    split: str,
    videos: int,
    seed: int = 0,
    size: int = SIZE,
    progress: Callable[[int, int], None] | None = None,
    world: str = "v1",
) -> Path:
    """Write the scenes seed, seed + 1, ... (`videos` of them) into the new folder `out`.

    size: side of the square frames in pixels. progress: called with (videos done, videos). world:
    version of MomentWorld.
    The folder appears when it is complete; a failure or an interrupt leaves nothing behind.
    Raises DataError for an unknown split or version or an impossible number or size, OutputError
    where `out` is not empty or cannot be written.
    """
    check(split)
    version(world)
    _check_numbers(videos, seed, size)
    out = Path(out)
    with _atomic(out) as folder:
        meta: dict[str, Any] = {}
        masks: dict[str, list[dict[str, Any] | None]] = {}
        for done in range(videos):
            made = scene(seed + done, split, world)
            first = len(masks)
            name = video_id(made)
            masks |= _write_frames(folder / "JPEGImages" / name, made, first, size)
            meta[name] = _describe(made, first)
            if progress is not None:
                progress(done + 1, videos)
        document = {"videos": meta, "moment_convention": CONVENTION}
        (folder / "meta_expressions.json").write_text(to_text(document), "utf-8")
        (folder / "mask_dict.json").write_text(to_text(masks), "utf-8")
    return out


def _check_numbers(videos: int, seed: int, size: int) -> None:
    if videos < 1:
        raise DataError(f"{videos} videos cannot be made; ask for 1 or more.")
    if seed < 0:
        raise DataError(f"{seed} is not a seed; use a whole number from 0 on.")
    if not SMALLEST <= size <= LARGEST:
        raise DataError(f"Frames of {size} pixels cannot be made; use {SMALLEST} to {LARGEST}.")


@contextmanager
def _atomic(out: Path) -> Iterator[Path]:
    """Yield a hidden folder that takes its place at `out` at the end, or is removed on failure."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out} already holds something; choose a new or an empty folder.")
    try:
        with atomic_directory(out, NOTHING) as part:
            yield part
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"Cannot write to {out}: {reason}. Choose another folder.") from error


def _write_frames(
    folder: Path, made: Scene, first: int, size: int
) -> dict[str, list[dict[str, Any] | None]]:
    """Save the frames; return the masks of all objects, with ids from `first` on."""
    from PIL import Image

    from momentvos.masklet import Masklet

    folder.mkdir(parents=True)
    masklets = [Masklet((size, size)) for _ in made.objects]
    for index in range(made.length):
        (frame,), (ids,) = render(made, [index], size)
        Image.fromarray(frame).save(folder / f"{index:05d}.jpg", quality=QUALITY)
        for k, masklet in enumerate(masklets):
            masklet.set(index, ids == k + 1)
    return {
        str(first + k): [masklet.rle(index) for index in range(made.length)]
        for k, masklet in enumerate(masklets)
    }


def _describe(made: Scene, first: int) -> dict[str, Any]:
    return {
        "frames": [f"{index:05d}" for index in range(made.length)],
        "fps": made.fps,
        "expressions": {e.id: _entry(e, first) for e in made.expressions},
    }


def _entry(expression: Expression, first: int) -> dict[str, Any]:
    return {
        "exp": expression.sentence,
        "obj_id": [k for k, _ in expression.targets],
        "anno_id": [first + k for k, _ in expression.targets],
        "moments": {str(first + k): moment.to_list() for k, moment in expression.targets},
        "kind": expression.kind,
        "category": expression.category,
        "verbs": list(expression.verbs),
    }
