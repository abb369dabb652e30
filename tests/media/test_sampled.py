"""Video files at a constant rate, against FFmpeg's own filter."""

from fractions import Fraction

import av
import av.filter
import numpy as np
import pytest

from momentvos.errors import VideoError
from momentvos.media import SampledVideo, Video


def write(path, stamps, base):
    """A file whose frame n is grey n * 5, at the given time stamps."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=24)
        stream.width = stream.height = 16
        stream.pix_fmt, stream.time_base = "gray", base
        stream.codec_context.time_base = base
        for number, stamp in enumerate(stamps):
            frame = av.VideoFrame.from_ndarray(np.full((16, 16), number * 5, np.uint8), "gray")
            frame.pts, frame.time_base = stamp, base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def by_ffmpeg(path, rate):
    """Grey of each frame that FFmpeg's filter `fps` gives."""
    shown = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        graph = av.filter.Graph()
        first, last = graph.add_buffer(template=stream), graph.add("buffersink")
        middle = graph.add("fps", f"fps={rate}")
        first.link_to(middle)
        middle.link_to(last)
        graph.configure()

        def drain():
            while True:
                try:
                    shown.append(int(graph.pull().to_ndarray()[0, 0]))
                except (BlockingIOError, EOFError):
                    return

        for frame in container.decode(stream):
            graph.push(frame)
            drain()
        graph.push(None)
        drain()
    return shown


STAMPS = {
    "24 a second": [round(1000 * n / 24) for n in range(40)],
    "30 a second": [round(1000 * n / 30) for n in range(45)],
    "25 a second": [40 * n for n in range(37)],
    "variable": [0, 10, 60, 250, 251, 400, 950, 1000, 1049, 1050, 1500],
    "slow": [0, 333, 666, 1000, 1333],
}


@pytest.mark.parametrize("rate", [10, 4, 30])
@pytest.mark.parametrize("name", list(STAMPS))
def test_the_frames_that_ffmpeg_takes(tmp_path, name, rate):
    path = write(tmp_path / "clip.mkv", STAMPS[name], Fraction(1, 1000))
    made = SampledVideo(Video.open(path), rate)
    grey = [int(frame.rgb[0, 0, 0]) for frame in made.frames()]
    assert len(grey) == len(made) and made.fps == rate
    wanted = by_ffmpeg(path, rate)
    end = min(len(grey), len(wanted))
    assert grey[:end] == wanted[:end]
    assert abs(len(grey) - len(wanted)) * 1000 / rate <= 500, "but for how long the last one lasts"


def test_times_are_those_of_the_rate(tmp_path):
    path = write(tmp_path / "clip.mkv", [40 * n for n in range(25)], Fraction(1, 1000))
    made = SampledVideo(Video.open(path), 10)
    assert len(made) == 10 and made.times[:3] == [0.0, 0.1, 0.2] and made.duration == 1.0
    assert made.notes == ["read at 10 frames a second: 10 of 25"]
    assert [frame.index for frame in made.read([1, 4, 9])] == [1, 4, 9]


def test_a_folder_and_a_rate_of_nothing_are_refused(tmp_path):
    path = write(tmp_path / "clip.mkv", [0, 40, 80], Fraction(1, 1000))
    video = Video.open(path)
    for rate in (0.0, -1.0, 1e-300, 1e300, float("nan"), float("inf")):
        with pytest.raises(VideoError, match="frames a second"):
            SampledVideo(video, rate)
    from PIL import Image

    (tmp_path / "frames").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "frames" / "0.png")
    with pytest.raises(VideoError, match="no clock"):
        SampledVideo(Video.open(tmp_path / "frames"), 10)
