"""Frames of a pipe as they come."""

import io
import itertools
import os
import threading
from fractions import Fraction

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


AVI = {
    "h264": ("libx264", {"g": "12", "bf": "3"}),
    "mpeg4": ("mpeg4", {"g": "12", "bf": "2"}),
    "mpeg2": ("mpeg2video", {"g": "12", "bf": "2"}),
    "mjpeg": ("mjpeg", {}),
}


@pytest.mark.parametrize("kind", AVI)
def test_b_frames_of_an_avi_come_in_order_at_their_times(film, number_of, kind):
    """An AVI has no stamps of presentation, and FFmpeg's guesses are wrong."""
    codec, options = AVI[kind]
    pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    path = film("a.avi", 40, codec=codec, fps=25, options=options, pix_fmt=pixels)
    with live_video(OneWay(path.read_bytes()), "stdin") as video:
        frames = list(video.frames)
    assert [number_of(frame.rgb) for frame in frames] == list(range(40))
    assert [frame.time for frame in frames] == pytest.approx([n / 25 for n in range(40)])


def test_a_repeated_stamp_changes_the_time_of_its_frame_alone(film, number_of):
    right = [number / 10 for number in range(20)]
    stamps = [round(1000 * time) for time in right]
    stamps[8] = stamps[7]
    path = film("a.mkv", 20, options={"bf": "0"})
    out = path.with_name("b.mkv")
    with av.open(str(path)) as source, av.open(str(out), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        packets = [packet for packet in source.demux(video=0) if packet.size]
        for packet, stamp in zip(packets, stamps, strict=True):
            packet.stream, packet.time_base = stream, Fraction(1, 1000)
            packet.pts = packet.dts = stamp
            target.mux(packet)
    with live_video(OneWay(out.read_bytes()), "stdin") as video:
        frames = list(video.frames)
    assert [number_of(frame.rgb) for frame in frames] == list(range(20))
    times = [frame.time for frame in frames]
    assert 0.7 < times.pop(8) <= 0.702
    assert times == pytest.approx(right[:8] + right[9:])


def test_a_label_that_is_no_text_is_no_obstacle(tmp_path):
    with av.open(str(tmp_path / "made"), "w", format="matroska") as out:
        out.metadata["title"] = "caf\u00e9"
        stream = out.add_stream("libx264", rate=8)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        out.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        out.mux(stream.encode(None))
    content = (tmp_path / "made").read_bytes()
    assert content.count(b"caf\xc3\xa9") == 1
    with live_video(OneWay(content.replace(b"caf\xc3\xa9", b"caf\xe9\xe9")), "stdin") as video:
        assert len(list(video.frames)) == 1


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
