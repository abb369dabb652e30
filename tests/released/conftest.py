"""What a converted checkpoint is compared by: pictures, weights and a tokenizer made by rules.

The authors' programs were given the same; the tests hold what they answered, as numbers alone.
"""

import hashlib
import math

import numpy as np
import pytest
import torch
from PIL import Image

SIZES = ((240, 320), (720, 1280))


def picture(time, height, width):
    """Frame `time` of a clip, uint8 [height, width, 3]: an even scene, and a square that moves."""
    rows, columns = np.mgrid[0:height, 0:width]
    phase = 0.4 * time
    channels = [
        128 + 100 * np.sin(rows / (0.05 * height * (k + 1)) + columns / (0.07 * width) + phase * k)
        for k in range(3)
    ]
    frame = np.clip(np.stack(channels, -1), 0, 255).astype(np.uint8)
    top, left = height // 4 + 2 * time, width // 8 + time * width // 24
    frame[top : top + height // 3, left : left + width // 4] = (220, 40 + 10 * time, 30)
    noise = np.random.default_rng(time).integers(0, 24, frame.shape, np.uint8)
    return np.clip(frame.astype(int) + noise, 0, 255).astype(np.uint8)


def drawn(name, shape):
    """The weight of that name in an official file, float32."""
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
    normal = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
    if "gaussian" in name:
        return normal
    if name.endswith(("gamma", "g_weight")):
        return 0.5 + 0.1 * normal
    if len(shape) > 1:
        return normal / np.float32(math.sqrt(math.prod(shape[1:])))
    return 1 + 0.1 * normal if name.endswith("weight") else 0.05 * normal


def checksum(array):
    """Of an array's bytes, as a few letters."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """Gives the folder of a clip of 12 frames of one of `SIZES`, as PNG files."""
    folders = {}

    def folder(size):
        if size not in folders:
            made = tmp_path_factory.mktemp(f"clip-{size[0]}")
            for time in range(12):
                Image.fromarray(picture(time, *size)).save(made / f"{time:05}.png", compress_level=1)
            folders[size] = made
        return folders[size]

    return folder


@pytest.fixture
def weights():
    """Draws the official weights of the names and shapes that are given."""

    def draw(shapes):
        return {name: torch.from_numpy(np.asarray(drawn(name, s))) for name, s in shapes.items()}

    return draw
