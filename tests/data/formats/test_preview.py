"""Previews of samples: contours leave objects as they are."""

import numpy as np

from momentvos.data.formats import preview
from momentvos.data.world import samples, scene
from momentvos.results.palette import PALETTE


def several():
    """A sample with three targets."""
    return next(one for one in samples(scene(10, "test"), 180) if len(one.targets) == 3)


def test_targets_have_contours_and_keep_their_pixels():
    sample = several()
    chosen = preview.choose(sample.length, sample.moment, preview.FRAMES)
    sheet = np.asarray(preview.draw(sample))
    index = chosen[0]
    top = next(y for y in range(200) if (sheet[y, preview.GAP] == preview.INSIDE).all())
    tile = sheet[top : top + 180, preview.GAP : preview.GAP + 180]
    (frame,), masks = sample.frames([index]), sample.masks([index])[:, 0]
    inner = np.s_[30:170, 30:170]  # without the border and the number
    union = masks.any(0)
    assert union[inner].any()
    assert (tile[inner][union[inner]] == np.asarray(frame)[inner][union[inner]]).mean() > 0.9
    changed = (tile[inner] != np.asarray(frame)[inner]).any(-1)
    assert changed.any() and not changed[union[inner]].mean() > 0.1


def test_each_target_has_its_colour_on_a_bar_too():
    sheet = np.asarray(preview.draw(several()))
    coloured = [colour for colour in PALETTE if colour != preview.PAPER]
    parts = (sheet[:-100], sheet[-100:])  # frames, bars
    used = [
        {colour for colour in coloured if (part == np.array(colour)).all(-1).sum() > 100}
        for part in parts
    ]
    assert used[0] == used[1] and len(used[0]) == 3
