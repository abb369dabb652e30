"""Audio streams of a source, written into an mp4 beside its pictures."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import av
import av.error

from momentvos.media.blob import Place
from momentvos.media.clock import Clock
from momentvos.media.decoding import open_file, packets
from momentvos.media.tracks import COPIED, CopiedTrack, RecodedTrack

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet


_DAMAGED = (av.error.InvalidDataError, av.error.ArgumentError, ValueError)
"""What FFmpeg says of data; of a full disk it says otherwise."""


class Sound:
    """All audio streams of a file, on the clock of its video."""

    def __init__(self, path: Place, clock: Clock, end: float, target: OutputContainer) -> None:
        """Add the streams to `target`, before anything is written to it.

        clock: map from the file's time to that of the video, which ends at second `end`.
        """
        self._source = open_file(path)
        self._target = target
        self._clock = clock
        self._tracks: dict[int, CopiedTrack | RecodedTrack] = {}
        for stream in self._source.streams.audio:
            if stream.codec_context is not None and stream.time_base:
                kind = CopiedTrack if _is_copied(path, stream) else RecodedTrack
                self._tracks[stream.index] = kind(stream, target, end)
        self._packets = self._read()
        self._next = next(self._packets, None)

    def write_until(self, second: float) -> None:
        """Mux the audio before `second` of the video, so that both stay interleaved."""
        while self._next is not None and (_second(self._next) or -1.0) < second:
            with suppress(*_DAMAGED):  # a packet that no mp4 takes
                self._target.mux(self._next)
            self._next = next(self._packets, None)

    def close(self) -> None:
        self._source.close()

    def _read(self) -> Iterator[Packet[Any]]:
        """Yield packets for the target up to the end or the first read error."""
        if not self._tracks:
            return
        streams = [self._source.streams[index] for index in self._tracks]
        counts = dict.fromkeys(self._tracks, 0)
        for packet in packets(self._source, *streams):
            index = packet.stream_index
            shift = self._clock.shift(index, counts[index])
            counts[index] += 1
            with suppress(*_DAMAGED):
                yield from self._tracks[index].take(packet, shift)
        for track in self._tracks.values():
            with suppress(*_DAMAGED):
                yield from track.rest()


def _is_copied(path: Place, stream: Any) -> bool:
    """Whether an mp4 takes a stream as it is, by its codec, its header and its first packet."""
    if stream.codec_context.name not in COPIED:
        return False
    with open_file(path) as source:
        first = next(packets(source, source.streams[stream.index]), None)
        if first is None:
            return True
        try:
            with av.open(io.BytesIO(), "w", format="mp4") as trial:
                first.stream = trial.add_stream_from_template(source.streams[stream.index])
                first.pts = first.dts = 0
                trial.mux(first)
        except _DAMAGED:
            return False
    return True


def _second(packet: Packet[Any]) -> float | None:
    return None if packet.dts is None else float(packet.dts * packet.time_base)
