"""Table of a video stream's packets, read without decoding."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

import av

from momentvos.media.blob import Blob, Place
from momentvos.media.clock import LEAP, Clock, ClockWatch
from momentvos.media.decoding import Mark, opened, packets

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

_HAVE_STAMPS = {"mov", "mpegts", "mpeg", "flv", "ogg", "ivf", "nut", "gif", "apng"}
_SLOTS = {"avi", "asf", "matroska"}
"""Formats whose packets have no stamp of presentation, the last one for Video for Windows in it."""
_NO_HEADER = {"mpegts", "mpeg"}
BROKEN_CLOCK, _NO_CLOCK = 0x0200, 0x0080
"""FFmpeg's AVFMT_TS_DISCONT and AVFMT_NOTIMESTAMPS."""
_PROBE = 8


@dataclass
class PacketTable:
    """Packets of the main video stream in file order; times are in units of its time base.

    Attributes:
        format: FFmpeg's short name of the container.
        pts: time stamps of presentation on one clock without breaks; None where one is missing.
        dts, pos: time stamps of decoding, and places in the file, as they are there.
        keys: whether decoding can start there.
        slots: whether the container stores only the order of decoding.
        untimed: whether it stores no time at all.
        depth: frames that the decoder holds back to reorder them.
        step: usual distance of two frames.
        moment: about a millisecond.
        last: duration of the frame that is shown last, 0 if unknown.
        promised: frames according to the headers, 0 if unknown.
        lost: frames that an index lists, and that are not in their places.
        corrupt: whether the last packet is incomplete.
        clock: map of the file's own clock, with its breaks.
    """

    format: str
    slots: bool
    untimed: bool
    depth: int
    step: int
    moment: int
    pts: list[int | None] = field(default_factory=list)
    dts: array[int] = field(default_factory=lambda: array("q"))
    pos: array[int] = field(default_factory=lambda: array("q"))
    keys: bytearray = field(default_factory=bytearray)
    last: int = 0
    promised: int = 0
    lost: int = 0
    corrupt: bool = False
    clock: Clock = field(default_factory=Clock)

    @classmethod
    def read(cls, path: Place) -> PacketTable:
        """Read all packets. Raises VideoError, see `opened`."""
        with opened(path) as (container, stream):
            if not _may_lack_stamps(container, stream):
                return cls._of(path, container, stream)
            indexed = len(stream.index_entries)
        with opened(path, stored=True) as (container, stream):
            first = list(islice(packets(container, stream), _PROBE))
        slots = all(p.pts is None for p in first) and any(p.dts is not None for p in first)
        with opened(path, stored=slots) as (container, stream):
            return cls._of(path, container, stream, slots, indexed)

    @classmethod
    def _of(
        cls,
        path: Place,
        container: InputContainer,
        stream: VideoStream,
        slots: bool = False,
        indexed: int | None = None,
    ) -> PacketTable:
        """Table of an open file. indexed: entries of its index before FFmpeg added any."""
        base = time_base(stream)
        table = cls(
            format=container.format.name.split(",")[0],
            slots=slots,
            untimed=bool(container.format.flags & _NO_CLOCK),
            depth=stream.codec_context.reorder_depth,
            step=max(round(1 / (rate(stream) * base)), 1),
            moment=max(round(Fraction(1, 1000) / base), 1),
        )
        if indexed is None:
            indexed = len(stream.index_entries)
        if isinstance(path, Blob) and table.format == "mov":
            with path.without_media():
                table._fill(path, container, stream, base, indexed)
            table._take_keys(stream)
        else:
            table._fill(path, container, stream, base, indexed)
        return table

    def bytewise(self, mark: Mark) -> bool:
        """Whether `seek` gives places in the file.

        Where a program stream stores no stamp for each frame, FFmpeg counts on from the last one,
        which it does not know after a seek by time.
        """
        if self.format not in _NO_HEADER:
            return False
        return mark == "pos" or self.format == "mpeg" or min(self.pos, default=0) < 0

    @property
    def doubtful(self) -> bool:
        """Whether frames at the end may be missing or incomplete."""
        return self.corrupt or self.promised > len(self.pts) or self.format in _NO_HEADER

    def mark(self) -> Mark:
        """What tells the packets apart where time stamps of presentation do not."""
        if self.untimed:
            return "count"
        if self.slots and _unique(self.dts):
            return "dts"
        return "pos" if _unique(self.pos) else "count"

    def seek(self, packet: int, mark: Mark) -> int | None:
        """Where to seek for a packet: a place in formats that are searched best by it, or a time.

        None where the time is not unique, because the clock has breaks, or the place not known.
        """
        if self.bytewise(mark):
            return self.pos[packet] if self.pos[packet] >= 0 else None
        if self.clock.shifts:
            return None
        return self.dts[packet] if self.slots else self.pts[packet]

    def _fill(
        self,
        path: Place,
        container: InputContainer,
        stream: VideoStream,
        base: Fraction,
        indexed: int,
    ) -> None:
        watch = None
        leaps = bool(container.format.flags & BROKEN_CLOCK)
        if self.format != "mov" and not self.untimed:  # a mov's times are sums of durations
            watch = ClockWatch(stream.index, leaps)
        units = {s.index: float(s.time_base or 0) for s in (stream, *container.streams.audio)}
        end, clock, latest, delay = 0.0, None, (-1 << 63, 0), 0
        for packet in packets(container, stream, *container.streams.audio):
            number, duration = packet.stream_index, packet.duration or 0
            if leaps and _is_of_two_clocks(packet, units[number]):
                packet.pts = None
            pts = packet.pts
            begin = None if pts is None else pts * units[number]
            if begin is not None:
                end = max(end, begin + duration * units[number])
            mine = number == stream.index
            if mine and not self.pts and pts is not None and packet.dts is not None:
                delay = pts - packet.dts
            if watch is not None:
                _show(watch, packet, units[number], *((self.step, delay) if mine else (0, 0)))
            if not mine or packet.is_discard:
                continue
            clock = packet.dts
            self._add(packet)
            latest = max(latest, (self.pts[-1] or 0, duration))
        self.last = latest[1]
        if self.format == "avi":
            self.promised = _promised_by_avi(stream, indexed, len(self.pts), clock)
            self.lost = max(indexed - len(self.pts), 0) if indexed > 1 else 0
        else:
            self.promised = _promised(path, container, stream, len(self.pts), end)
        if watch is not None:
            self.clock = watch.clock(base)
            self._join(stream.index, base)

    def _add(self, packet: Packet[Any]) -> None:
        self.pts.append(packet.dts if self.slots else packet.pts)
        self.dts.append(-1 if packet.dts is None else packet.dts)
        self.pos.append(-1 if packet.pos is None else packet.pos)
        self.keys.append(packet.is_keyframe)
        self.corrupt = packet.is_corrupt

    def _take_keys(self, stream: VideoStream) -> None:
        """Take the keyframes from the file's own list; FFmpeg looked for them in zeros."""
        listed = {entry.pos for entry in stream.index_entries if entry.is_keyframe}
        self.keys = bytearray(place in listed for place in self.pos)

    def _join(self, stream: int, base: Fraction) -> None:
        """Put the time stamps on one clock."""
        breaks = [(first, round(move / base)) for first, move in self.clock.shifts.get(stream, ())]
        for (first, move), (end, _) in pairwise([*breaks, (len(self.pts), 0)]):
            for number in range(first, end):
                stamp = self.pts[number]
                self.pts[number] = None if stamp is None else stamp + move


