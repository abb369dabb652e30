"""Zip archives as ``torch.save`` writes them: a pickle, and a stored record for each storage.

PyTorch reads them by another zip reader than Python's; what the two could take differently is
refused.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from momentvos.regular_file import open_regular

LARGEST_FILE = 16 << 30
LARGEST_PICKLE = 64 << 20
LARGEST_DIRECTORY = 16 << 20
_END = struct.Struct("<4s4H2LH")
_LARGE_POINTER = struct.Struct("<4sLQL")
_LARGE_END = struct.Struct("<4sQ2H2L4Q")
_HEADER = struct.Struct("<4s5H3L2H")
_FLAGS = 0x0808  # names in UTF-8; sizes that follow the data


class ArchiveError(ValueError):
    """An archive that ``torch.save`` has not written; `str` is the end of a sentence about it."""


@dataclass(frozen=True)
class Archive:
    """pickle: the bytes of ``data.pkl``. storages: bytes of each record of ``data/``, by name.

    size: bytes of the file.
    """

    pickle: bytes
    storages: Mapping[str, int]
    size: int


def read_archive(path: Path) -> Archive:
    """Read the pickle of an archive, and check that its records lie apart, inside the file.

    Raises ArchiveError, and OSError for what cannot be read or is no regular file.
    """
    with open_regular(path) as file:
        size = file.seek(0, 2)
        if size > LARGEST_FILE:
            raise ArchiveError(f"is larger than {LARGEST_FILE >> 30} GiB: no such checkpoint")
        try:
            return _read(file, size)
        except (ArchiveError, OSError):
            raise
        except Exception as error:  # a damaged archive raises whatever it meets
            raise ArchiveError(
                "is no checkpoint written by torch.save since version 1.6 (or its download is "
                "incomplete)"
            ) from error


def _read(file: IO[bytes], size: int) -> Archive:
    start, length, count = _directory(file, size)
    if length > LARGEST_DIRECTORY:
        raise ArchiveError("describes more than a checkpoint of this kind can hold")
    with zipfile.ZipFile(file) as archive:
        entries = sorted(archive.infolist(), key=lambda entry: entry.header_offset)
        root = entries[0].filename.partition("/")[0] if entries else ""
        if (len(entries), archive.start_dir) != (count, start) or not _plain(entries, root):
            raise ArchiveError("is an archive, but not one written by torch.save")
        ends = [entry.header_offset for entry in entries[1:]] + [start]
        if not all(map(lambda entry, end: _fits(file, entry, end), entries, ends)):
            raise ArchiveError("has records that overlap or lie outside the file")
        pickled = archive.getinfo(f"{root}/data.pkl")
        if pickled.file_size > LARGEST_PICKLE:
            raise ArchiveError("describes more than a checkpoint of this kind can hold")
        folder = f"{root}/data/"
        storages = {
            entry.filename.removeprefix(folder): entry.file_size
            for entry in entries
            if entry.filename.startswith(folder)
        }
        return Archive(archive.read(pickled), storages, size)


def _directory(file: IO[bytes], size: int) -> tuple[int, int, int]:
    """Start, bytes and entries of the central directory, by the record at the file's very end."""
    file.seek(max(0, size - _END.size))
    mark, _, _, _, count, length, start, comment = _END.unpack(file.read(_END.size))
    if mark != b"PK\5\6" or comment:
        raise zipfile.BadZipFile
    place = size - _END.size - _LARGE_POINTER.size
    file.seek(max(0, place))
    mark, _, at, _ = _LARGE_POINTER.unpack(file.read(_LARGE_POINTER.size))
    if mark == b"PK\6\7":
        if at != place - _LARGE_END.size:
            raise zipfile.BadZipFile
        file.seek(at)
        _, _, _, _, _, _, _, count, length, start = _LARGE_END.unpack(file.read(_LARGE_END.size))
        return start, length, count
    return start, length, count


def _plain(entries: list[zipfile.ZipInfo], root: str) -> bool:
    """Whether all are stored, below one folder, under names that no reader mixes up."""
    names = {entry.filename.casefold() for entry in entries}
    return (
        bool(root)
        and len(names) == len(entries)
        and f"{root}/data.pkl" in {entry.filename for entry in entries}
        and all(
            entry.filename.startswith(f"{root}/")
            and entry.filename == entry.orig_filename
            and entry.compress_type == zipfile.ZIP_STORED
            and entry.compress_size == entry.file_size
            and not entry.flag_bits & ~_FLAGS
            for entry in entries
        )
    )


def _fits(file: IO[bytes], entry: zipfile.ZipInfo, end: int) -> bool:
    """Whether a record's header and data end before the next begins."""
    file.seek(entry.header_offset)
    mark, *_, name, extra = _HEADER.unpack(file.read(_HEADER.size))
    header = _HEADER.size + int(name) + int(extra)
    return bool(mark == b"PK\3\4") and entry.header_offset + header + entry.file_size <= end
