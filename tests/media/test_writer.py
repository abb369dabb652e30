from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest

from momentvos.errors import OutputError
from momentvos.media import Video, VideoWriter
from momentvos.media.clock import Clock


def picture(height, width, level=90):
    rgb = np.full((height, width, 3), 60, np.uint8)
    rgb[: height // 2, : width // 2] = (200, level, 30)
    return rgb


def write(path, size=(48, 64), count=6, **options):
    with VideoWriter(path, size, **options) as writer:
        for number in range(count):
            writer.write(picture(*size, level=20 * number % 256))
    return path


def tone(container, codec, rate, layout="mono", seconds=1.0):
    stream = container.add_stream(codec, rate=rate)
    stream.codec_context.layout = layout
    stream.codec_context.bit_rate = 64_000
    resampler = av.AudioResampler(
        stream.codec_context.format.name, layout, rate, stream.codec_context.frame_size or 1024
    )
    wave = (8000 * np.sin(np.arange(int(seconds * rate)) * 0.06)).astype(np.int16)[None]
    frame = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
    frame.rate, frame.pts = rate, 0
    packets, samples = [], 0
    for part in [*resampler.resample(frame), *resampler.resample(None)]:
        part.pts, samples = samples, samples + part.samples
        packets += stream.encode(part)
    return packets + stream.encode(None)


def source(path, codec, rate=48000, frames=25):
    """A second of picture at 25 frames/s with a second of sound."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        packets = []
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(48, 64), format="rgb24")
            frame.pts = number
            packets += stream.encode(frame)
        packets += stream.encode(None)
        for packet in [*packets, *tone(container, codec, rate)]:
            container.mux(packet)
    return path


def heard(path):
    """Codec, first second and length in seconds of the sound that decodes."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        frames = list(container.decode(stream))
        samples = sum(frame.samples for frame in frames)
        return stream.codec_context.name, frames[0].time, samples / stream.codec_context.sample_rate


def test_size_rate_length_and_colours_are_kept(tmp_path):
    path = write(tmp_path / "out.mp4", fps=Fraction(30000, 1001), count=30)
    video = Video.open(path)
    assert video.size == (48, 64)
    assert len(video) == 30
    assert video.fps == pytest.approx(30000 / 1001)
    assert video.times == pytest.approx([n * 1001 / 30000 for n in range(30)], abs=1e-9)
    assert video.durations[-1] == pytest.approx(1001 / 30000)
    first = next(video.frames()).rgb.astype(int)
    assert abs(first[4, 4] - (200, 0, 30)).max() < 12
    assert abs(first[40, 60] - 60).max() < 12


def test_it_is_what_browsers_play(tmp_path):
    with av.open(str(write(tmp_path / "out.mp4"))) as container:
        context = container.streams.video[0].codec_context
        assert context.pix_fmt == "yuv420p"
        if "libx264" in av.codecs_available:
            assert context.name == "h264"
    head = (tmp_path / "out.mp4").read_bytes()
    assert head.index(b"moov") < head.index(b"mdat")


@pytest.mark.parametrize("unit", [1000, 90_000, 1_000_000])
def test_uneven_times_are_kept_exactly(tmp_path, unit):
    times = [0.0, 0.04, 0.14, 0.173, 0.373, 0.423]
    path = write(tmp_path / "out.mp4", times=times, last=0.5, fps=6.5, time_base=Fraction(1, unit))
    video = Video.open(path)
    assert video.times == pytest.approx(times, abs=1e-9)
    assert video.durations == pytest.approx([*(b - a for a, b in pairwise(times)), 0.5])


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (2, 3), (47, 63), (1, 301)])
def test_odd_and_tiny_sizes_grow_by_a_repeated_pixel(tmp_path, size):
    video = Video.open(write(tmp_path / "out.mp4", size, count=2))
    assert video.size == (size[0] + size[0] % 2, size[1] + size[1] % 2)
    assert len(video) == 2


@pytest.mark.parametrize(
    ("name", "codec", "rate", "kept"),
    [
        ("clip.mp4", "aac", 44100, "aac"),
        ("clip.ts", "aac", 48000, "aac"),
        ("clip.mkv", "libopus", 48000, "opus"),
        ("clip.avi", "pcm_s16le", 22050, "aac"),
        ("clip.avi", "pcm_s16le", 7350, "aac"),
        ("clip.wmv", "wmav2", 44100, "aac"),
    ],
)
def test_sound_is_kept_or_coded_as_aac(tmp_path, name, codec, rate, kept):
    if codec not in av.codecs_available:
        pytest.skip(f"this FFmpeg has no {codec}")
    video = Video.open(source(tmp_path / name, codec, rate))
    with VideoWriter.like(video, tmp_path / "out.mp4") as writer:
        for frame in video.frames():
            writer.write(frame.rgb)
    codec_name, start, seconds = heard(tmp_path / "out.mp4")
    assert codec_name == kept
    assert abs(start) < 0.07
    assert seconds == pytest.approx(1.0, abs=0.12)
    written = Video.open(tmp_path / "out.mp4")
    assert written.times == pytest.approx(video.times, abs=1e-4)
    assert written.duration == pytest.approx(video.duration, abs=0.04)


def test_copied_sound_is_the_same_sound(tmp_path):
    clip = source(tmp_path / "clip.mp4", "aac")
    with VideoWriter.like(Video.open(clip), tmp_path / "out.mp4") as writer:
        for frame in Video.open(clip).frames():
            writer.write(frame.rgb)

    def packets(path):
        with av.open(str(path)) as container:
            return [bytes(packet) for packet in container.demux(audio=0) if packet.size]

    assert packets(tmp_path / "out.mp4") == packets(clip)


def test_sound_moves_with_the_picture(tmp_path):
    clip = source(tmp_path / "clip.mkv", "pcm_s16le")
    write(tmp_path / "out.mp4", fps=25, audio_from=clip, audio_clock=Clock(Fraction(-1, 2)))
    assert heard(tmp_path / "out.mp4")[1] == pytest.approx(0.5, abs=0.05)


def test_nothing_is_left_and_the_earlier_file_stays_when_it_fails(tmp_path):
    path = tmp_path / "out.mp4"
    path.write_bytes(b"earlier")
    for error in (RuntimeError, KeyboardInterrupt):
        with pytest.raises(error), VideoWriter(path, (48, 64)) as writer:
            writer.write(picture(48, 64))
            raise error
    with pytest.raises(ValueError, match="no frame"), VideoWriter(path, (48, 64)):
        pass
    with pytest.raises(ValueError, match="frame is"), VideoWriter(path, (48, 64)) as writer:
        writer.write(picture(48, 62))
    assert path.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_said_plainly(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "out.mp4", tmp_path / "none" / "out.mp4"):
        with pytest.raises(OutputError, match=r"out\.mp4' cannot be written"):
            write(path)
