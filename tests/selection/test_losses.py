from dataclasses import replace

import numpy as np
import pytest
import torch

from momentvos.data.batch import Clip, collate
from momentvos.selection.loss_options import SelectorLossOptions
from momentvos.selection.losses import (
    object_targets,
    presence,
    selector_losses,
    track_relevance,
)


def batch_of(masks, moment, segment):
    queries, frames, height, width = masks.shape
    clip = Clip(
        np.zeros((frames, height, width, 3), dtype=np.uint8),
        tuple(range(frames)),
        ("a dog",) * queries,
        masks,
        masks & moment[:, :, None, None],
        masks.any(axis=0),
        moment,
        segment,
    )
    return collate([clip])


def test_objects_that_are_meant():
    """Two objects of a video; the first query means the second one, in the last of three frames."""
    objects = np.zeros((3, 4, 4), dtype=np.uint8)
    objects[:, 0], objects[1:, 2] = 1, 2
    masks = np.stack([objects == 2, objects == 1])
    moment = np.array([[False, False, True], [True, True, True]])
    batch = batch_of(masks, moment, moment)
    batch = replace(batch, objects=torch.from_numpy(objects)[None])
    meant, visible = object_targets(batch, 2)
    assert meant.tolist() == [[[False] * 3, [False, False, True]], [[True] * 3, [False] * 3]]
    assert visible.tolist() == [[[True] * 3, [False, True, True]]] * 2

    right = torch.where(meant, 20.0, -20.0)
    assert track_relevance(right, meant, visible) == pytest.approx(0.0, abs=1e-6)
    invisible = right.clone()
    invisible[:, 1, 0] = 9.0
    assert track_relevance(invisible, meant, visible) == pytest.approx(0.0, abs=1e-6)
    other = right.flip(1)
    assert track_relevance(other, meant, visible) > 10
    even = track_relevance(torch.zeros(2, 2, 3), meant, visible)
    assert even == pytest.approx(np.log(2) + 0.5 * (np.log(5 / 1) + np.log(5 / 3)) / 2, rel=1e-5)
    none = torch.zeros_like(meant)
    assert torch.isfinite(track_relevance(torch.zeros(2, 2, 3), none, visible))

    scored = visible & torch.tensor([[True, True], [False, True]])[..., None]
    losses = selector_losses(right, meant, scored, SelectorLossOptions(presence=0.5, rank=0.25))
    assert losses["tracks"] == track_relevance(right, meant, scored, 0.25)
    assert losses["presence"] == presence(right, meant, scored)
    assert losses["loss"] == pytest.approx(losses["tracks"] + losses["presence"] / 2)


def test_presence_is_decided_by_the_largest_logits():
    meant = torch.zeros(2, 2, 8, dtype=torch.bool)
    meant[0, 1, :3] = True
    visible = torch.ones_like(meant)
    visible[1, 0] = False
    logits = torch.full((2, 2, 8), -9.0)
    logits[0, 1, :4], logits[1, 0] = 9.0, 9.0  # of what is not visible nothing counts
    assert presence(logits, meant, visible) == pytest.approx(0.0, abs=1e-3)
    logits[1, 1, 2:6] = 1.0
    wrong = (np.log1p(np.exp(-9.0)) + np.log1p(np.exp(1.0))) / 2
    assert presence(logits, meant, visible) == pytest.approx(wrong, rel=1e-4)
    one = logits.clone()
    one[1, 1, 2:5] = -9.0
    assert presence(one, meant, visible) < presence(logits, meant, visible)
    none = torch.zeros(1, 1, 2, dtype=torch.bool)
    assert torch.isfinite(presence(torch.zeros(1, 1, 2), none, none))
