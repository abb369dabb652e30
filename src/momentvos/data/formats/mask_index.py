"""Lazy index of a file of masks per annotation: rows are parsed on first access."""

from __future__ import annotations

import json
import mmap
import re
from collections import OrderedDict
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from momentvos.data.formats.entry import BrokenEntry, Entry
from momentvos.regular_file import open_regular

_ROW = re.compile(rb'"([^"\\]{1,200})"\s*:\s*\[(?=\s*(?:\{|null\b|\]))')
_INNER = {b"size", b"counts"}
_KEPT = 128


class MaskIndex:
    """``{"<annotation>": [RLE or null, one a frame]}`` as in ``mask_dict.json``.

    Opening maps the file and records the offset of each row, about one second per gigabyte; rows
    are parsed on access, and the last 128 are cached. Raises BrokenEntry.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows: OrderedDict[str, Entry] = OrderedDict()
        self._spans, self.twice = _index(path, self._bytes)

    def __contains__(self, name: str) -> bool:
        return name in self._spans

    def __iter__(self) -> Iterator[str]:
        return iter(self._spans)

    def __len__(self) -> int:
        return len(self._spans)

    def row(self, name: str, length: int) -> Entry:
        """List of an annotation's `length` masks. Raises BrokenEntry for another length."""
        row = self._rows.pop(name, None) or self.parse(name)
        self._rows[name] = row
        if len(self._rows) > _KEPT:
            self._rows.popitem(last=False)
        if len(row.list()) != length:
            raise row.broken(f"has {len(row.list())} masks for {length} frames")
        return row

    def parse(self, name: str) -> Entry:
        """List of an annotation's masks, however many. Raises BrokenEntry."""
        if name not in self._spans:
            raise BrokenEntry(self.path, name, "is not there")
        start, stop = self._spans[name]
        try:
            text = self._bytes[start:stop].decode("utf-8")
            return Entry(self.path, name, json.JSONDecoder().raw_decode(text)[0])
        except (ValueError, RecursionError) as error:
            raise BrokenEntry(self.path, name, f"is not JSON ({error})") from None

    @cached_property
    def _bytes(self) -> mmap.mmap:
        try:
            with open_regular(self.path) as file:
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except FileNotFoundError:
            raise BrokenEntry(self.path, "", "is missing") from None
        except (OSError, ValueError) as error:
            raise BrokenEntry(self.path, "", f"cannot be read ({error})") from None

    def __getstate__(self) -> dict[str, Any]:
        kept = {key: value for key, value in self.__dict__.items() if key != "_bytes"}
        return kept | {"_rows": OrderedDict()}


def _index(path: Path, data: mmap.mmap) -> tuple[dict[str, tuple[int, int]], list[str]]:
    """First byte of each row and of what follows it; names that are there more than once."""
    if data[:64].lstrip()[:1] != b"{" or data[-64:].rstrip()[-1:] != b"}":
        raise BrokenEntry(path, "", "cannot be read as JSON (it is no object, or is cut off)")
    spans: dict[str, tuple[int, int]] = {}
    twice: list[str] = []
    last, start = "", 0
    for match in _ROW.finditer(data):
        if match[1] in _INNER:
            continue
        if last:
            spans[last] = start, match.start()
        last, start = match[1].decode("utf-8", "replace"), match.end() - 1
        if last in spans:
            twice.append(last)
    if last:
        spans[last] = start, len(data)
    return spans, twice
