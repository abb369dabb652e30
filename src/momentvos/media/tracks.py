"""Sound tracks of an mp4: copied from another file, or encoded anew as AAC where mp4 needs it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import av.error

from momentvos.media.timeline import Timeline

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet

COPIED = {"aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"}
_CHECKED = {"ac3", "eac3"}
"""Codecs whose damaged packets no mp4 takes."""
_RATES = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000}
_LAYOUTS = frozenset(
    [
        "mono",
        "stereo",
        "2.1",
        "3.0",
        "3.0(back)",
        "4.0",
        "quad",
        "3.1",
        "5.0",
        "4.1",
        "5.1",
        "6.0",
        "6.0(front)",
        "hexagonal",
        "6.1",
        "6.1(back)",
        "6.1(front)",
        "7.0",
        "7.0(front)",
        "7.1",
        "7.1(wide)",
        "7.1(wide-side)",
        "octagonal",
    ]
)
_TWINS = {"5.1(side)": "5.1", "5.0(side)": "5.0", "quad(side)": "quad"}
"""Layouts that every AAC decoder knows, with the rear speakers for those at the side."""
_BY_COUNT = ("mono", "stereo", "3.0", "4.0", "5.0", "5.1", "6.1", "7.1")
_JITTER = 0.02
"""Seconds by which sound may be off its time stamps before it is put right; not audible."""
_RUN_IN = 0.25
"""Seconds of packets before the video that let a decoder begin."""
_SILENCE = 48000
"""Samples of silence that are encoded at once."""


class CopiedTrack:
    """A sound track whose packets are copied.

    Of those before the video, only what a decoder needs to begin: an mp4's edit list cuts as many
    samples as lie before second 0 by the time stamps, so a gap there would cost sound after it.
    """

    def __init__(self, source: Any, target: OutputContainer, end: float) -> None:
        """Add the track to `target`. end: second at which the video ends."""
        self._source = source
        self._stream = target.add_stream_from_template(source)
        _describe(source, self._stream)
        self._timeline: Timeline[Packet[Any]] = Timeline(end)
        self._unit = Fraction(source.time_base)
        context = source.codec_context
        self._length = (context.frame_size or 0) / (context.sample_rate or 1)
        self._last: int | None = None
        self._end = 0.0
        self._early: deque[Packet[Any]] = deque()

    def take(self, packet: Packet[Any], shift: Fraction) -> Iterator[Packet[Any]]:
        """Yield packets for the target. shift: seconds to add to the packet's time."""
        if packet.dts is None:
            packet.dts = packet.pts
        if packet.dts is None or self._is_damaged(packet):
            return
        packet.pts = packet.dts = packet.dts + round(shift / self._unit)
        length = float((packet.duration or 0) * self._unit) or self._length
        for piece, begin in self._timeline.take(packet, float(packet.pts * self._unit), length):
            yield from self._place(piece, begin)

    def rest(self) -> Iterator[Packet[Any]]:
        """Yield the packets that are left at the end."""
        for piece, begin in self._timeline.rest():
            yield from self._place(piece, begin)

    def _is_damaged(self, packet: Packet[Any]) -> bool:
        if self._source.codec_context.name not in _CHECKED and not packet.is_corrupt:
            return False
        try:
            self._source.decode(packet)
        except (av.error.FFmpegError, OSError):
            return True
        return False

    def _place(self, packet: Packet[Any], begin: float) -> Iterator[Packet[Any]]:
        length = float((packet.duration or 0) * self._unit) or self._length
        if self._last is not None and begin < self._end - max(length / 2, 0.002):
            return  # a part that is there twice
        stamp = packet.pts or 0
        if abs(float(stamp * self._unit) - begin) > float(self._unit):
            stamp = round(begin / self._unit)
        if self._last is not None:
            stamp = max(stamp, self._last + 1)
        self._last, self._end = stamp, float(stamp * self._unit) + length
        packet.pts = packet.dts = stamp
        packet.stream = self._stream
        self._close_gap(stamp)
        if stamp < 0:
            while self._early and self._second_after(self._early[0]) < begin - _RUN_IN:
                self._early.popleft()
            self._early.append(packet)
            return
        yield from self._early
        self._early.clear()
        yield packet

    def _close_gap(self, stamp: int) -> None:
        """Leave out what is before a gap before the video, but for what the decoder begins with."""
        if not self._early:
            return
        last = self._early[-1]
        gap = stamp - round(self._second_after(last) / self._unit)
        if gap * self._unit > _JITTER:
            self._early.clear()
            if stamp * self._unit < _JITTER:
                last.pts = last.dts = (last.pts or 0) + gap
                self._early.append(last)

    def _second_after(self, packet: Packet[Any]) -> float:
        """Second at which the samples of a packet end; its duration may reach over a gap."""
        length = float((packet.duration or 0) * self._unit)
        return float((packet.pts or 0) * self._unit) + min(length or 1, self._length or length)


