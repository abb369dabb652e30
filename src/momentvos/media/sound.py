"""Audio streams of a source in an mp4: packets are copied, or re-encoded where mp4 needs it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import av.error

from momentvos.media.decoding import open_file, packets

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet

_COPIED = {"aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"}
_RATES = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000}
_LAYOUTS = {"mono", "stereo", "3.0", "4.0", "5.0", "5.1", "7.1"}


class Sound:
    """All audio streams of a file, shifted in time so that its second `start` becomes 0."""

    def __init__(self, path: Path, start: Fraction, target: OutputContainer) -> None:
        """Add the streams to `target`, before anything is written to it."""
        self._source = open_file(path)
        self._target = target
        self._tracks: dict[int, _Copied | _Recoded] = {}
        for stream in self._source.streams.audio:
            if stream.codec_context is not None and stream.time_base:
                kind = _Copied if stream.codec_context.name in _COPIED else _Recoded
                self._tracks[stream.index] = kind(stream, start, target)
        self._packets = self._read()
        self._next = next(self._packets, None)

    def write_until(self, second: float) -> None:
        """Mux the audio before `second` of the video, so that both stay interleaved."""
        while self._next is not None and (_second(self._next) or -1.0) < second:
            self._target.mux(self._next)
            self._next = next(self._packets, None)

    def close(self) -> None:
        self._source.close()

    def _read(self) -> Iterator[Packet[Any]]:
        """Yield packets for the target up to the end or the first read error."""
        if not self._tracks:
            return
        streams = [self._source.streams[index] for index in self._tracks]
        for packet in packets(self._source, *streams):
            yield from self._tracks[packet.stream.index].take(packet)
        for track in self._tracks.values():
            yield from track.rest()


class _Copied:
    """An audio stream that is copied."""

    def __init__(self, source: Any, start: Fraction, target: OutputContainer) -> None:
        self._stream = target.add_stream_from_template(source)
        self._shift = round(start / source.time_base)
        self._last: int | None = None

    def take(self, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        if packet.pts is None or packet.dts is None:
            return
        if self._last is not None and packet.dts <= self._last:
            return
        self._last = packet.dts
        packet.pts -= self._shift
        packet.dts -= self._shift
        packet.stream = self._stream
        yield packet

    def rest(self) -> Iterator[Packet[Any]]:
        yield from ()


class _Recoded:
    """An audio stream re-encoded as AAC. Packets that do not decode are left out."""

    def __init__(self, source: Any, start: Fraction, target: OutputContainer) -> None:
        self._source = source
        context = source.codec_context
        rate = context.sample_rate if context.sample_rate in _RATES else 48000
        layout = context.layout.name if context.layout.name in _LAYOUTS else "stereo"
        self._stream: Any = target.add_stream("aac", rate=rate, layout=layout)
        self._resampler = av.AudioResampler("fltp", layout, rate)
        self._start, self._rate = start, rate
        self._offset: int | None = None
        self._samples = 0

    def take(self, packet: Packet[Any]) -> Iterator[Packet[Any]]:
        try:
            frames = self._source.decode(packet)
        except av.error.FFmpegError:
            return
        for frame in frames:
            if self._offset is None:
                second = (frame.pts or 0) * Fraction(frame.time_base or 1) - self._start
                self._offset = round(second * self._rate)
            frame.pts = None
            yield from self._code(frame)

    def rest(self) -> Iterator[Packet[Any]]:
        if self._samples:
            yield from self._code(None)
            yield from self._moved(self._stream.encode(None))

    def _code(self, frame: Any) -> Iterator[Packet[Any]]:
        for part in self._resampler.resample(frame):
            part.pts, part.time_base = self._samples, Fraction(1, self._rate)
            self._samples += part.samples
            yield from self._moved(self._stream.encode(part))

    def _moved(self, packets: list[Any]) -> Iterator[Packet[Any]]:
        for packet in packets:
            move = round((self._offset or 0) * Fraction(1, self._rate) / packet.time_base)
            packet.pts += move
            packet.dts += move
            yield packet


def _second(packet: Packet[Any]) -> float | None:
    return None if packet.dts is None else float(packet.dts * packet.time_base)
