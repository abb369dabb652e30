"""Small videos in every container that is read, written when they are needed."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
from tests.media.conftest import write_film, write_talkie

Writer = Callable[[Path], object]
_B_FRAMES = {"g": "12", "bf": "2"}
_QUICK = {"cpu-used": "8", "b": "200k"}


def _film(codec: str = "libx264", **how: object) -> Writer:
    return lambda path: write_film(path, 16, codec=codec, **how)


def _talkie(sound: str = "aac", **how: object) -> Writer:
    return lambda path: write_talkie(path, 8, sound=sound, **how)


def _joined(path: Path) -> None:
    """Two transport streams, one after the other; the clock starts anew."""
    halves = []
    for number in range(2):
        write_talkie(path, 10, first=10 * number, sound="aac")
        halves.append(path.read_bytes())
    path.write_bytes(b"".join(halves))


def _cut(path: Path) -> None:
    """The end is missing, the index is there."""
    write_film(path, 24, options={"g": "6", "bf": "0"}, container={"movflags": "+faststart"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])


def _dropped(path: Path) -> None:
    """Chunks without data, as recorders write them for frames that they have dropped."""
    write_film(path, 20, codec="mjpeg", pix_fmt="yuvj420p")
    data, at = path.read_bytes(), 0
    places = []
    while (at := data.find(b"00dc", at)) >= 0:
        places.append(at)
        at += 4
    moving = data.find(b"movi")
    inside = [place for place in places if place > moving]
    for place in reversed(inside[3:20:4]):
        size = int.from_bytes(data[place + 4 : place + 8], "little")
        if data[place + 8 : place + 10] == b"\xff\xd8":
            data = data[: place + 4] + bytes(4) + data[place + 8 + size + size % 2 :]
    path.write_bytes(data)


def _clear(path: Path) -> None:
    """Opacity, which VP9's decoder leaves out and libvpx gives."""
    import av

    rgba = np.zeros((32, 64, 4), np.uint8)
    rgba[:, 32:] = (0, 200, 0, 255)
    ready = [
        av.VideoFrame.from_ndarray(rgba, format="rgba").reformat(format="yuva420p")
        for _ in range(6)
    ]
    options = {**_QUICK, "auto-alt-ref": "0"}
    tags = {"alpha_mode": "1"}
    write_film(
        path, 6, codec="libvpx-vp9", pix_fmt="yuva420p", ready=ready, options=options, metadata=tags
    )


def _one_stamp_twice(path: Path) -> None:
    """Sixteen pictures with a pause, two of them at the same time."""
    import av

    stamps = [0, 125, 250, 375, 500, 500, 625, 750, 3000, 3125, 3250, 3375, 3500, 3625, 3750, 5000]
    whole = write_film(path.with_suffix(".avi"), 16, codec="mjpeg", pix_fmt="yuvj420p")
    with av.open(str(whole)) as source, av.open(str(path), "w") as target:
        copy = target.add_stream_from_template(source.streams.video[0])
        packets = [packet for packet in source.demux(video=0) if packet.size]
        for packet, stamp in zip(packets, stamps, strict=True):
            packet.pts = packet.dts = stamp
            packet.time_base, packet.stream = Fraction(1, 1000), copy
            target.mux(packet)
    whole.unlink()


def _gap(number: int, second: float) -> float:
    """The sound pauses for a second."""
    return second + (number > 15)


VIDEOS: dict[str, dict[str, Writer]] = {
    "mp4": {
        "b-frames.mp4": _film(options=_B_FRAMES),
        "fragments.mp4": _film(container={"movflags": "frag_keyframe+empty_moov"}),
        "cut.mp4": _cut,
        "turned.mp4": _film(rotation=90),
        "sound.mp4": _talkie(tracks=({"language": "deu"}, {"language": "fra"})),
    },
    "mov": {
        "sound.mov": _talkie("pcm_s16le"),
        "mjpeg.mov": _film("mjpeg", pix_fmt="yuvj420p"),
        "prores.mov": _film("prores_ks", pix_fmt="yuva444p10le"),
    },
    "mkv": {
        "b-frames.mkv": _film(options=_B_FRAMES),
        "ffv1.mkv": _film("ffv1", pix_fmt="bgr0"),
        "one-stamp-twice.mkv": _one_stamp_twice,
        "gap.mkv": _talkie("pcm_s16le", moved=_gap, seconds=1.5),
        "surround.mkv": _talkie("ac3", layout="5.1(side)"),
        "flac.mkv": _talkie("flac"),
    },
    "webm": {
        "vp8.webm": _film("libvpx", options=_QUICK),
        "clear.webm": _clear,
        "opus.webm": _film("libvpx-vp9", options=_QUICK, sound="libopus"),
    },
    "avi": {
        "b-frames.avi": _film(options=_B_FRAMES),
        "mpeg4.avi": _film("mpeg4", options={"bf": "2"}),
        "mjpeg.avi": _film("mjpeg", pix_fmt="yuvj420p", sound="pcm_s16le"),
        "dropped.avi": _dropped,
        "mp3.avi": _film("mpeg4", sound="mp3"),
    },
    "ts": {
        "joined.ts": _joined,
        "b-frames.ts": _film(options=_B_FRAMES),
        "mpeg2.ts": _film("mpeg2video", fps=25, sound="mp2"),
    },
    "flv": {"h264.flv": _talkie("aac"), "sorenson.flv": _film("flv1")},
    "others": {
        "wmv2.wmv": _film("wmv2"),
        "ffv1.nut": _film("ffv1"),
        "mpeg1.mpg": _film("mpeg1video", fps=25, sound="mp2"),
        "raw.h264": _film(kind="h264"),
        "wave.y4m": _film("wrapped_avframe", kind="yuv4mpegpipe"),
        "mjpeg.mjpeg": _film("mjpeg", pix_fmt="yuvj420p", kind="mjpeg"),
    },
}
"""Names of files and how they are written, by kind."""