class RecodedTrack:
    """A sound track encoded anew as AAC.

    Gaps between time stamps, and packets that do not decode, become silence; parts that are there
    twice are cut.
    """

    def __init__(self, source: Any, target: OutputContainer, end: float) -> None:
        """Add the track to `target`. end: second at which the video ends."""
        self._source = source
        context = source.codec_context
        self._rate: int = context.sample_rate if context.sample_rate in _RATES else 48000
        self._layout = _layout(context.layout)
        self._stream: Any = target.add_stream("aac", rate=self._rate, layout=self._layout)
        _describe(source, self._stream)
        self._timeline: Timeline[Any] = Timeline(end)
        self._kind: tuple[Any, ...] = ()
        self._resampler: av.AudioResampler | None = None
        self._position: int | None = None  # of the next sample, from the video's first frame on
        self._started = self._cutting = False

    def take(self, packet: Packet[Any], shift: Fraction) -> Iterator[Packet[Any]]:
        """Yield packets for the target. shift: seconds to add to the packet's time."""
        try:
            frames = self._source.decode(packet)
        except (av.error.FFmpegError, OSError):
            return
        for frame in frames:
            begin = None
            if frame.pts is not None and frame.time_base:
                begin = float(frame.pts * Fraction(frame.time_base) + shift)
            length = frame.samples / frame.sample_rate
            for piece, second in self._timeline.take(frame, begin, length):
                yield from self._place(piece, second)

    def rest(self) -> Iterator[Packet[Any]]:
        """Yield the packets that are left at the end."""
        for piece, second in self._timeline.rest():
            yield from self._place(piece, second)
        yield from self._drain()
        if self._started:
            yield from self._stream.encode(None)

    def _place(self, frame: Any, second: float) -> Iterator[Packet[Any]]:
        target = round(second * self._rate)
        if self._position is None:
            self._position = max(target, 0)
        off = target - self._position
        if frame.layout.name == f"{frame.layout.nb_channels} channels":
            frame = _copy(frame, self._layout)  # FFmpeg would take one for the bass
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if off > _JITTER * self._rate:
            yield from self._drain()
            yield from self._silence(target - self._position)
        elif kind != self._kind:
            yield from self._drain()
        self._kind = kind
        cut = -off if off < -(0 if self._cutting else _JITTER * self._rate) else 0
        self._cutting = cut >= frame.samples * self._rate // frame.sample_rate
        if self._cutting:
            return
        if self._resampler is None:
            self._resampler = av.AudioResampler("fltp", self._layout, self._rate)
        frame.pts = None
        for part in self._resampler.resample(frame):
            yield from self._encode(part, cut)
            cut = max(cut - part.samples, 0)

    def _drain(self) -> Iterator[Packet[Any]]:
        """Encode what the resampler holds back."""
        if self._resampler is not None:
            for part in self._resampler.resample(None):
                yield from self._encode(part)
            self._resampler = None

    def _silence(self, samples: int) -> Iterator[Packet[Any]]:
        while samples > 0:
            part = av.AudioFrame("fltp", self._layout, min(samples, _SILENCE))
            for plane in part.planes:
                plane.update(bytes(plane.buffer_size))
            part.sample_rate = self._rate
            samples -= part.samples
            yield from self._encode(part)

    def _encode(self, part: Any, cut: int = 0) -> Iterator[Packet[Any]]:
        """Encode a frame without its first `cut` samples."""
        if cut >= part.samples:
            return
        if cut:
            part = _copy(part, self._layout, cut)
        part.pts, part.time_base = self._position, Fraction(1, self._rate)
        self._position = (self._position or 0) + part.samples
        self._started = True
        yield from self._stream.encode(part)


def _copy(frame: Any, layout: str, cut: int = 0) -> Any:
    """A frame with its channels named by `layout`, without its first `cut` samples."""
    if len(av.AudioLayout(layout).channels) != frame.layout.nb_channels:
        return frame
    copy = av.AudioFrame(frame.format.name, layout, frame.samples - cut)
    wide = frame.format.bytes * (1 if frame.format.is_planar else frame.layout.nb_channels)
    for old, new in zip(frame.planes, copy.planes, strict=True):
        data = bytes(old)[cut * wide : frame.samples * wide]
        new.update(data.ljust(new.buffer_size, b"\0"))
    copy.sample_rate = frame.sample_rate
    return copy


def _layout(layout: Any) -> str:
    """Nearest layout of AAC with as many channels, up to eight."""
    name: str = layout.name
    if name in _LAYOUTS:
        return name
    return _TWINS.get(name) or _BY_COUNT[min(max(layout.nb_channels, 1), len(_BY_COUNT)) - 1]


def _describe(source: Any, target: Any) -> None:
    """Keep a track's language, title and place among the others."""
    title = source.metadata.get("title") or source.metadata.get("name")  # an mp4's own word
    if title:
        target.metadata["title"] = target.metadata["handler_name"] = title
    if "language" in source.metadata:
        target.metadata["language"] = source.metadata["language"]
    target.disposition = source.disposition
