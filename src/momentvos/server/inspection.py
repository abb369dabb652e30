"""What an upload is, read from its headers and packets before a frame of it is decoded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import av
import av.error

from momentvos.errors import VideoError
from momentvos.media.decoding import LOCAL, main_stream, packets, reason
from momentvos.media.kind import Kind, kind_of
from momentvos.media.picture import open_picture
from momentvos.media.video import Video

DEMUXERS = (
    *("mov", "matroska", "webm", "avi", "mpegts", "mpeg", "flv", "ogg", "gif", "apng", "asf"),
    *("mxf", "mjpeg", "yuv4mpegpipe", "ivf", "h264", "hevc", "mpegvideo"),
)
"""FFmpeg's readers of containers that are let at an upload: no playlists, no lists of files."""


def inspect(path: Path, limits: Mapping[str, float]) -> dict[str, Any]:
    """Facts on a video within limits.

    limits: "pixels", "frames" and "video_seconds". Returns width, height, fps, frames, duration,
    times and durations of the frames in seconds, audio, and notes for the user. Raises VideoError
    for what is none, and for one beyond a limit, which is then never decoded.
    """
    if kind_of(path) is Kind.CONTAINER:
        _check_container(path, limits)
    else:
        _check_picture(path, limits)
    video = Video.open(path)
    height, width = video.size
    _check("pixels", width * height, limits)
    _check("frames", len(video), limits)
    _check("video_seconds", video.duration, limits)
    return {
        "width": width,
        "height": height,
        "fps": float(video.fps),
        "frames": len(video),
        "duration": float(video.duration),
        "times": [round(float(one), 6) for one in video.times],
        "durations": [round(float(one), 6) for one in video.durations],
        "audio": bool(video.has_audio),
        "notes": list(video.notes),
    }


def _check_container(path: Path, limits: Mapping[str, float]) -> None:
    options = LOCAL | {"format_whitelist": ",".join(DEMUXERS)}
    try:
        container = av.open(f"file:{path}", options=options, metadata_errors="replace")
    except TypeError:  # later versions of PyAV are lenient without being asked
        container = av.open(f"file:{path}", options=options)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise VideoError(f"'{path}' is not a video that can be read ({reason(error)}).") from None
    with main_stream(container, path) as stream:
        context = stream.codec_context
        _check("pixels", context.width * context.height, limits)
        if container.duration is not None:
            _check("video_seconds", container.duration / av.time_base, limits)
        unit = float(stream.time_base or 0)
        first, last = None, 0.0
        for number, packet in enumerate(packets(container, stream)):
            _check("frames", number + 1, limits)
            stamp = packet.pts if packet.dts is None else packet.dts
            if stamp is not None:
                first = stamp * unit if first is None else min(first, stamp * unit)
                last = max(last, stamp * unit)
                _check("video_seconds", last - first, limits)


def _check_picture(path: Path, limits: Mapping[str, float]) -> None:
    try:
        with open_picture(path) as image:  # reads the header alone
            width, height = image.size
            frames = int(getattr(image, "n_frames", 1))
    except Exception:
        return  # `Video.open` says what is wrong with it, or knows the format
    _check("pixels", width * height, limits)
    _check("frames", frames, limits)


_BEYOND = {
    "pixels": "The video has pictures of {:,.0f} pixels, and the most here is {:,.0f}: scale it "
    "down.",
    "frames": "The video has {:,.0f} frames or more, and the most here is {:,.0f}: cut it.",
    "video_seconds": "The video lasts {:,.0f} seconds or more, and the most here is {:,.0f}: cut "
    "it.",
}


def _check(name: str, value: float, limits: Mapping[str, float]) -> None:
    if value > limits[name]:
        raise VideoError(_BEYOND[name].format(value, limits[name]))
