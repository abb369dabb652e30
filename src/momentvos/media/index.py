"""Index of a container's frames: their times, and what tells each from the others."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise

from momentvos.errors import VideoError
from momentvos.media.blob import Place
from momentvos.media.clock import Clock
from momentvos.media.decoding import Mark, decoded, opened, seek
from momentvos.media.stamps import repaired
from momentvos.media.table import PacketTable

_REORDERED = 32
"""Frames after which no decoder gives one that is shown before them."""
_ROUNDED = 2
"""Units by which even stamps may differ."""
_FEW, _RARE = 12, 0.1
"""Number and share of B-frames up to which they may be wrong time stamps."""


@dataclass(frozen=True)
class Index:
    """Time stamps and keyframes of a video stream.

    Attributes:
        stamps: time stamps in display order, ascending, in units of the stream's time base.
        mark: what tells the frames apart.
        marks: the marks in display order; none where frames are only counted.
        keys: frame numbers from which decoding can start, ascending, and where to seek for each.
        bytewise: whether they are sought by places in the file instead of times.
        last: duration of the last frame in those units, 0 if unknown.
        expected: frames according to the headers, more than `stamps` where the file is truncated.
        truncated: whether frames at the end are missing.
        damaged: frames that are lost or do not decode, as far as that is known without decoding.
        skipped: frames before the first that decodes, left out of `stamps`.
        proven: whether every frame decodes when decoding begins at the start of the file.
        moved: time stamps that were missing, repeated or went backward.
        clock: map of the file's own clock.
    """

    stamps: Sequence[int]
    mark: Mark
    marks: Sequence[int]
    keys: dict[int, int]
    last: int
    expected: int
    bytewise: bool = False
    truncated: bool = False
    damaged: int = 0
    skipped: int = 0
    proven: bool = False
    moved: int = 0
    clock: Clock = field(default_factory=Clock)


def build(path: Place) -> Index:
    """Build the index, from packets alone where their time stamps allow it.

    Raises VideoError where no frame decodes.
    """
    table = PacketTable.read(path)
    index = _from_packets(table)
    if index is None:
        index = _by_decoding(path, table)
    elif table.doubtful:
        index = _cut_to_what_decodes(path, index, table)
    if not index.stamps:
        raise VideoError(f"'{path}' holds no frame that decodes.")
    return index


def from_first(path: Place, index: Index, mark: int | None) -> Index:
    """Drop the frames before the one of that mark, the first that decodes.

    If no packet has this mark, packets and frames do not correspond; then all frames are decoded.
    """
    if index.mark == "count" or index.marks[0] == mark:
        return index
    if mark is None or mark not in index.marks:
        return _by_decoding(path, PacketTable.read(path))
    skipped = index.marks.index(mark)
    with opened(path, damaged=True) as (container, stream):
        frames = islice(decoded(container, stream, index.mark), _REORDERED)
        if not {frame.pts for frame in frames}.isdisjoint(index.marks[:skipped]):
            return _by_decoding(path, PacketTable.read(path))  # it has a wrong time stamp
    return replace(
        index,
        stamps=index.stamps[skipped:],
        marks=index.marks[skipped:],
        keys={key - skipped: target for key, target in index.keys.items() if key >= skipped},
        skipped=skipped,
    )


def _from_packets(table: PacketTable) -> Index | None:
    """Index of time stamps that are whole; None where they are not."""
    pts = [stamp for stamp in table.pts if stamp is not None]
    if table.slots or table.untimed or len(pts) < len(table.pts) or not pts:
        return None
    if len(set(pts)) < len(pts) or not _sortable(pts, table.depth) or _odd(pts, table.dts):
        return None
    mark: Mark = table.mark() if table.clock.shifts else "pts"
    if mark == "count":
        return None
    order = sorted(range(len(pts)), key=pts.__getitem__)
    stamps = [pts[packet] for packet in order]
    return Index(
        stamps=stamps,
        mark=mark,
        marks=stamps if mark == "pts" else [table.pos[packet] for packet in order],
        keys=_keys(table, order, mark),
        bytewise=table.bytewise(mark),
        last=table.last,
        expected=max(len(pts), table.promised),
        damaged=table.lost,
        clock=table.clock,
    )


def _by_decoding(path: Place, table: PacketTable) -> Index:
    """Index in the order in which the decoder gives the frames."""
    rows, errors = _decode_all(path, table)
    mark = table.mark()
    if len(set(rows)) < len(rows) or None in rows:  # one packet gives two frames
        mark = "count"
    known = _stamps(table, rows)
    moved = 0
    if table.untimed:
        stamps = [number * table.step for number in range(len(rows))]
    else:
        stamps, moved = repaired(known, table.step, table.moment)
    order = [row for row in rows if row is not None] if mark != "count" else []
    promised = max(table.promised, len(table.pts))
    short = table.promised > len(table.pts) or (table.corrupt and len(rows) < len(table.pts))
    if moved == len(rows):  # the headers' number comes from times
        short, promised = False, len(rows)
    column = table.dts if mark == "dts" else table.pos
    return Index(
        stamps=stamps,
        mark=mark,
        marks=[column[row] for row in order],
        keys=_keys(table, order, mark),
        bytewise=table.bytewise(mark),
        last=table.step,
        expected=max(promised, len(rows)),
        truncated=short and len(rows) < promised,
        damaged=max(errors - short, table.lost),
        proven=True,
        moved=moved,
        clock=table.clock,
    )


def _stamps(table: PacketTable, rows: Sequence[int | None]) -> list[int | None]:
    """Time stamp of each frame as far as the file has one; `rows` are their packets.

    Where packets have slots in the order of decoding, the frames take them in the order of display.
    """
    first: list[int | None] = []
    seen: set[int | None] = set()
    for row in rows:
        first.append(None if row in seen else row)
        seen.add(row)
    slots = iter(sorted(table.dts[row] for row in first if row is not None))
    return [
        None if row is None else (next(slots) if table.slots else table.pts[row]) for row in first
    ]


def _decode_all(path: Place, table: PacketTable) -> tuple[list[int | None], int]:
    """Packet of each frame in the decoder's order, and the number of packets that are damaged.

    Frames at the end that are incomplete are left out.
    """
    rows: list[tuple[int | None, bool]] = []
    errors: list[Exception] = []
    for careful in (False, True):
        rows.clear()
        errors.clear()
        with opened(path, damaged=careful, stored=table.slots) as (container, stream):
            for frame in decoded(container, stream, "number", errors.append):
                rows.append((frame.pts, frame.is_corrupt))
        if len(rows) >= len(table.pts) and not errors:
            break
    while rows and rows[-1][1]:
        rows.pop()
    if table.corrupt:  # the last packet, whose frame may be shown before others
        rows = [(row, corrupt) for row, corrupt in rows if not corrupt or row != len(table.pts) - 1]
    return [row for row, _ in rows], len(errors)


def _cut_to_what_decodes(path: Place, index: Index, table: PacketTable) -> Index:
    """Drop the frames at the end that do not decode, and the one of an incomplete last packet.

    That one may be a B-frame, which is shown before others that are whole.
    """
    last = table.pts[-1] if index.mark == "pts" else table.pos[-1]
    for place, target in reversed(list(index.keys.items()) or [(0, 0)]):
        with opened(path, damaged=True) as (container, stream):
            if place:
                seek(container, stream, target, index.bytewise)
            frames = decoded(container, stream, index.mark)
            good = {frame.pts for frame in frames if not frame.is_corrupt}
        whole = [n for n in range(place, len(index.stamps)) if index.marks[n] in good]
        if whole:
            kept = list(range(whole[-1] + 1))
            if table.corrupt and last is not None and last not in good:
                kept = [number for number in kept if index.marks[number] != last]
            return _only(index, kept)
    return replace(index, stamps=[], marks=[], keys={})


def _only(index: Index, kept: Sequence[int]) -> Index:
    """The index of some of the frames alone, by their numbers."""
    numbers = {number: new for new, number in enumerate(kept)}
    return replace(
        index,
        stamps=[index.stamps[number] for number in kept],
        marks=[index.marks[number] for number in kept],
        keys={numbers[key]: target for key, target in index.keys.items() if key in numbers},
        truncated=index.expected > len(kept),
    )


def _keys(table: PacketTable, order: Sequence[int], mark: Mark) -> dict[int, int]:
    """Numbers of the frames from which decoding can start, and where to seek for each."""
    keys = {}
    for number, packet in enumerate(order):
        if table.keys[packet]:
            target = table.seek(packet, mark)
            if target is not None:
                keys[number] = target
    return keys


def _sortable(stamps: Sequence[int], depth: int) -> bool:
    """Whether a decoder that holds back `depth` frames gives the stamps in ascending order."""
    held: list[int] = []
    last = None
    for stamp in stamps:
        heapq.heappush(held, stamp)
        if len(held) > depth:
            lowest = heapq.heappop(held)
            if last is not None and lowest < last:
                return False
            last = lowest
    return last is None or not held or held[0] > last


def _odd(pts: Sequence[int], dts: Sequence[int]) -> bool:
    """Whether one stamp among good ones may be wrong, so that the decoder's order has to be seen.

    Frames are displayed at the pace at which they are decoded, and B-frames are many or none.
    """
    display = sorted(pts)
    delays = [shown - decoded for shown, decoded in zip(display, dts, strict=True)]
    if max(delays) - min(delays) <= _ROUNDED:
        return False
    latest, before = pts[0], 0
    for stamp in pts:
        before += stamp < latest
        latest = max(latest, stamp)
    if before and _even(dts) and not _even(display):
        return True
    return 0 < before <= max(_FEW, len(pts) * _RARE)


def _even(stamps: Sequence[int]) -> bool:
    steps = [two - one for one, two in pairwise(stamps)]
    return not steps or max(steps) - min(steps) <= max(_ROUNDED, max(steps) // 50)
