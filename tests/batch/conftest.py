"""Small clips, and the program in a process of its own, for as many videos as it likes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest


@pytest.fixture(scope="session")
def write_clip():
    """Write a clip: write_clip(path, frames=4) -> path; a square that moves."""

    def write(path: Path, frames: int = 4) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(str(path), "w", format="mp4") as out:
            stream = out.add_stream("libx264", rate=8)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for number in range(frames):
                rgb = np.full((48, 64, 3), 90, np.uint8)
                rgb[16:32, 4 * number : 4 * number + 16] = (220, 40, 40)
                out.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
            out.mux(stream.encode(None))
        return path

    return write


@pytest.fixture
def clips(write_clip, tmp_path):
    """Make a folder of so many clips below the test's own: clips(3) -> folder."""

    def make(count: int, folder: str = "clips") -> Path:
        for number in range(count):
            write_clip(tmp_path / folder / f"{number}.mp4")
        return tmp_path / folder

    return make


@pytest.fixture
def start(tmp_path):
    """Start the program as a user does: start("batch", ...) -> a running process."""

    def call(*words, **options):
        return subprocess.Popen(
            [sys.executable, "-m", "momentvos", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            **options,
        )

    return call


@pytest.fixture(scope="session")
def lines():
    """The lines of a folder's manifests."""

    def read(folder: Path) -> list[dict]:
        paths = sorted(folder.glob("manifest*.jsonl"))
        return [json.loads(line) for path in paths for line in path.read_text().splitlines()]

    return read
