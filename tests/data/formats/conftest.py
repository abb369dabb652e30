import json

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco


class Disk:
    """Writes the parts of data sets; frames are 8 x 12 pixels unless said otherwise."""

    size = (8, 12)

    @staticmethod
    def bar(left, size=size):
        """A mask three pixels wide."""
        mask = np.zeros(size, dtype=bool)
        mask[:, left : left + 3] = True
        return mask

    @staticmethod
    def rle(mask):
        encoded = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
        return {"size": list(encoded["size"]), "counts": encoded["counts"].decode()}

    @staticmethod
    def jpegs(folder, names, size=size):
        """Frame n is the colour (40 n, 0, 0)."""
        folder.mkdir(parents=True, exist_ok=True)
        for number, name in enumerate(names):
            picture = Image.new("RGB", (size[1], size[0]), (40 * number % 256, 0, 0))
            picture.save(folder / f"{name}.jpg")

    @staticmethod
    def labels(folder, names, maps):
        """Palette PNGs; maps: labels [H, W] of each."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, values in zip(names, maps, strict=True):
            picture = Image.fromarray(np.asarray(values, dtype=np.uint8))
            picture.putpalette([value for k in range(256) for value in (k, 255 - k, 7 * k % 256)])
            picture.save(folder / f"{name}.png")

    @staticmethod
    def put(path, value):
        """Write a text, or anything else as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
        return path


@pytest.fixture
def disk():
    return Disk
