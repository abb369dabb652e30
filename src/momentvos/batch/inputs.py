"""Videos among what a user names: files, folders, globs and lists."""

from __future__ import annotations

import errno
import glob
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from momentvos import object_store
from momentvos.errors import DataError
from momentvos.media.frame import IMAGE_SUFFIXES
from momentvos.object_store import is_url, place_of
from momentvos.regular_file import MOST_TEXT, read_bytes

VIDEO_SUFFIXES = frozenset(
    {".3gp", ".asf", ".avi", ".flv", ".gif", ".m2ts", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov"}
    | {".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".ogv", ".ts", ".vob", ".webm", ".wmv", ".y4m"}
)
"""What videos in folders end in, in small letters; files that are named may end in anything."""
LIST_SUFFIXES = (".txt", ".lst", ".list")
TABLE_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson")
MOST = 1_000_000
"""Videos, and questions, of one batch."""
_RESULTS = ("batch.json", "prediction.json")
"""What marks a folder as results of ours, whose overlays are no input."""


class Source(NamedTuple):
    """A video: absolute path, and the path as its user wrote it."""

    path: str
    name: str


def find(inputs: Iterable[str], out: str | Path) -> list[Source]:
    """All videos in their order, each once; `out` is left out.

    Raises DataError for a glob, a list or a folder without videos, where none of the files is
    there, and beyond `MOST`.
    """
    found: dict[str, Source] = {}
    for text in inputs:
        for name in _names(text, out):
            path = place_of(name)
            found.setdefault(path, Source(path, name))
            if len(found) > MOST:
                raise DataError(f"'{text}' leads beyond {MOST} videos; make several batches of it.")
    if found and not any(map(_may_be_there, found)):
        first = next(iter(found.values())).name
        others = f", nor do {len(found) - 1} others" if len(found) > 1 else ""
        raise DataError(f"'{first}' does not exist{others}; check the path.")
    return list(found.values())


def _may_be_there(path: str) -> bool:
    return is_url(path) or os.path.lexists(path)


def read_text(path: str) -> str:
    """Text of a list or table, of "-" from stdin; a byte order mark is no part of it.

    Raises DataError.
    """
    try:
        if is_url(path):
            content = _of_store(path)
        else:
            content = _stdin() if path == "-" else read_bytes(Path(path))
    except OSError as error:
        raise DataError(f"'{path}' cannot be read: {error.strerror or error}.") from None
    coding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(coding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(f"'{path}', line {line}: it is not UTF-8; save it in that form.") from None


def _of_store(url: str) -> bytes:
    url = place_of(url)
    if object_store.size_of(url) > MOST_TEXT:
        raise OSError(errno.EFBIG, f"it is over {MOST_TEXT >> 20} MiB")
    return object_store.read(url)


def _stdin() -> bytes:
    content = sys.stdin.buffer.read(MOST_TEXT + 1)
    if len(content) > MOST_TEXT:
        raise OSError(errno.EFBIG, f"it is over {MOST_TEXT >> 20} MiB")
    return content


def natural(name: str) -> list[tuple[int, int | str]]:
    """Sort key by which 2 comes before 10."""
    parts = re.split(r"([0-9]+)", name.lower())
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in parts if part]


def _names(text: str, out: str | Path) -> Iterator[str]:
    if is_url(text):
        text = place_of(text)
        if is_url(text):
            yield from _stored(text)
            return
    path = Path(text)
    if text == "-" or (path.suffix.lower() in LIST_SUFFIXES and os.path.isfile(text)):  # noqa: PTH113
        yield from _listed(text)
    elif os.path.isdir(text):  # noqa: PTH112  (no error for a name that is too long)
        videos = list(_walk(text, {os.path.realpath(out)}))
        if not videos:
            raise DataError(f"The folder '{text}' holds no videos and no folders of frames.")
        yield from videos
    elif os.path.lexists(text) or not glob.has_magic(text):
        if path.suffix.lower() in TABLE_SUFFIXES:
            raise DataError(f"'{text}' is a table: give it as --queries {text}.")
        yield text
    else:
        matches = sorted(glob.glob(text, recursive=True), key=natural)  # noqa: PTH207
        if not matches:
            raise DataError(f"'{text}' matches no file.")
        for match in matches:
            if Path(match).is_dir():
                yield from _walk(match, {os.path.realpath(out)})
            elif not match.lower().endswith(TABLE_SUFFIXES):
                yield match


def _listed(text: str) -> Iterator[str]:
    content = read_text(text)
    lines: Sequence[str] = content.split("\0") if "\0" in content else content.splitlines()
    names = [line if "\0" in content else line.strip() for line in lines]
    names = [name for name in names if name and not name.startswith("#")]
    if not names:
        raise DataError(f"The list '{text}' names no videos; give one path a line.")
    for name in names:
        yield beside(text, name)


def beside(text: str, name: str) -> str:
    """A path or address that a list or table names; relative ones start where it lies."""
    if is_url(name):
        return place_of(name)
    if is_url(text) and not Path(name).is_absolute():
        return place_of(object_store.join(text.rpartition("/")[0], name))
    return str(Path() / name if text == "-" else Path(text).parent / name)


def _stored(url: str) -> Iterator[str]:
    """Videos of a store: an object, a list, those below a folder, or those of a pattern."""
    if url.endswith(LIST_SUFFIXES):
        yield from _listed(url)
        return
    if glob.has_magic(url):
        found = [one for one in object_store.matches(url) if _is_video(one)]
    elif _is_video(url):
        found = [url]
    else:
        found = [one for one in object_store.below(url) if _is_video(one)]
    if not found:
        raise DataError(f"There are no videos at '{url}'.")
    yield from sorted(found, key=natural)


def _is_video(url: str) -> bool:
    suffix = PurePosixPath(url).suffix.lower()
    return suffix in VIDEO_SUFFIXES or suffix in IMAGE_SUFFIXES


def _walk(folder: str, seen: set[str]) -> Iterator[str]:
    """Videos below a folder in natural order; a folder of pictures alone is one."""
    where = os.path.realpath(folder)
    if where in seen:  # a circle of links, or the folder of the results
        return
    seen.add(where)
    try:
        with os.scandir(folder) as found:
            entries = sorted(
                (one for one in found if not one.name.startswith(".")),
                key=lambda one: natural(one.name),
            )
    except OSError as error:
        raise DataError(f"The folder '{folder}' cannot be read: {error.strerror}.") from None
    if any(one.name in _RESULTS for one in entries):
        return
    kinds = [Path(one.name).suffix.lower() for one in entries]
    folders = [one for one in entries if one.is_dir()]
    has_videos = any(kind in VIDEO_SUFFIXES for kind in kinds)
    if any(kind in IMAGE_SUFFIXES for kind in kinds) and not folders and not has_videos:
        yield folder
        return
    for entry, kind in zip(entries, kinds, strict=True):
        path = str(Path(folder, entry.name))
        if entry.is_dir():
            yield from _walk(path, seen)
        elif kind in VIDEO_SUFFIXES:
            yield path
