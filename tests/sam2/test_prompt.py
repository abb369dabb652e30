"""What a prompt may hold."""

import pytest
import torch

from momentvos.sam2 import Prompt

POINTS, LABELS = torch.zeros(2, 3, 2), torch.ones(2, 3, dtype=torch.int64)


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"points": POINTS}, "labels"),
        ({"labels": LABELS}, "labels"),
        ({"points": POINTS, "labels": LABELS[:, :2]}, "belong together"),
        ({"points": POINTS, "labels": LABELS[0]}, r"labels must be \[N,\*\]"),
        ({"points": POINTS[0], "labels": LABELS}, r"points must be \[N,\*,2\]"),
        ({"points": POINTS[:, :0], "labels": LABELS[:, :0]}, "at least one"),
        ({"points": POINTS, "labels": LABELS * 2}, "1 .* or 0"),
        ({"points": POINTS, "labels": -LABELS}, "1 .* or 0"),
        ({"boxes": torch.zeros(2, 2, 2)}, r"boxes must be \[N,4\]"),
        ({"mask": torch.zeros(2, 8, 8)}, r"mask must be \[N,1,\*,\*\]"),
        ({"dense": torch.zeros(2, 8, 4)}, r"dense must be \[N,\*,\*,\*\]"),
        ({"tokens": torch.zeros(2, 8)}, r"tokens must be \[N,\*,\*\]"),
        ({"tokens": torch.zeros(2, 1, 8), "points": POINTS, "labels": LABELS}, "not both"),
        ({"tokens": torch.zeros(2, 1, 8), "boxes": torch.zeros(2, 4)}, "not both"),
        ({"boxes": torch.zeros(3, 4), "points": POINTS, "labels": LABELS}, "equally many rows"),
    ],
)
def test_a_prompt_that_makes_no_sense_is_an_error(parts, sentence):
    with pytest.raises(ValueError, match=sentence):
        Prompt(**parts)


def test_points_are_counted_as_sam2_does():
    assert Prompt().point_count == len(Prompt()) == 0
    assert Prompt(tokens=torch.zeros(2, 5, 8)).point_count == 0
    assert Prompt(points=POINTS, labels=LABELS).point_count == 3
    assert Prompt(boxes=torch.zeros(2, 4)).point_count == 2
    both = Prompt(points=POINTS, labels=LABELS, boxes=torch.zeros(2, 4))
    assert (both.point_count, len(both)) == (5, 2)
