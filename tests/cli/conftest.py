"""A small model with random weights, clips of every kind, and two ways to call the program."""

import os
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner


@pytest.fixture
def cli(monkeypatch, tmp_path):
    """Call the program in this process, in an empty folder: cli("run", ...) -> Result."""
    from momentvos.cli.main import app

    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    return lambda *words: runner.invoke(app, [str(word) for word in words])


@pytest.fixture
def program(tmp_path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Call the program as a user does, in a process of its own."""

    def call(*words, **options):
        return subprocess.run(
            [sys.executable, "-m", "momentvos", *map(str, words)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            timeout=300,
            **options,
        )

    return call


@pytest.fixture(scope="session")
def small_model(tmp_path_factory) -> Path:
    """A folder with a tiny TGL of random weights that calls everything found."""
    import torch

    from momentvos.systems.tgl.model import TglModel
    from momentvos.systems.tgl.presets import tgl_config
    from momentvos.text import train_tokenizer

    torch.manual_seed(0)
    tokenizer = train_tokenizer(["the dog that jumps, then turns back", "two cats that spin"])
    model = TglModel(tgl_config("mini", presence_threshold=0.0, selection=None, gate=False))
    model.tokenizer = tokenizer
    folder = tmp_path_factory.mktemp("models") / "small"
    model.save_pretrained(folder)
    return folder


def _pictures(count: int, size: tuple[int, int]):
    width, height = size
    rows, columns = np.mgrid[:height, :width]
    for number in range(count):
        picture = np.zeros((height, width, 3), np.uint8)
        picture[..., 0] = columns * 255 // max(width - 1, 1)
        picture[..., 1] = rows * 255 // max(height - 1, 1)
        left = number * width // max(count, 1)
        picture[height // 3 : height // 3 * 2 + 1, left : left + width // 4 + 1] = 255
        yield picture


@pytest.fixture(scope="session")
def write_clip() -> Callable[..., Path]:
    """Write a video: write_clip(path, frames=12, size=(64, 48), fps=8, ...) -> path."""

    def write(
        path: Path,
        frames: int = 12,
        size: tuple[int, int] = (64, 48),
        fps: int = 8,
        codec: str = "libx264",
        pixels: str = "yuv420p",
        sound: bool = False,
        times: list[int] | None = None,
        options: dict[str, str] | None = None,
    ) -> Path:
        import av

        with av.open(str(path), "w") as out:
            if frames:
                stream = out.add_stream(codec, rate=fps, options=options or {})
                stream.width, stream.height, stream.pix_fmt = *size, pixels
                stream.codec_context.time_base = Fraction(1, 1000)
            if sound:
                audio = out.add_stream("aac", rate=16000, layout="mono")
            for number, picture in enumerate(_pictures(frames, size)):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pixels)
                frame.pts = times[number] if times else number * 1000 // fps
                frame.time_base = Fraction(1, 1000)
                out.mux(stream.encode(frame))
            if frames:
                out.mux(stream.encode(None))
            if sound:
                wave = np.sin(np.arange(16000) / 9).astype(np.float32)[None]
                for start in range(0, 16000, 1024):
                    block = np.ascontiguousarray(wave[:, start : start + 1024])
                    chunk = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
                    chunk.sample_rate, chunk.pts = 16000, start
                    out.mux(audio.encode(chunk))
                out.mux(audio.encode(None))
        return path

    return write


@pytest.fixture(scope="session")
def clip(write_clip, tmp_path_factory) -> Path:
    """Twelve frames at 8 frames per second, 64 x 48, with sound."""
    return write_clip(tmp_path_factory.mktemp("clips") / "clip.mp4", sound=True)