def ratio(value: Any, otherwise: Fraction) -> Fraction:
    """Convert PyAV's rational, whose type differs by version, to a Fraction; or `otherwise`."""
    if not value or not value.numerator or not value.denominator:
        return otherwise
    return Fraction(value.numerator, value.denominator)


def rate(stream: VideoStream) -> Fraction:
    """Frames per second according to the headers, else FFmpeg's guess."""
    guess = ratio(stream.guessed_rate, Fraction(25))
    if stream.container.format.flags & _NO_CLOCK:  # the average is FFmpeg's default there
        return guess
    return ratio(stream.average_rate, guess)


def time_base(stream: VideoStream) -> Fraction:
    """Seconds per unit of the stream's time stamps."""
    return ratio(stream.time_base, Fraction(1, 1000))


def _may_lack_stamps(container: InputContainer, stream: VideoStream) -> bool:
    """Whether packets that are decoded in another order than shown may lack stamps of the latter.

    AVI, ASF and Video for Windows in Matroska are such; FFmpeg's guesses are wrong there.
    """
    kind, context = container.format.name.split(",")[0], stream.codec_context
    own = kind == "matroska" and not context.codec_tag.strip("\0")
    return context.codec.reorder and kind not in _HAVE_STAMPS and not own


def stores_slots(container: InputContainer, stream: VideoStream) -> bool:
    """Whether a container stores the order of decoding alone, by its format."""
    return container.format.name.split(",")[0] in _SLOTS and _may_lack_stamps(container, stream)


def _show(watch: ClockWatch, packet: Packet[Any], unit: float, step: int, delay: int) -> None:
    """Show the clock's watch one packet.

    step, delay: its duration, and units from its decoding to its presentation, if it has none.
    """
    stamp = packet.pts if packet.dts is None else packet.dts
    if stamp is None:
        watch.skip(packet.stream_index)
        return
    begin = stamp + delay if packet.pts is None else packet.pts
    end = begin + (packet.duration or step)
    watch.see(packet.stream_index, stamp * unit, begin * unit, end * unit)


def _is_of_two_clocks(packet: Packet[Any], unit: float) -> bool:
    """Whether a packet before a leap of the clock has its presentation stamp from behind it.

    FFmpeg's guess for a stamp that is not stored; that of decoding is right.
    """
    if packet.pts is None or packet.dts is None:
        return False
    return abs(packet.pts - packet.dts) * unit > LEAP


def _unique(column: array[int]) -> bool:
    return bool(column) and min(column) >= 0 and len(set(column)) == len(column)


def _promised(
    path: Place, container: InputContainer, stream: VideoStream, seen: int, end: float
) -> int:
    """Number of frames according to the headers, 0 if unknown. end: last second of the packets."""
    kind = container.format.name.split(",")[0]
    if kind == "mov":
        size = path.size if isinstance(path, Blob) else path.stat().st_size
        entries = list(stream.index_entries)
        return len(entries) if any(e.pos + e.size > size for e in entries) else 0
    if kind in ("matroska", "flv") and container.duration is not None:
        missing = float(container.duration / av.time_base) - end
        missed = round(missing * rate(stream))
        return seen + missed if missing > 0.5 and missed > 2 else 0
    return 0


def _promised_by_avi(stream: VideoStream, indexed: int, seen: int, clock: int | None) -> int:
    """Number of frames according to an AVI that ends too early, 0 for a whole one.

    Its header counts empty chunks as frames too. With the index, which is behind the frames, the
    file is whole. Otherwise frames are missing after the last one's place, which counts empty
    chunks as well.
    """
    if indexed > 1:  # FFmpeg makes one entry by itself
        return 0
    return seen + max(stream.frames - 1 - (clock or 0), 0)
