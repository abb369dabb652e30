"""MeViS-M: a data set in MeViS's form with moments by object, as `data/formats/mevis.py` reads it.

What nobody has changed is written as it was read, value for value, keys in their order.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from momentvos.data.formats.entry import Entry
from momentvos.data.formats.mask_index import MaskIndex
from momentvos.data.formats.moments import CONVENTION, Convention
from momentvos.json_text import to_text
from momentvos.moment import Moment
from momentvos.results.export.names import frame_names
from momentvos.studio.masks import MaskReader
from momentvos.studio.snapshot import Film, Result, Snapshot

Json = dict[str, Any]
META, MASKS, IMAGES = "meta_expressions.json", "mask_dict.json", "JPEGImages"


def write(snapshot: Snapshot, out: Path, images: bool = False) -> tuple[str, ...]:
    """Write the index, the masks and, with `images`, the frames into an empty folder; notes.

    Expressions that are unusable are left out, as in MeViS-M.
    """
    index = _Index(snapshot)
    videos = {film.name: index.video(film) for film in snapshot.films}
    document = dict(snapshot.raw)
    if CONVENTION not in document and any(one.answer for f in snapshot.films for one in f.results):
        document[CONVENTION] = {"index_base": 0, "inclusive": True, "key": "anno_id"}
    document["videos"] = videos  # where `raw` has it, it keeps its place
    (out / META).write_text(to_text(document), "utf-8")
    _write_masks(snapshot, index, out / MASKS)
    if images:
        for film in snapshot.films:
            _write_images(film, out / IMAGES / film.name)
    unusable = sum(one.unusable for film in snapshot.films for one in film.results)
    return (f"{unusable} unusable expressions are left out.",) if unusable else ()


class _Index:
    """Names in the written files."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.native = snapshot.form == "mevis"
        self.convention = Convention.of(Entry(Path(snapshot.root), "", snapshot.raw))
        self._whole = _whole_ids(snapshot)
        self.rows: dict[tuple[str, str], Any] = {}
        """Name of a row of masks by video and object."""
        taken: set[str] = set()
        if self.native:
            taken = {name for film in snapshot.films for name in film.labels}
        for film in snapshot.films:
            for name, source in film.masks.sources.items():
                row = name
                if not self.native or "stored" in source:
                    # An object that was added has a name of its own in its video alone.
                    number = len(self.rows)
                    while str(number) in taken:
                        number += 1
                        row = str(number)
                    taken.add(row)
                self.rows[film.name, name] = self._id(row)

    def video(self, film: Film) -> Json:
        made = dict(film.raw)
        if not self.native:
            made = {"frames": list(film.masks.names) or frame_names(film.masks.frames)}
            made["fps"] = film.fps
        made["expressions"] = {
            one.name: self._expression(film, one) for one in film.results if not one.unusable
        }
        return made

    def _expression(self, film: Film, result: Result) -> Json:
        same = dict(result.moments) == dict(result.start.moments)
        if (
            self.native
            and result.raw
            and same
            and (result.answer is None or "moments" in result.raw)
        ):
            return result.raw
        made: Json = {"exp": result.sentence} | result.raw
        named = {name: one for name, one in result.moments.items() if name}
        whole = result.moments.get("")
        if whole is not None and not named:
            made["moments"] = self._spans(whole)
            return made
        before = dict(zip(result.start.moments, result.raw.get("obj_id") or (), strict=False))
        made["obj_id"] = [before.get(name, self._id(film.labels.get(name, name))) for name in named]
        made["anno_id"] = [self.rows[film.name, name] for name in named]
        keys = made["anno_id"] if self.convention.key == "anno_id" else made["obj_id"]
        if result.answer is not None or "moments" in result.raw:
            spans = (self._spans(one) for one in named.values())
            made["moments"] = dict(zip(map(str, keys), spans, strict=True))
        return made

    def _spans(self, moment: Moment) -> list[list[int]]:
        base, more = self.convention.base, not self.convention.inclusive
        return [[first + base, last + base + more] for first, last in moment.spans]

    def _id(self, text: str) -> Any:
        return int(text) if self._whole and text.isdecimal() else text


def _whole_ids(snapshot: Snapshot) -> bool:
    """Whether the file's ids are numbers; where it names none, they are."""
    for film in snapshot.films:
        for one in film.results:
            for name in one.raw.get("anno_id") or ():
                return isinstance(name, int)
    return True


def _write_masks(snapshot: Snapshot, index: _Index, out: Path) -> None:
    """Write the rows of masks: the file itself where nothing in it has changed."""
    places = {
        source["rle"]
        for film in snapshot.films
        for source in film.masks.sources.values()
        if "rle" in source
    }
    changed = dict(_changed(snapshot, index))
    if len(places) == 1 and not changed:
        shutil.copyfile(places.pop(), out)
        return
    if not places and not changed:
        return
    reader = MaskReader()
    with out.open("w", encoding="utf-8", newline="\n") as file:
        file.write("{")
        for number, (name, masks) in enumerate(_rows(places, changed, reader)):
            file.write(f"{', ' if number else ''}\n{to_text(name)}: {to_text(masks)}")
        file.write("\n}\n")


Change = tuple[Film, str]
"""A row that is not as in the data set's file: of an object of a video."""


def _changed(snapshot: Snapshot, index: _Index) -> Iterator[tuple[str, Change]]:
    for film in snapshot.films:
        exchanged = {
            name for one in film.masks.corrections.exchanges for name in (one.first, one.second)
        }
        for name, source in film.masks.sources.items():
            if name in exchanged or "rle" not in source:
                yield str(index.rows[film.name, name]), (film, name)


def _rows(
    places: set[str], changed: dict[str, Change], reader: MaskReader
) -> Iterator[tuple[str, Any]]:
    """Rows in the order of the data set's file, those that it lacks at the end."""
    left = dict(changed)
    for place in sorted(places):
        there = MaskIndex(Path(place))
        for name in there:
            change = left.pop(name, None)
            yield name, there.parse(name).value if change is None else _row(*change, reader)
    for name, change in left.items():
        yield name, _row(*change, reader)


def _row(film: Film, name: str, reader: MaskReader) -> list[Json | None]:
    size = list(film.masks.size)
    counts = reader.corrected(film.masks, 0, film.masks.frames, [name])[name]
    return [None if one is None else {"size": size, "counts": one} for one in counts]


def _write_images(film: Film, folder: Path) -> None:
    """Link or copy a video's frames; those of a video file are not written."""
    place = film.place
    if "images" not in place:
        return
    for name in place["names"]:
        source = Path(place["images"]) / f"{name}{place['suffix']}"
        target = folder / f"{name}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)
