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
