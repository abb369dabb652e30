"""Bytes without a path: read by ranges, and indexed as the file of the same bytes is."""

from pathlib import Path

import av
import numpy as np
import pytest

from momentvos.errors import ModelError
from momentvos.media import Video
from momentvos.media.blob import BLOCK, Blob
from momentvos.media.blob_video import open_blob
from momentvos.media.table import PacketTable

CASES = [
    ("libx264", "mp4", {"bf": "2", "g": "10"}),
    ("libx264", "mp4", {"movflags": "+faststart", "bf": "2", "g": "10"}),
    ("libx264", "mp4", {"movflags": "frag_keyframe+empty_moov", "g": "10"}),
    ("libvpx-vp9", "mp4", {"deadline": "realtime"}),
    ("mpeg4", "mp4", {"bf": "2"}),
    ("mjpeg", "mov", {}),
    ("mpeg2video", "mov", {"bf": "2"}),
    ("libx264", "matroska", {"bf": "2", "g": "10"}),
    ("mpeg2video", "mpegts", {"bf": "2"}),
]


def write(path: Path, codec: str, kind: str, options: dict, frames: int = 30) -> Path:
    """Noise, which no encoder makes small."""
    noise = np.random.default_rng(0)
    own = {"movflags": options["movflags"]} if "movflags" in options else {}
    with av.open(str(path), "w", format=kind, options=own) as out:
        rest = {name: value for name, value in options.items() if name not in own}
        stream = out.add_stream(codec, rate=12, options=rest)
        stream.width, stream.height, stream.bit_rate = 320, 240, 8_000_000
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for _ in range(frames):
            rgb = noise.integers(0, 255, (240, 320, 3), np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        out.mux(stream.encode(None))
    return path


class Counted:
    """A blob of a file that notes which bytes are fetched."""

    def __init__(self, path: Path) -> None:
        self.content, self.ranges = path.read_bytes(), []
        self.blob = Blob(path.name, len(self.content), self.fetch)

    def fetch(self, start: int, stop: int) -> bytes:
        self.ranges.append((start, stop))
        return self.content[start:stop]

    @property
    def count(self) -> int:
        return sum(stop - start for start, stop in self.ranges)


@pytest.mark.parametrize(("codec", "kind", "options"), CASES)
def test_it_is_indexed_and_decoded_as_the_file_is(codec, kind, options, tmp_path):
    path = write(tmp_path / f"a.{kind}", codec, kind, options)
    blob = Counted(path).blob
    assert PacketTable.read(blob) == PacketTable.read(path)
    video, wanted = open_blob(blob), Video.open(path)
    assert (video.times, video.fps, video.size) == (wanted.times, wanted.fps, wanted.size)
    assert video.notes == wanted.notes and video.is_here and video.facts.path == path.name
    for numbers in (range(30), [17, 25]):
        for one, other in zip(video.read(numbers), wanted.read(numbers), strict=True):
            assert one.index == other.index and np.array_equal(one.rgb, other.rgb)


@pytest.mark.parametrize("options", [{"g": "10"}, {"g": "10", "movflags": "+faststart"}])
def test_of_an_mp4_only_what_is_looked_at_is_fetched(options, tmp_path):
    path = write(tmp_path / "a.mp4", "mpeg4", "mp4", options, frames=240)
    counted = Counted(path)
    assert len(counted.content) > 8 * BLOCK
    video = open_blob(counted.blob)
    assert len(video) == 240 and counted.count <= 2 * BLOCK + BLOCK
    list(video.read(range(180, 190)))
    assert counted.count < len(counted.content) / 2
    assert len(set(counted.ranges)) == len(counted.ranges)  # none is fetched twice


def test_a_torn_file_is_noticed_as_on_disk(tmp_path):
    path = write(tmp_path / "a.mp4", "libx264", "mp4", {"movflags": "+faststart"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    video, wanted = open_blob(Counted(path).blob), Video.open(path)
    assert len(video) == len(wanted) < 30
    assert video.notes == wanted.notes != []


def test_a_fault_of_the_transfer_is_none_of_the_video(tmp_path):
    """What a lost connection raises must not pass for the end of the file."""
    path = write(tmp_path / "a.mkv", "mpeg4", "matroska", {"g": "10"}, frames=60)
    counted = Counted(path)
    assert len(counted.content) > 2 * BLOCK

    def torn(start: int, stop: int) -> bytes:
        if start >= BLOCK:
            raise ModelError("the line is cut")
        return counted.fetch(start, stop)

    with pytest.raises(ModelError, match="the line is cut"):
        open_blob(Blob("a.mkv", len(counted.content), torn))
