import numpy as np
import pytest


def blob(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """A mask as objects have them: some ellipses joined, a hole bitten out, perhaps cut off."""
    height, width = size
    y, x = np.mgrid[:height, :width]
    mask = np.zeros(size, dtype=bool)
    for add in (True, True, True, False):
        cy, cx = rng.uniform(-0.1, 1.1, 2) * size
        ry, rx = rng.uniform(0.02, 0.3, 2) * size + 0.5
        mask[((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 <= 1] = add
    return mask


@pytest.fixture
def blobs():
    """Makes a mask of a given size from a random generator."""
    return blob
