"""Times of frames, and that each picture has its time, in containers with odd or no stamps."""

import random
import struct
from fractions import Fraction

import av
import numpy as np
import pytest

from momentvos.media import Video

TENTHS = [number / 10 for number in range(80)]


def check(path, number_of, times, within=0.0015):
    """The video, whose frames are numbered in order, have these times, and can be sought."""
    video = Video.open(path)
    frames = [frame.rgb for frame in video.frames()]
    assert [number_of(rgb) for rgb in frames] == list(range(len(times)))
    assert video.times == pytest.approx(times, abs=within)
    choose = random.Random(0)
    for _ in range(4):
        wanted = sorted(choose.sample(range(len(frames)), min(len(frames), 4)))
        for frame in video.read(wanted):
            assert np.array_equal(frame.rgb, frames[frame.index])
    return video


NO_STAMPS = {
    "deep.avi": {"options": {"g": "40", "bf": "8", "b-pyramid": "strict"}},
    "open.avi": {"options": {"g": "12", "bf": "3", "x264-params": "open-gop=1"}},
    "plain.avi": {"options": {"g": "12", "bf": "0"}},
    "mpeg4.avi": {"codec": "mpeg4", "options": {"g": "12", "bf": "2"}},
    "mpeg2.avi": {"codec": "mpeg2video", "fps": 25, "options": {"g": "12", "bf": "2"}},
    "h264.asf": {"options": {"g": "12", "bf": "3"}},
    "mpeg4.asf": {"codec": "mpeg4", "options": {"g": "12", "bf": "2"}},
    "raw.h264": {"fps": 8, "options": {"g": "12", "bf": "3"}},
    "raw.m2v": {"codec": "mpeg2video", "fps": 25, "options": {"bf": "2"}, "kind": "mpeg2video"},
    "raw.m4v": {"codec": "mpeg4", "fps": 25, "options": {"g": "12", "bf": "2"}},
}


@pytest.mark.parametrize("name", NO_STAMPS)
def test_the_decoders_order_where_a_container_has_no_stamps(film, number_of, name):
    how = NO_STAMPS[name]
    times = [number / how.get("fps", 10) for number in range(70)]
    assert check(film(name, 70, **how), number_of, times).notes == []


def test_packed_b_frames_of_divx(tmp_path, film, number_of):
    """A P-frame and the B-frame shown before it share a chunk; an empty frame follows."""
    source = film(
        "b.avi", 32, codec="mpeg4", fps=8, options={"g": "12", "bf": "1", "b_strategy": "0"}
    )
    with av.open(str(source)) as container:
        stream = container.streams.video[0]
        chunks = [bytes(packet) for packet in container.demux(stream) if packet.size]
        keys = [chunk for chunk in chunks if chunk[chunk.index(b"\0\0\1\xb6") + 4] >> 6 == 0]
        packed, number = [], 0
        while number < len(chunks):
            chunk, follower = chunks[number], chunks[number + 1 : number + 2]
            number += 1
            if chunk in keys:
                place = chunk.index(b"\0\0\1\xb6")
                chunk = chunk[:place] + b"\0\0\1\xb2DivX503b1393p\0" + chunk[place:]
            if follower and follower[0][4] >> 6 == 2:
                packed += [chunk + follower[0], b"\0\0\1\xb6\x5f\xe0\x3f"]
                number += 1
            else:
                packed.append(chunk)
        with av.open(str(tmp_path / "packed.avi"), "w") as target:
            copy = target.add_stream_from_template(stream)
            for number, chunk in enumerate(packed):
                packet = av.Packet(chunk)
                packet.pts = packet.dts = number
                packet.time_base, packet.stream = Fraction(1, 8), copy
                packet.is_keyframe = b"DivX" in chunk
                target.mux(packet)
    assert packed.count(b"\0\0\1\xb6\x5f\xe0\x3f") > 10
    times = [number / 8 for number in range(32)]
    assert check(tmp_path / "packed.avi", number_of, times).notes == []


