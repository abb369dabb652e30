"""Boxes of AVIF and HEIF files (ISO/IEC 14496-12 and 23008-12), as far as Pillow does not tell."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from momentvos.media.blob import Place

_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_SEQUENCES = {b"avis", b"hevc", b"hevx", b"hevm", b"hevs", b"msf1"}
_STILLS = {b"avif", b"mif1", b"mif2", b"miaf", b"heic", b"heix", b"heim", b"heis"}
_MARKS = (b"hevc:2015:auxid:1\0", b":auxiliary:alpha\0", b"clap")
"""Of opacity, and of a crop."""
_MOST = 1 << 24
"""Bytes of a `meta` box, beyond which it is not read."""


@dataclass(frozen=True)
class ImageFile:
    """What the headers of an AVIF or HEIF file say.

    Attributes:
        heic: whether it is coded in HEVC, which Pillow alone does not read.
        moving: whether it holds a sequence of pictures with times.
        simple: whether it is one coded picture, without tiles, opacity and crop.
        colours: (primaries, transfer) of ITU-T H.273, or None.
    """

    heic: bool
    moving: bool
    simple: bool
    colours: tuple[int, int] | None

    @classmethod
    def read(cls, path: Place) -> ImageFile | None:
        """Read the headers; None for other files."""
        brands: set[bytes] = set()
        meta, moving = b"", False
        with path.open("rb") as file:
            file.seek(0, 2)
            end, place = file.tell(), 0
            while place + 8 <= end:
                file.seek(place)
                head = file.read(16)
                size, kind = struct.unpack(">I4s", head[:8])
                body = 8
                if size == 1 and len(head) == 16:
                    size, body = struct.unpack(">Q", head[8:])[0], 16
                size = size or end - place
                if size < body or (place == 0) != (kind == b"ftyp"):
                    break
                file.seek(place + body)
                if kind == b"ftyp":
                    content = file.read(min(size - body, 4096))
                    brands = {content[:4], *_words(content[8:])}
                    if not brands & (_STILLS | _SEQUENCES):
                        return None
                elif kind == b"meta" and not meta:
                    meta = file.read(min(size - body, _MOST))
                elif kind == b"moov":
                    moving = True
                place += size
        if not brands:
            return None
        try:
            item, colours = _main_item(meta[4:])
        except (struct.error, IndexError):  # damaged; whoever decodes it will say so
            item, colours = b"", None
        heic = bool(brands & _HEIC) and not brands & {b"avif", b"avis"}
        simple = item in (b"hvc1", b"av01") and not any(mark in meta for mark in _MARKS)
        return cls(heic, moving and bool(brands & _SEQUENCES), simple, colours)


def _words(data: bytes) -> Iterator[bytes]:
    return (data[place : place + 4] for place in range(0, len(data) - 3, 4))


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (type, content) of the boxes that follow each other in `data`."""
    place = 0
    while place + 8 <= len(data):
        size, kind = struct.unpack(">I4s", data[place : place + 8])
        size = size or len(data) - place
        if size < 8:
            return
        yield kind, data[place + 8 : place + size]
        place += size


def _main_item(meta: bytes) -> tuple[bytes, tuple[int, int] | None]:
    """Type and colours of the main picture: boxes `pitm`, `iinf`, `iprp`."""
    main, kinds, colours = -1, dict[int, bytes](), None
    for kind, content in _boxes(meta):
        if kind == b"pitm":
            main = _integer(content, 4, 4 if content[0] else 2)
        elif kind == b"iinf":
            for name, entry in _boxes(content[8 if content[0] else 6 :]):
                if name == b"infe" and entry[0] >= 2:
                    width = 2 if entry[0] == 2 else 4
                    kinds[_integer(entry, 4, width)] = entry[6 + width : 10 + width]
        elif kind == b"iprp":
            for name, inner in _boxes(content):
                properties = list(_boxes(inner)) if name == b"ipco" else []
                found = [p for k, p in properties if k == b"colr" and p[:4] == b"nclx"]
                if found:
                    colours = struct.unpack(">2H", found[0][4:8])
    return kinds.get(main, b""), colours


def _integer(data: bytes, place: int, width: int) -> int:
    return int.from_bytes(data[place : place + width], "big")
