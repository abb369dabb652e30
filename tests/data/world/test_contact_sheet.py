"""Contact sheets: every object has a number and a contour of one colour."""

import numpy as np
import pytest
from PIL import Image

from momentvos.data.world import scene
from momentvos.data.world.contact_sheet import COLUMNS, GAP, LINE, SIDE, STEP, save_sheet
from momentvos.data.world.render import render
from momentvos.errors import DataError, OutputError
from momentvos.results.palette import PALETTE


def test_objects_are_outlined_and_numbered(tmp_path):
    made = scene(10, "test")
    sheet = np.asarray(Image.open(save_sheet(tmp_path / "sheet.png", 10, "test")).convert("RGB"))
    rows = -(-len(range(0, made.length, STEP)) // COLUMNS)
    height = rows * (SIDE + GAP) + LINE * len(made.expressions) + LINE // 2
    assert sheet.shape == (height, COLUMNS * (SIDE + GAP), 3)
    frames, ids = render(made, [0], SIDE)
    cell = sheet[:SIDE, :SIDE]
    changed = (cell != frames[0]).any(-1)
    for number, actor in enumerate(made.objects):
        if not actor.visible[0]:
            continue
        y, x = np.nonzero(ids[0] == number + 1)
        box = cell[max(y.min() - 3, 0) : y.max() + 3, max(x.min() - 3, 0) : x.max() + 3]
        assert any((box == np.array(colour)).all(-1).sum() > 20 for colour in PALETTE)
    assert changed[(ids[0] > 0)].mean() < 0.5  # numbers cover little
    texts = sheet[rows * (SIDE + GAP) :]
    assert (texts == 255).all(-1).mean() > 0.8 and (texts < 90).all(-1).any()


def test_refusals(tmp_path):
    with pytest.raises(DataError, match="-1 is not a seed"):
        save_sheet(tmp_path / "sheet.png", -1, "test")
    with pytest.raises(OutputError, match=r"ending in \.png"):
        save_sheet(tmp_path / "sheet.none", 0, "test")
    assert not list(tmp_path.iterdir())
