"""Frames with the alpha channel that FFmpeg's default decoders leave out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import av
import av.error
import numpy as np

from momentvos.media import decoding
from momentvos.media.blob import Place
from momentvos.media.decoding import Mark, marked, opened, packets

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

_LIBVPX = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
_FULL_RANGE = 2
_ALPHA_DEPTHS = {"yuv420p": (8, 10), "yuv422p": (8, 10, 12), "yuv444p": (8, 10, 12)}
"""Bits of the planar formats that have a twin with alpha in FFmpeg."""


def decoded(
    container: InputContainer, stream: VideoStream, mark: Mark = "pts"
) -> Iterator[VideoFrame]:
    """Yield every frame that decodes, in display order, with its alpha where it has one.

    mark: what a frame's `pts` is to tell of its packet.

    WebM keeps the alpha of VP8 and VP9 beside each block, which only libvpx reads; animated AVIF
    keeps it in a second stream. All other streams are decoded as they are.
    """
    name = _libvpx_for(stream)
    if name is not None:
        return _by_libvpx(name, container, stream, mark)
    alpha = _alpha_of_avif(container, stream) if mark == "pts" else None
    if alpha is not None:
        return _merged(container, stream, alpha)
    return decoding.decoded(container, stream, mark)


def labelled(
    path: Place, container: InputContainer, stream: VideoStream, frame: VideoFrame
) -> VideoFrame:
    """The video's first frame with the container's labels: its turn and its colours.

    frame: the first one of `decoded`, which lacks them where it was not decoded by default.
    """
    if _libvpx_for(stream) is None and _alpha_of_avif(container, stream) is None:
        return frame
    with opened(path) as (container, stream):
        return next(decoding.decoded(container, stream), frame)


def _libvpx_for(stream: VideoStream) -> str | None:
    """Name of the decoder that a stream's alpha needs, or None."""
    name = _LIBVPX.get(stream.codec_context.codec.canonical_name)
    labels = {key.lower(): value for key, value in stream.metadata.items()}  # muxers differ in case
    return name if name in av.codecs_available and labels.get("alpha_mode") == "1" else None


def _by_libvpx(
    name: str, container: InputContainer, stream: VideoStream, mark: Mark
) -> Iterator[VideoFrame]:
    context: Any = av.CodecContext.create(name, "r")
    context.thread_count = 0
    for packet in marked(container, stream, mark):
        try:
            yield from context.decode(packet)
        except (av.error.FFmpegError, OSError):
            continue
    try:
        yield from context.decode(None)
    except (av.error.FFmpegError, OSError):
        return


def _alpha_of_avif(container: InputContainer, stream: VideoStream) -> VideoStream | None:
    """The grey stream of an animated AVIF that goes with its colours, or None."""
    brands = container.metadata.get("compatible_brands", "")
    if "avis" not in brands + container.metadata.get("major_brand", ""):
        return None
    for other in container.streams.video:
        context = other.codec_context
        if (
            other.index > stream.index
            and other.frames == stream.frames
            and context is not None
            and (context.pix_fmt or "").startswith("gray")
            and (context.width, context.height)
            == (stream.codec_context.width, stream.codec_context.height)
        ):
            return other
    return None


def _merged(
    container: InputContainer, stream: VideoStream, alpha: VideoStream
) -> Iterator[VideoFrame]:
    """Yield the frames of `stream` with those of the same time in `alpha` as their opacity."""
    waiting: deque[VideoFrame] = deque()
    opacities: dict[int | None, VideoFrame] = {}
    for origin, frame in _both(container, stream, alpha):
        if origin is stream:
            waiting.append(frame)
        else:
            opacities[frame.pts] = frame
        while waiting and waiting[0].pts in opacities:
            colour = waiting.popleft()
            yield _with_alpha(colour, opacities.pop(colour.pts))
    yield from waiting


def _both(
    container: InputContainer, stream: VideoStream, alpha: VideoStream
) -> Iterator[tuple[VideoStream, VideoFrame]]:
    for packet in packets(container, stream, alpha):
        origin: Any = packet.stream
        try:
            for frame in packet.decode():
                yield origin, frame
        except (av.error.FFmpegError, OSError):
            continue
    for origin in (stream, alpha):
        try:
            for frame in origin.codec_context.decode(None):
                yield origin, frame
        except (av.error.FFmpegError, OSError):
            continue


def _with_alpha(colour: VideoFrame, opacity: VideoFrame) -> VideoFrame:
    """A frame of the planes of both. Formats without such a twin become 4:4:4 of 8 bits."""
    name, bits = colour.format.name.split("p")[0] + "p", colour.format.components[0].bits
    if bits not in _ALPHA_DEPTHS.get(name, ()):
        name, bits = "yuv444p", 8
    depth = "" if bits == 8 else f"{bits}le"
    out = av.VideoFrame(colour.width, colour.height, name.replace("yuv", "yuva") + depth)
    sources: list[Any] = [
        *colour.reformat(format=name + depth).planes,
        opacity.reformat(format="gray" + depth, dst_color_range=_FULL_RANGE).planes[0],
    ]
    targets: Sequence[Any] = out.planes
    for target, source in zip(targets, sources, strict=True):
        rows = np.frombuffer(source, np.uint8).reshape(-1, source.line_size)
        place = np.frombuffer(target, np.uint8).reshape(-1, target.line_size)
        width = min(rows.shape[1], place.shape[1])
        place[: len(rows), :width] = rows[: len(place), :width]
    out.pts = colour.pts
    out.colorspace, out.color_range = colour.colorspace, colour.color_range
    out.color_trc, out.color_primaries = colour.color_trc, colour.color_primaries
    return out
