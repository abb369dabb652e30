"""Parts of a binary file by its format: where they begin and end, and where their length stands."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

_PNG = b"\x89PNG\r\n\x1a\n"
_BOXES = frozenset(
    b"moov trak mdia minf stbl edts udta moof traf mvex dinf iprp ipco meta stsd".split()
)
_BEFORE = {b"meta": 4, b"stsd": 8}
"""Bytes before the boxes inside."""
_MASTERS = frozenset({0x18538067, 0x1654AE6B, 0xAE, 0x1F43B675, 0xA0, 0x1C53BB6B, 0xBB, 0xE0, 0xE1})
"""Segment, Tracks, TrackEntry, Cluster, BlockGroup, Cues, CuePoint, Video, Audio (Matroska)."""
_MOST = 2000


@dataclass(frozen=True)
class Chunk:
    """Bytes `start` up to, without, `end`. size: (place, width, order) of its length."""

    start: int
    end: int
    size: tuple[int, int, Literal["big", "little"]] | None = None


@lru_cache(maxsize=64)
def chunks(data: bytes) -> list[Chunk]:
    """The parts of a file, of inner levels too; none where the format is not known."""
    if data[4:8] == b"ftyp" or data[4:8] in (b"moov", b"mdat", b"wide", b"jP  "):
        found = _boxes(data, 0, len(data))
    elif data[:4] == b"RIFF":
        found = _riff(data, 12, len(data))
    elif data.startswith(_PNG):
        found = _png(data)
    elif data[:4] == b"\x1aE\xdf\xa3":
        found = _ebml(data, 0, len(data))
    elif data[:3] == b"FLV":
        found = _flv(data)
    elif data[:2] == b"\xff\xd8":
        found = _jpeg(data)
    elif data[:4] == b"OggS":
        found = _marked(data, b"OggS")
    elif data[:4] == b"PK\3\4":
        found = _marked(data, b"PK")
    elif data[:1] == b"G" and data[188:189] == b"G":
        found = (Chunk(at, min(at + 188, len(data))) for at in range(0, len(data), 188))
    else:
        return []
    return [one for _, one in zip(range(_MOST), found, strict=False)]


def with_checksums(data: bytes) -> bytes:
    """A PNG whose checksums are right; any other file as it is."""
    if not data.startswith(_PNG):
        return data
    made = bytearray(data)
    for one in _png(data):
        made[one.end - 4 : one.end] = struct.pack(
            ">I", zlib.crc32(data[one.start + 4 : one.end - 4])
        )
    return bytes(made)


def _boxes(data: bytes, at: int, end: int) -> Iterator[Chunk]:
    """ISO base media, and QuickTime."""
    while at + 8 <= end:
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if size == 0:
            size = end - at
        if size < 8 or at + size > end:
            return
        yield Chunk(at, at + size, (at, 4, "big"))
        if kind in _BOXES:
            yield from _boxes(data, at + 8 + _BEFORE.get(kind, 0), at + size)
        at += size


def _riff(data: bytes, at: int, end: int) -> Iterator[Chunk]:
    while at + 8 <= end:
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        stop = min(at + 8 + size + size % 2, end)
        yield Chunk(at, stop, (at + 4, 4, "little"))
        if data[at : at + 4] == b"LIST":
            yield from _riff(data, at + 12, stop)
        at = stop


def _png(data: bytes) -> Iterator[Chunk]:
    at = 8
    while at + 12 <= len(data):
        stop = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if stop > len(data):
            return
        yield Chunk(at, stop, (at, 4, "big"))
        at = stop


def _ebml(data: bytes, at: int, end: int) -> Iterator[Chunk]:
    """Matroska and WebM: an id, a length of 1 to 8 bytes whose first set bit tells how many."""
    while at + 2 <= end:
        wide = 9 - data[at].bit_length()
        kind, place = int.from_bytes(data[at : at + wide], "big"), at + wide
        if place >= end or not data[place]:
            return
        width = 9 - data[place].bit_length()
        size = int.from_bytes(data[place : place + width], "big") & ((1 << 7 * width) - 1)
        start = place + width
        unknown = size == (1 << 7 * width) - 1
        stop = end if unknown else min(start + size, end)
        yield Chunk(at, stop, (place, width, "big"))
        if kind in _MASTERS:
            yield from _ebml(data, start, stop)
        at = stop


def _flv(data: bytes) -> Iterator[Chunk]:
    at = 13
    while at + 11 <= len(data):
        stop = min(at + 15 + int.from_bytes(data[at + 1 : at + 4], "big"), len(data))
        yield Chunk(at, stop, (at + 1, 3, "big"))
        at = stop


def _jpeg(data: bytes) -> Iterator[Chunk]:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        stop = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        yield Chunk(at, min(stop, len(data)), (at + 2, 2, "big"))
        if data[at + 1] == 0xDA:  # coded pixels follow
            return
        at = stop


def _marked(data: bytes, mark: bytes) -> Iterator[Chunk]:
    """Parts that each begin with a mark: pages of Ogg, records of a ZIP archive."""
    at = data.find(mark)
    while at >= 0:
        following = data.find(mark, at + 1)
        yield Chunk(at, following if following >= 0 else len(data))
        at = following
