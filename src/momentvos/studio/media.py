"""Frames of the studio's videos, and the same videos as the server's models take them."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

from fastapi import Response

from momentvos.data.formats import pictures
from momentvos.masklet import Masklet
from momentvos.media.writer import VideoWriter
from momentvos.regular_file import open_regular
from momentvos.server.problem import Problem
from momentvos.server.service import Service
from momentvos.studio.tables import VideoRow

_KEEP = {"Cache-Control": "private, max-age=86400"}
_BLOCK = 1 << 20
_PART = 1000


def frame(service: Service, row: VideoRow, number: int, width: int | None) -> Response:
    """A frame by its number: the data set's own file, or a picture of the video file's frame.

    width: pixels to scale the latter down to. Raises Problem (404).
    """
    if number >= row.frames:
        raise Problem(404, f"The video has frames 0 to {row.frames - 1}.")
    place = row.place
    if "file" in place:
        content = service.media.frame(Path(place["file"]), row.name, number, "webp", width)
        return Response(content, media_type="image/webp", headers=_KEEP)
    path = Path(place["images"]) / f"{place['names'][number]}{place['suffix']}"
    try:
        with open_regular(path) as file:
            content = file.read()
    except OSError:
        raise Problem(404, f"Frame {number} of '{row.name}' is not where it was.") from None
    kind = mimetypes.guess_type(path.name)[0] or ""
    if not kind.startswith("image/") or kind == "image/svg+xml":
        raise Problem(404, f"Frame {number} of '{row.name}' is no picture.")
    return Response(content, media_type=kind, headers=_KEEP)


def source(service: Service, row: VideoRow) -> str:
    """Id of the video among the server's, which takes it in where it lacks. Raises Problem.

    Frames of a data set become a video of as many frames; odd sides are longer by a pixel there.
    """
    file = service.videos.incoming()
    made = None
    try:
        place = Path(row.place["file"]) if "file" in row.place else None
        if place is None:
            made = place = _film(row, service.store.incoming / f"{Path(file.path).name}.mp4")
        with open_regular(place) as content:
            while block := content.read(_BLOCK):
                file.write(block)
        return service.videos.add(file, f"{row.name}.mp4")[0].id
    finally:
        file.close()
        if made is not None:
            made.unlink(missing_ok=True)


def _film(row: VideoRow, out: Path) -> Path:
    place = row.place
    folder = Path(place["images"])
    with VideoWriter(out, (row.height, row.width), row.fps) as writer:
        for name in place["names"]:
            writer.write(pictures.rgb(folder / f"{name}{place['suffix']}"))
    return out


def masks_of(
    service: Service, job: str, number: int, size: tuple[int, int], frames: int
) -> list[str | None]:
    """Counts of the masks of a job's answer, cut to the size of a video. Raises Problem."""
    made: list[str | None] = []
    while len(made) < frames:
        part = service.results.masks(job, number, len(made), min(len(made) + _PART, frames))
        for one in part.masks:
            made.append(None if one is None else _cut(one, size))
    return made


def _cut(rle: dict[str, Any], size: tuple[int, int]) -> str | None:
    if tuple(rle["size"]) == size:
        return str(rle["counts"])
    masklet = Masklet((rle["size"][0], rle["size"][1]))
    masklet.set_rle(0, rle["counts"])
    cut = Masklet(size)
    cut.set(0, masklet.get(0)[: size[0], : size[1]])
    small = cut.rle(0)
    return None if small is None else str(small["counts"])
