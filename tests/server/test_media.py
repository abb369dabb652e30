import io
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image

from momentvos.errors import MomentVOSError, VideoError
from momentvos.media.video import Video
from momentvos.server.inspection import inspect
from momentvos.server.settings import Limits

pytest.importorskip("sqlalchemy", reason="the extra `web` is not installed")
from momentvos.server.media import Media

WIDE = {"pixels": 1e9, "frames": 1e6, "video_seconds": 1e6}


@pytest.fixture
def media():
    made = Media(Limits(readers=1))
    yield made
    made.close()


@pytest.fixture
def stored(tmp_path, clip):
    """The clip as the server keeps it: without a suffix, in a folder of hexadecimal digits."""
    folder = tmp_path / "0af3"
    folder.mkdir()
    path = folder / "source"
    path.write_bytes(clip.read_bytes())
    return path


def test_facts_on_a_video(clip):
    facts = inspect(clip, WIDE)
    video = Video.open(clip)
    assert (facts["width"], facts["height"], facts["frames"]) == (64, 48, 6)
    assert facts["times"] == pytest.approx(video.times)
    assert facts["duration"] == pytest.approx(video.duration)


@pytest.mark.parametrize(
    ("limit", "value", "says"),
    [
        ("pixels", 3000, "3,072 pixels"),
        ("frames", 5, "6 frames"),
        ("video_seconds", 0.5, "seconds"),
    ],
)
def test_limits_hold_before_a_frame_is_decoded(clip, monkeypatch, limit, value, says):
    def decoded(*_):
        raise AssertionError("it was decoded")

    monkeypatch.setattr(Video, "open", decoded)
    with pytest.raises(VideoError, match=says):
        inspect(clip, WIDE | {limit: value})


def test_pictures_have_limits_too(tmp_path):
    path = tmp_path / "source"
    Image.new("RGB", (300, 200)).save(path, "PNG")
    assert inspect(path, WIDE)["frames"] == 1
    with pytest.raises(VideoError, match="60,000 pixels"):
        inspect(path, WIDE | {"pixels": 50_000})


@pytest.mark.parametrize(
    "content",
    [
        b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nm=video 5004 RTP/AVP 96\r\n",
        b"1\n00:00:00,000 --> 00:00:01,000\nhello\n",
        b"\0" * 5000,
        bytes(range(256)) * 20,
        b"PK\x03\x04" + b"x" * 500,
        b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
        b"RIFF\xff\xff\xff\xffWEBPVP8X",
        b"\0\0\0\x20ftypisom" + b"\0" * 100,
        b"<?xml version='1.0'?><MPD><Period/></MPD>",
    ],
)
def test_what_is_no_video_is_refused_in_one_sentence(tmp_path, content):
    path = tmp_path / "source"
    path.write_bytes(content)
    with pytest.raises(VideoError):
        inspect(path, WIDE)


def test_an_inspection_runs_elsewhere_and_names_the_video_as_its_user_does(media, stored):
    assert media.inspect(stored, "mine.mp4")["frames"] == 6
    stored.write_bytes(b"no video at all")
    with pytest.raises(MomentVOSError, match=r"mine\.mp4") as caught:
        media.inspect(stored, "mine.mp4")
    assert str(stored) not in str(caught.value)


def test_a_video_that_takes_too_long_or_too_much_is_given_up(stored):
    hasty = Media(Limits(probe_seconds=0.05))
    with pytest.raises(VideoError, match="too long"):
        hasty.inspect(stored, "mine.mp4")
    poor = Media(Limits(media_bytes=30 << 20))
    with pytest.raises(MomentVOSError, match=r"mine\.mp4"):
        poor.inspect(stored, "mine.mp4")


def test_frames_by_number_are_exact_in_any_order(media, stored):
    truth = [frame.rgb for frame in Video.open(stored).frames()]
    for number in (3, 4, 5, 0, 0, 2, 1, 5):
        content = media.frame(stored, "mine.mp4", number, "png", None)
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(content))), truth[number])


def test_frames_come_in_three_formats_and_smaller(media, stored):
    for form in ("webp", "jpeg", "png"):
        picture = Image.open(io.BytesIO(media.frame(stored, "mine.mp4", 1, form, 32)))
        assert (picture.format, picture.size) == (form.upper(), (32, 24))
    big = Image.open(io.BytesIO(media.frame(stored, "mine.mp4", 1, "png", 5000)))
    assert big.size == (64, 48)  # never larger than it is


def test_a_reader_that_is_lost_is_replaced(media, stored):
    media.frame(stored, "mine.mp4", 0, "png", None)
    media._readers[0]._child.end()
    with suppress(VideoError):  # the call that notices may be lost, and no other
        media.frame(stored, "mine.mp4", 1, "png", None)
    assert media.frame(stored, "mine.mp4", 3, "png", None)
