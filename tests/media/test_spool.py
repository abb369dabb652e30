"""Streams kept in a file, with a limit."""

import io
from pathlib import Path

import pytest

from momentvos.errors import VideoError
from momentvos.media.spool import BLOCK, blocks, readable, size, spool


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("1000", 1000),
        ("500MB", 500_000_000),
        ("1.5 gb", 1_500_000_000),
        ("2GiB", 2 << 30),
        ("8k", 8000),
        ("7B", 7),
    ],
)
def test_a_size(text, count):
    assert size(text) == count


@pytest.mark.parametrize("text", ["", "x", "-1", "0", "1.GBs", "1e9", "4 apples", "9" * 40])
def test_no_size(text):
    with pytest.raises(VideoError, match="no size"):
        size(text)


def test_readable():
    assert [readable(n) for n in (12, 1500, 4 * 10**9)] == ["12 bytes", "1.5 kB", "4 GB"]


def test_the_whole_stream_is_kept_and_told(tmp_path):
    content, told = bytes(range(256)) * 9000, []
    count = spool(blocks(io.BytesIO(content)), tmp_path / "x", 1 << 30, "The pipe", told.append)
    assert (tmp_path / "x").read_bytes() == content and count == len(content)
    assert told == [BLOCK, 2 * BLOCK, len(content)]


def test_no_more_than_the_limit_is_kept(tmp_path):
    def endless():
        while True:
            yield b"x" * BLOCK

    with pytest.raises(VideoError, match=r"The pipe has more than 3 MB; --input-limit"):
        spool(endless(), tmp_path / "x", 3_000_000, "The pipe")
    assert (tmp_path / "x").stat().st_size < 3_000_000 + BLOCK


def test_nothing_is_no_video(tmp_path):
    with pytest.raises(VideoError, match="is empty"):
        spool(iter(()), tmp_path / "x", 10, "The pipe")


def test_a_disk_without_room(tmp_path):
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full")

    class Full(type(tmp_path)):
        """A path whose file is the device that is always full."""

        def open(self, *_, **__):
            return full.open("wb", buffering=0)

    with pytest.raises(VideoError, match=r"cannot be kept .*TMPDIR"):
        spool([b"xx"], Full(tmp_path / "x"), 10, "The pipe")
