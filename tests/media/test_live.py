"""Frames of a pipe as they come."""

import io
import itertools
import os
import threading

import av
import numpy as np
import pytest

from momentvos.errors import VideoError
from momentvos.media import Video
from momentvos.media.live import live_video

KINDS = {
    "mkv": ("matroska", "libx264", "yuv420p", {}),
    "ts": ("mpegts", "libx264", "yuv420p", {}),
    "mjpeg": ("mjpeg", "mjpeg", "yuvj420p", {}),
    "y4m": ("yuv4mpegpipe", "wrapped_avframe", "yuv420p", {}),
    "fragmented": ("mp4", "libx264", "yuv420p", {"movflags": "frag_keyframe+empty_moov"}),
    "mp4": ("mp4", "libx264", "yuv420p", {}),
}


class OneWay(io.RawIOBase):
    """Bytes that come in small blocks and cannot be sought, as those of a pipe."""

    def __init__(self, content: bytes, block: int = 700) -> None:
        super().__init__()
        self._content, self._block, self._place = content, block, 0

    def readable(self):
        return True

    def read(self, size=-1):
        size = self._block if size < 0 else min(size, self._block)
        block = self._content[self._place : self._place + size]
        self._place += len(block)
        return block


def encoded(path, kind, frames=12, rate=8):
    form, codec, pixels, options = KINDS[kind]
    with av.open(str(path), "w", format=form, options=options) as out:
        stream = out.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, pixels
        for number in range(frames):
            rgb = np.full((48, 64, 3), 20 * (number % 12), np.uint8)
            rgb[:, : number % 64] = (200, 30, 90)
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=pixels)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path.read_bytes()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "mp4"])
def test_frames_are_those_of_the_file(tmp_path, kind):
    content = encoded(tmp_path / "made", kind)
    with live_video(OneWay(content), "stdin") as video:
        frames = list(video.frames)
    whole = Video.open(tmp_path / "made")
    assert [frame.index for frame in frames] == list(range(12))
    assert frames[0].time == 0.0
    if kind != "mjpeg":  # which has no rate
        assert video.fps == pytest.approx(8)
        assert [frame.time for frame in frames] == pytest.approx(whole.times, abs=1e-3)
    for mine, other in zip(frames, whole.frames(), strict=True):
        assert (mine.rgb == other.rgb).all()


def test_a_stream_that_breaks_off_gives_what_decodes(tmp_path):
    content = encoded(tmp_path / "made", "ts", frames=40)
    with live_video(OneWay(content[: len(content) // 2]), "stdin") as video:
        assert 0 < len(list(video.frames)) < 40


def test_an_index_at_the_end_says_what_to_write_instead(tmp_path):
    content = encoded(tmp_path / "made", "mp4")
    with pytest.raises(VideoError, match="matroska"), live_video(OneWay(content), "stdin") as video:
        list(video.frames)


@pytest.mark.parametrize(
    ("content", "why"), [(b"", "'stdin' is empty"), (b"no video\n" * 400, "no video|not a video")]
)
def test_what_is_no_video_is_said(content, why):
    with pytest.raises(VideoError, match=why), live_video(OneWay(content), "stdin"):
        pass


def test_frames_come_before_the_pipe_is_closed(tmp_path):
    """A writer that waits for the reader: an MJPEG camera that never ends."""
    content = encoded(tmp_path / "made", "y4m", frames=30)
    reading, writing = os.pipe()
    taken = threading.Event()

    def camera():
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            pipe.write(content)
            taken.wait(30)  # the pipe stays open until two frames were taken

    thread = threading.Thread(target=camera)
    thread.start()
    with os.fdopen(reading, "rb") as pipe, live_video(pipe, "stdin") as video:
        first = list(itertools.islice(video.frames, 2))
        taken.set()
    thread.join()
    assert [frame.index for frame in first] == [0, 1]
