"""Sound of the overlay: at its times, whole, with its channels and its names."""

import av
import numpy as np
import pytest

from momentvos.media import Video, VideoWriter

RECODED = {"pcm_s16le": "mkv", "mp2": "mkv", "libmp3lame": "mkv"}
COPIED = {"aac": "mkv", "flac": "mkv", "libopus": "mkv", "ac3": "mkv"}
KINDS = {**RECODED, **COPIED}


def overlay(path):
    """The file written anew, as by `momentvos run`."""
    video = Video.open(path)
    out = path.with_name("overlay.mp4")
    with VideoWriter.like(video, out) as writer:
        for frame in video.frames():
            writer.write(frame.rgb)
    written = Video.open(out)
    assert written.times == pytest.approx(video.times, abs=1e-4)
    return out


@pytest.fixture
def heard(tmp_path, talkie, beeps_of):
    """heard(codec, **how): beeps of the overlay of a file whose sound has this codec."""

    def make(codec, kind="mkv", **how):
        path = talkie(tmp_path / f"a.{kind}", sound=codec, **how)
        return beeps_of(overlay(path))

    return make


@pytest.mark.parametrize("codec", KINDS)
def test_gaps_stay(heard, codec):
    later = {"moved": lambda number, second: second + 0.7 * (second >= 1.5)}
    times = heard(codec, frames=50, seconds=4, beeps=(0, 1, 2, 3), **later)
    assert times == pytest.approx([0, 1, 2.7, 3.7], abs=0.02)


@pytest.mark.parametrize("codec", KINDS)
def test_packets_that_are_missing_leave_silence(heard, codec):
    lost = {"moved": lambda number, second: None if 0.5 < second < 0.9 else second}
    assert heard(codec, frames=30, beeps=(0, 1, 2), **lost) == pytest.approx([0, 1, 2], abs=0.02)


@pytest.mark.parametrize("codec", KINDS)
def test_a_part_that_is_there_twice_is_cut(heard, codec):
    lap = {"moved": lambda number, second: second - 1 * (second >= 1.5)}
    times = heard(codec, frames=40, beeps=(0, 1, 2, 3), **lap)
    assert times == pytest.approx([0, 1, 2], abs=0.025)


@pytest.mark.parametrize("codec", KINDS)
def test_sound_that_begins_after_the_picture(heard, codec):
    late = {"moved": lambda number, second: second + 0.5}
    assert heard(codec, **late) == pytest.approx([0.5, 1.5], abs=0.02)


@pytest.mark.parametrize("codec", KINDS)
def test_a_gap_before_the_picture_costs_nothing_after_it(heard, codec):
    early = {"moved": lambda number, second: second - 0.3 * (number == 0), "at": 2.0}
    assert heard(codec, beeps=(0.1, 1), **early) == pytest.approx([0.1, 1], abs=0.02)