def restamp_mkv(path, change):
    """Change the time stamps of a small mkv in place; change: map of milliseconds."""
    data = bytearray(path.read_bytes())

    def number(place, marked=False):
        length = 9 - data[place].bit_length()
        value = int.from_bytes(data[place : place + length], "big")
        return value if marked else value & (1 << 7 * length) - 1, place + length

    def walk(place, end):
        while place < end:
            name, place = number(place, marked=True)
            size, place = number(place)
            size = min(size, end - place)
            if name in (0x18538067, 0x1F43B675, 0xA0):  # Segment, Cluster, BlockGroup
                walk(place, place + size)
            elif name in (0xA3, 0xA1):  # SimpleBlock, Block
                _track, field = number(place)
                (stamp,) = struct.unpack_from(">h", data, field)
                struct.pack_into(">h", data, field, change(stamp))
            place += size

    walk(0, len(data))
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("b_frames", ["0", "2"])
@pytest.mark.parametrize("wrong", [(20,), (1,), (39,), (5, 20, 21, 33)], ids=str)
@pytest.mark.parametrize("shift", [-100, -700, 700])
def test_a_wrong_stamp_moves_its_frame_only(film, number_of, wrong, shift, b_frames):
    if wrong == (39,) and shift > 0:
        pytest.skip("a last frame that comes late is no contradiction")
    path = film("a.mkv", 40, options={"g": "12", "bf": b_frames})
    restamp_mkv(path, lambda stamp: stamp + shift if stamp // 100 in wrong else stamp)
    within = 0.1001 if shift == -100 else 0.0015  # a repeated stamp stays where it is, or nearly
    video = check(path, number_of, TENTHS[:40], within)
    right = [number for number in range(40) if number not in wrong]
    assert [video.times[n] for n in right] == pytest.approx([TENTHS[n] for n in right], abs=0.0015)
    if shift == -100:
        assert video.times[wrong[0]] == pytest.approx(TENTHS[wrong[0] - 1] + 0.001)
    moved = 3 if shift == -100 and len(wrong) == 4 else len(wrong)
    assert video.notes == [f"time stamps: {moved} are missing or out of order, and estimated"]


@pytest.mark.parametrize("kind", ["mp4", "mov", "nut"])
@pytest.mark.parametrize("b_frames", ["0", "2"])
@pytest.mark.parametrize("stamp", [1.9, 0.5, 2.75])
def test_a_wrong_stamp_beside_right_ones_of_decoding(
    tmp_path, film, number_of, kind, b_frames, stamp
):
    source = film("a.mkv", 40, options={"g": "12", "bf": b_frames})
    path = tmp_path / f"wrong.{kind}"
    with av.open(str(source)) as container, av.open(str(path), "w") as target:
        copy = target.add_stream_from_template(container.streams.video[0])
        for count, packet in enumerate(container.demux(video=0)):
            if packet.size:
                number = round(packet.pts * packet.time_base * 10)
                packet.time_base, packet.stream = Fraction(1, 1000), copy
                packet.pts = round(1000 * stamp) if number == 20 else 100 * number
                packet.dts, packet.duration = 100 * count - 2000, 100
                target.mux(packet)
    times = TENTHS[:40]
    if stamp == TENTHS[19]:
        times[20] = stamp + 0.001
    assert check(path, number_of, times).notes != []


def test_stamps_that_are_all_the_same_give_way_to_the_rate(film, number_of):
    path = restamp_mkv(film("a.mkv", 40, options={"bf": "2"}), lambda stamp: 0)
    assert check(path, number_of, TENTHS[:40]).notes == [
        "time stamps are unusable: frames follow at the file's rate"
    ]


@pytest.mark.parametrize("b_frames", ["0", "2"])
@pytest.mark.parametrize("wrong", [{30}, {1}, {39}, {7, 30, 31}], ids=str)
def test_stamps_that_are_missing(tmp_path, talkie, restamped, number_of, wrong, b_frames):
    path = talkie(tmp_path / "a.ts", 40, options={"g": "10", "bf": b_frames}, beeps=())
    path.write_bytes(
        restamped(path.read_bytes(), False, lambda n, pts, dts: None if n in wrong else (pts, dts))
    )
    check(path, number_of, TENTHS[:40])


JOINED = {
    "starts over": (0.0, 0.0),
    "hours later": (0.0, 7203.3),
    "hours earlier": (7200.0, 0.0),
    "a day later, past 33 bits": (100.0, 2**33 / 90_000 - 2.4),
}


@pytest.mark.parametrize("b_frames", [("2", "2"), ("0", "3")], ids=str)
@pytest.mark.parametrize("case", JOINED)
def test_joined_transport_streams(tmp_path, talkie, number_of, case, b_frames):
    parts = [
        talkie(tmp_path / f"{n}.ts", first=20 * n, at=at, options={"g": "10", "bf": b}).read_bytes()
        for n, (at, b) in enumerate(zip(JOINED[case], b_frames, strict=True))
    ]
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(parts))
    assert check(path, number_of, TENTHS[:40]).notes == []


