"""Small real videos, each frame painted with its own number."""

from fractions import Fraction

import av
import numpy as np
import pytest

BITS = 8


def paint(number, size=(32, 64), channels=3):
    """A picture whose eight vertical stripes are the bits of `number`, lowest first."""
    height, width = size
    stripes = np.arange(width) * BITS // width
    bright = (number >> stripes) & 1
    picture = np.where(bright, 220, 35).astype(np.uint8)
    return np.repeat(np.repeat(picture[None, :, None], height, 0), channels, 2)


def read_number(rgb):
    """The number painted on a decoded picture."""
    width = rgb.shape[1]
    columns = [(2 * bit + 1) * width // (2 * BITS) for bit in range(BITS)]
    stripes = rgb[:, columns].mean((0, 2))
    return sum(1 << bit for bit in range(BITS) if stripes[bit] > 128)


def write_film(
    path,
    frames=10,
    *,
    codec="libx264",
    pix_fmt="yuv420p",
    size=(32, 64),
    fps=10,
    stamps=None,
    unit=None,
    rotation=None,
    options=None,
    container=None,
    sound=None,
    pictures=None,
    source="rgb24",
    kind=None,
    ready=None,
    metadata=None,
):
    """Encode numbered frames, `pictures` or `ready` frames, at `fps` or at stamps of `unit` s."""
    height, width = size
    with av.open(str(path), "w", format=kind, options=container or {}) as target:
        stream = target.add_stream(codec, rate=fps, options=options or {})
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        stream.metadata.update(metadata or {})
        if unit is not None:
            stream.codec_context.time_base = stream.time_base = unit
        if rotation is not None:
            stream.set_display_rotation(rotation)
        voice = None
        if sound is not None:
            voice = target.add_stream(sound, rate=48000, layout="mono")
        for number in range(frames):
            if ready is None:
                picture = paint(number, size) if pictures is None else pictures[number]
                frame = av.VideoFrame.from_ndarray(picture, format=source)
            else:
                frame = ready[number]
            if ready is None and source == "rgb24" != pix_fmt:
                frame = frame.reformat(format=pix_fmt)
            frame.pts = number if stamps is None else stamps[number]
            frame.time_base = unit or Fraction(1, fps)
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
        if voice is not None:
            _hum(target, voice, frames / fps)
    return path


def _hum(target, voice, seconds):
    size = voice.codec_context.frame_size or 1024
    for start in range(0, int(seconds * 48000), size):
        wave = np.sin(np.arange(start, start + size) * 0.05, dtype=np.float32)[None] * 0.3
        chunk = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
        chunk.sample_rate, chunk.pts, chunk.time_base = 48000, start, Fraction(1, 48000)
        for part in av.AudioResampler(voice.codec_context.format.name).resample(chunk):
            target.mux(voice.encode(part))
    target.mux(voice.encode(None))


def write_talkie(
    path,
    frames=20,
    *,
    first=0,
    fps=10,
    codec="libx264",
    options=None,
    sound="aac",
    rate=48000,
    layout="mono",
    beeps=(0, 1),
    tracks=({},),
    seconds=None,
    kind=None,
    at=0.0,
    moved=lambda packet, second: second,
):
    """Numbered frames with a tenth of a second of tone at each of the seconds `beeps`.

    first: number of the first frame. at: second at which the file's clock begins.
    moved: map of a sound packet's number and second to the second it is stamped with, or None to
    leave it out. tracks: metadata of each sound track.
    """
    with av.open(str(path), "w", format=kind) as target:
        picture = target.add_stream(codec, rate=fps, options=options or {"g": "10", "bf": "0"})
        picture.width, picture.height, picture.pix_fmt = 64, 32, "yuv420p"
        packets = []
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(paint(first + number), format="rgb24")
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            packets += picture.encode(frame)
        packets += picture.encode(None)
        for packet in packets:
            packet.pts = round((packet.pts * packet.time_base + Fraction(at)) * 90_000)
            packet.dts = round((packet.dts * packet.time_base + Fraction(at)) * 90_000)
            packet.duration, packet.time_base = 90_000 // fps, Fraction(1, 90_000)
        for tags in tracks:
            voice = target.add_stream(sound, rate=rate, layout=layout)
            voice.disposition = tags.get("disposition", 0)
            voice.metadata.update({k: v for k, v in tags.items() if k != "disposition"})
            packets += _beeping(voice, rate, layout, beeps, seconds or frames / fps, at, moved)
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            target.mux(packet)
    return path


def _beeping(voice, rate, layout, beeps, seconds, at, moved):
    """Packets of tones, one of another pitch in each channel."""
    time = np.arange(round(seconds * rate)) / rate
    on = np.any([(time >= beep) & (time < beep + 0.1) for beep in beeps], axis=0)
    pitches = 500 * (1 + np.arange(av.AudioLayout(layout).nb_channels))[:, None]
    wave = (0.5 * on * np.sin(2 * np.pi * pitches * time)).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(wave.T.reshape(1, -1), format="flt", layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    size = voice.codec_context.frame_size or 1024
    resampler = av.AudioResampler(voice.codec_context.format.name, layout, rate, frame_size=size)
    encoded = []
    for part in [*resampler.resample(frame), *resampler.resample(None)]:
        encoded += voice.encode(part)
    packets = []
    for number, packet in enumerate(encoded + voice.encode(None)):
        second = moved(number, float(packet.pts * packet.time_base))
        if second is not None:
            packet.pts = packet.dts = round((second + at) * 90_000)
            packet.duration, packet.time_base = round(size / rate * 90_000), Fraction(1, 90_000)
            packet.stream = voice
            packets.append(packet)
    return packets


def read_beeps(path, track=0):
    """Seconds at which a sound track becomes loud after silence."""
    loud = []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=track):
            part = av.AudioResampler("flt").resample(frame)[0]
            level = np.abs(part.to_ndarray()).reshape(frame.samples, -1).max(1)
            loud += list(frame.time + np.flatnonzero(level > 0.1) / frame.sample_rate)
    return [two for one, two in zip([-1.0, *loud], loud, strict=False) if two - one > 0.25]


def restamp_ts(data, sound, change):
    """A transport stream whose stamps are changed, of its sound or of its pictures.

    change: map of a packet's number and its (pts, dts) in 1/90000 s to new ones, None for none.
    """
    data, number = bytearray(data), 0
    for start in range(0, len(data) - 187, 188):
        place = start + 4
        if data[start + 3] & 0x20:
            place += 1 + data[place]
        begins = data[start + 1] & 0x40 and data[place : place + 3] == b"\0\0\1"
        if not begins or data[place + 3] not in (range(0xC0, 0xE0) if sound else range(0xE0, 0xF0)):
            continue
        places = [place + 9, place + 14][: max((data[place + 7] >> 6) - 1, 0)]
        stamps = [_stamp(data[at : at + 5]) for at in places]
        new = change(number, stamps[0], stamps[-1])
        number += 1
        if new is None:
            end = place + 9 + data[place + 8]
            data[place + 7] &= 0x3F
            data[place + 9 : end] = b"\xff" * (end - place - 9)
            continue
        for at, stamp in zip(places, new, strict=False):
            data[at] = data[at] & 0xF1 | stamp >> 29 & 0x0E
            rest = (
                stamp >> 22 & 255,
                stamp >> 14 & 254 | 1,
                stamp >> 7 & 255,
                stamp << 1 & 254 | 1,
            )
            data[at + 1 : at + 5] = bytes(rest)
    return bytes(data)


def _stamp(field):
    high, low = int.from_bytes(field[1:3], "big") >> 1, int.from_bytes(field[3:5], "big") >> 1
    return (field[0] >> 1 & 7) << 30 | high << 15 | low


@pytest.fixture(scope="session")
def talkie():
    return write_talkie


@pytest.fixture(scope="session")
def beeps_of():
    return read_beeps


@pytest.fixture(scope="session")
def restamped():
    return restamp_ts


@pytest.fixture
def film(tmp_path):
    """film(name, frames=10, **how) writes a small video into tmp_path; see `write_film`."""
    return lambda name, *args, **how: write_film(tmp_path / name, *args, **how)


@pytest.fixture(scope="session")
def write_film_to():
    return write_film


@pytest.fixture(scope="session")
def number_of():
    return read_number


@pytest.fixture(scope="session")
def painted():
    return paint