def test_an_incomplete_packet_at_the_end_is_left_out(tmp_path, film):
    path = film("a.mp4", 20, sound="aac", container={"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[:-100])
    with av.open(str(overlay(path))) as container:
        assert len(list(container.decode(audio=0))) > 80  # none of which raises


@pytest.mark.parametrize("codec", ["mp2", "ac3"])
def test_damaged_packets_become_silence(tmp_path, talkie, beeps_of, codec):
    path = talkie(tmp_path / "a.mkv", 40, sound=codec, beeps=(0, 1, 2, 3))
    with av.open(str(path)) as container:
        packets = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    data = path.read_bytes()
    for packet in packets[20:24]:
        place = data.index(packet, data.index(packets[18]) + 1)
        data = data[:place] + b"\xff" * len(packet) + data[place + len(packet) :]
    path.write_bytes(data)
    assert beeps_of(overlay(path)) == pytest.approx([0, 1, 2, 3], abs=0.02)


@pytest.mark.parametrize("codec", ["aac", "mp2"])
@pytest.mark.parametrize("shift", [1000, 3, -3])
def test_one_wrong_stamp_of_sound_changes_nothing(
    tmp_path, talkie, restamped, beeps_of, codec, shift
):
    path = talkie(tmp_path / "a.ts", 80, sound=codec, beeps=range(8), at=5.0)
    data = restamped(
        path.read_bytes(), True, lambda n, *s: [x + (n == 20) * shift * 90_000 for x in s]
    )
    path.write_bytes(data)
    assert beeps_of(overlay(path)) == pytest.approx(range(8), abs=0.02)


@pytest.mark.parametrize(
    ("kind", "codec"), [("ts", "aac"), ("ts", "mp2"), ("ts", "ac3"), ("mpg", "mp2"), ("mpg", "ac3")]
)
@pytest.mark.parametrize("at", [(0.0, 0.0), (0.0, 7203.3), (7200.0, 0.0)], ids=str)
def test_joined_streams_keep_both_sounds(tmp_path, talkie, beeps_of, kind, codec, at):
    how = {"frames": 50, "fps": 25, "codec": "mpeg2video"} if kind == "mpg" else {}
    parts = [
        talkie(tmp_path / f"{n}.{kind}", sound=codec, at=a, **how).read_bytes()
        for n, a in enumerate(at)
    ]
    path = tmp_path / f"joined.{kind}"
    path.write_bytes(b"".join(parts))
    assert beeps_of(overlay(path)) == pytest.approx([0, 1, 2, 3], abs=0.02)


@pytest.mark.parametrize("jump", [-3.9, 3600])
@pytest.mark.parametrize("sound", [True, False])
def test_one_clock_of_two_jumps(tmp_path, talkie, restamped, beeps_of, jump, sound):
    path = talkie(tmp_path / "a.ts", 80, beeps=range(8), at=5.0)
    middle = (1.4 + 5 + 4) * 90_000
    data = restamped(
        path.read_bytes(),
        sound,
        lambda n, *stamps: [round(s + (stamps[0] >= middle) * jump * 90_000) for s in stamps],
    )
    path.write_bytes(data)
    assert beeps_of(overlay(path)) == pytest.approx(range(8), abs=0.025)


@pytest.mark.parametrize("video", ["libx264", "mpeg4"])
def test_the_sound_of_an_avi_is_in_step(tmp_path, beeps_of, video):
    """The picture is white while the tone sounds."""
    path = tmp_path / "flash.avi"
    with av.open(str(path), "w") as target:
        stream = target.add_stream(video, rate=25, options={"bf": "2", "g": "25"})
        stream.width, stream.height, stream.pix_fmt = 64, 32, "yuv420p"
        voice = target.add_stream("pcm_s16le", rate=48000, layout="mono")
        packets = []
        for number in range(75):
            white = 25 <= number < 28
            gray = np.full((32, 64, 3), 235 if white else number % 20, np.uint8)
            frame = av.VideoFrame.from_ndarray(gray, format="rgb24").reformat(format="yuv420p")
            frame.pts = number
            packets += stream.encode(frame)
            tone = 12_000 * white * np.sin(np.arange(1920) * 0.13)
            sound = av.AudioFrame.from_ndarray(tone.astype(np.int16)[None], "s16", "mono")
            sound.sample_rate, sound.pts = 48000, number * 1920
            packets += voice.encode(sound)
        for packet in packets + stream.encode(None):
            target.mux(packet)
    white = [frame.index for frame in Video.open(path).frames() if frame.rgb.mean() > 150]
    assert white == [25, 26, 27]
    assert beeps_of(overlay(path)) == pytest.approx([1.0], abs=0.01)


LAYOUTS = {"stereo": 2, "3.0": 3, "quad": 4, "5.0(side)": 5, "5.1": 6, "5.1(side)": 6, "6.1": 7}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_channels_are_kept_in_order(tmp_path, talkie, layout):
    path = talkie(tmp_path / "a.mkv", sound="pcm_s16le", layout=layout, beeps=np.arange(0, 2, 0.1))
    with av.open(str(overlay(path))) as container:
        stream = container.streams.audio[0]
        assert stream.codec_context.name == "aac"
        assert stream.codec_context.layout.nb_channels == LAYOUTS[layout]
        wave = np.concatenate([frame.to_ndarray() for frame in container.decode(stream)], 1)
    loudest = np.abs(np.fft.rfft(wave[:, 24_000:72_000])).argmax(1)  # 1 Hz per bin
    bass = 3 if ".1" in layout else None
    for channel in range(len(loudest)):
        if channel != bass:
            assert loudest[channel] == pytest.approx(500 * (channel + 1), abs=2)


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
def test_names_and_places_of_tracks_are_kept(tmp_path, talkie, codec):
    tracks = [
        {"language": "deu", "title": "Ton"},
        {"language": "jpn", "disposition": 1},
        {"language": "fra", "title": "Kommentar", "disposition": 64},
    ]
    path = talkie(tmp_path / "a.mkv", sound=codec, tracks=tracks)
    with av.open(str(overlay(path))) as container:
        streams = container.streams.audio
        assert [stream.language for stream in streams] == ["deu", "jpn", "fra"]
        assert [int(stream.disposition) for stream in streams] == [0, 1, 64]
        names = [stream.metadata["handler_name"] for stream in streams]
        assert (names[0], names[2]) == ("Ton", "Kommentar")


def test_a_broken_header_of_sound_does_not_spoil_the_overlay(tmp_path, talkie):
    """FLAC with a header that no mp4 takes."""
    path = talkie(tmp_path / "a.mkv", sound="flac")
    data = path.read_bytes()
    mark = data.index(b"fLaC")
    path.write_bytes(data[: mark + 4] + b"\xff" + data[mark + 5 :])
    overlay(path)