@pytest.mark.parametrize("b_frames", ["0", "2"])
@pytest.mark.parametrize("case", ["starts over", "hours later", "hours earlier"])
def test_joined_program_streams(tmp_path, talkie, number_of, case, b_frames):
    """Their stamps are few; FFmpeg guesses the others, across the joint and after a seek."""
    how = {"fps": 25, "codec": "mpeg2video", "sound": "mp2", "options": {"g": "12", "bf": b_frames}}
    parts = [
        talkie(tmp_path / f"{n}.mpg", 50, first=50 * n, at=at, **how).read_bytes()
        for n, at in enumerate(JOINED[case])
    ]
    for path, count in ((tmp_path / "0.mpg", 50), (tmp_path / "joined.mpg", 100)):
        path.write_bytes(b"".join(parts[: count // 50]))
        check(path, number_of, [number / 25 for number in range(count)])


def test_a_clock_that_passes_33_bits(tmp_path, talkie, number_of):
    check(talkie(tmp_path / "a.ts", 40, at=2**33 / 90_000 - 2.5), number_of, TENTHS[:40])


@pytest.mark.parametrize("jump", [-3.9, 3600], ids=str)
def test_only_the_pictures_clock_jumps(tmp_path, talkie, restamped, number_of, jump):
    path = talkie(tmp_path / "a.ts", 80)
    path.write_bytes(
        restamped(
            path.read_bytes(),
            False,
            lambda n, *stamps: [round(s + (n >= 40) * jump * 90_000) for s in stamps],
        )
    )
    check(path, number_of, TENTHS)


def test_a_hole_that_the_sound_bridges_stays(tmp_path, talkie, restamped, number_of):
    path = talkie(tmp_path / "a.ts", 40, seconds=20)
    path.write_bytes(
        restamped(
            path.read_bytes(),
            False,
            lambda n, *stamps: [s + (n >= 20) * 15 * 90_000 for s in stamps],
        )
    )
    check(path, number_of, [time + 15 * (time >= 2) for time in TENTHS[:40]])


@pytest.mark.parametrize("cut", [5, 14, 16, 24, 37, 58])
@pytest.mark.parametrize("share", [0, 0.5])
def test_a_truncated_file_gives_every_whole_frame(film, number_of, cut, share):
    path = film("a.mp4", 60, options={"g": "12", "bf": "0"}, container={"movflags": "faststart"})
    with av.open(str(path)) as container:
        place, size = [(p.pos, p.size) for p in container.demux(video=0) if p.size][cut]
    path.write_bytes(path.read_bytes()[: place + int(size * share)])
    video = check(path, number_of, TENTHS[:cut])
    assert video.notes == [f"truncated: {cut} of 60 frames decode"]


@pytest.mark.parametrize("hurt", [(25,), (25, 40), (59,), (25, 26, 27)], ids=str)
@pytest.mark.parametrize("codec", ["mjpeg", "png", "libx264"])
def test_good_frames_around_damage_are_kept(film, number_of, hurt, codec):
    formats = {"mjpeg": "yuvj444p", "png": "rgb24"}
    path = film(
        "a.mov",
        60,
        codec=codec,
        pix_fmt=formats.get(codec, "yuv420p"),
        options={"g": "1", "bf": "0"},
    )
    with av.open(str(path)) as container:
        places = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    data = bytearray(path.read_bytes())
    for number in hurt:
        place, size = places[number]
        data[place : place + size] = bytes(size)
    path.write_bytes(data)
    video = Video.open(path)
    numbers = [number_of(frame.rgb) for frame in video.frames()]
    good = [number for number in range(60) if number not in hurt]
    assert [numbers[number] for number in good] == good
    assert video.notes == [f"damaged: {len(hurt)} frames repeat the one before them"]
    assert [number_of(frame.rgb) for frame in video.read([24, 28, 58])] == [24, 28, 58]
