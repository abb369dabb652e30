"""Whole plans from points, a box or a mask against `Sam2VideoModel`'s own inference session."""

import copy

import pytest
import torch
from transformers import Sam2VideoInferenceSession

from momentvos.propagation import Bank, DecoderOptions, both_ways, merge, run
from momentvos.sam2 import Prompt, encode

CLOSE = 1e-4
FRAMES = 6


@pytest.fixture(autouse=True)
def rounded(monkeypatch):
    """transformers stores memories in bfloat16, so ours are rounded likewise."""
    write = Bank.write

    def rounding(bank, step, memory, pointer):
        if memory is not None:  # nothing reads it otherwise
            memory = memory.bfloat16().to(memory.dtype)
        write(bank, step, memory, pointer)

    monkeypatch.setattr(Bank, "write", rounding)


@pytest.fixture
def given(sam, square):
    """(kind, our prompt, the session's points and labels or mask) by name."""
    size = sam.config.image_size
    points = torch.tensor([[[size / 3, size / 4], [size / 2, size / 2], [3.0, size - 5.0]]])
    labels = torch.tensor([[1, 1, 0]])
    box = torch.tensor([[size / 4, size / 5, size / 2, size / 1.5]])
    corners, corner_labels = box.view(1, 2, 2), torch.tensor([[2, 3]])
    both = Prompt(points=points[:, 2:], labels=labels[:, 2:], boxes=box)
    return {
        "point": ("points", Prompt(points=points[:, :1], labels=labels[:, :1]), points[:, :1], 1),
        "points": ("points", Prompt(points=points, labels=labels), points, labels),
        "box": ("box", Prompt(boxes=box), corners, corner_labels),
        "box and point": (
            "points",
            both,
            torch.cat([corners, points[:, 2:]], 1),
            torch.cat([corner_labels, labels[:, 2:]], 1),
        ),
        "mask": ("mask", Prompt(mask=square), square, None),
        "no mask": ("mask", Prompt(mask=square * 0), square * 0, None),
    }


def theirs(sam, video, start, what, labels, reverse=False):
    """Mask logits by frame, as the session tracks them."""
    session = Sam2VideoInferenceSession(video, *video.shape[-2:], dtype=video.dtype)
    session.obj_id_to_idx(1)
    session.obj_with_new_inputs = [1]
    if labels is None:
        session.add_mask_inputs(0, start, what)
    else:
        labels = torch.ones(what.shape[:2]) * labels
        inputs = {"point_coords": what[:, None], "point_labels": labels[:, None].int()}
        session.add_point_inputs(0, start, inputs)
    walk = sam.propagate_in_video_iterator(session, start, reverse=reverse)
    return {out.frame_idx: out.pred_masks[0, 0] for out in walk}


def ours(sam, video, plan, prompts, **options):
    """Mask logits by (object, frame); `prompts` by object."""
    features = encode(sam, video)

    def source(steps):
        return features.select(torch.tensor([step.frame for step in steps]))

    def prompted(steps):
        parts = [prompts[step.obj_id] for step in steps]
        return Prompt(
            **{
                name: torch.cat([getattr(part, name) for part in parts])
                for name in ("points", "labels", "boxes", "mask")
                if getattr(parts[0], name) is not None
            }
        )

    read = DecoderOptions.of_sam2(sam.config, length=len(video))
    logits = {}
    for part in run(sam, plan, source, prompted, read):
        for step, row in zip(part.steps, part.decoded.logits, strict=True):
            logits[step.obj_id, step.frame] = row
    return logits


def compare(mine, other):
    assert mine.keys() == other.keys()
    for frame, logits in other.items():
        assert (mine[frame] - logits).abs().max() < CLOSE


NAMES = ["point", "points", "box", "box and point", "mask", "no mask"]


@pytest.mark.parametrize("name", NAMES)
@torch.no_grad()
def test_one_frame(sam, video, given, name):
    kind, prompt, what, labels = given[name]
    plan = both_ways([0], [0], given=kind)
    compare(
        {0: ours(sam, video[:1], plan, [prompt])[0, 0]}, theirs(sam, video[:1], 0, what, labels)
    )


@pytest.mark.parametrize("name", NAMES)
@torch.no_grad()
def test_a_tracked_clip(sam, video, given, name):
    kind, prompt, what, labels = given[name]
    video = video[:FRAMES]
    mine = ours(sam, video, both_ways(range(FRAMES), [0], given=kind), [prompt])
    other = theirs(sam, video, 0, what, labels)
    compare({frame: logits for (_, frame), logits in mine.items()}, other)
    if name != "no mask":
        assert max(logits.std() for logits in other.values()) > 0.05


@pytest.mark.parametrize("name", ["point", "box", "mask"])
@torch.no_grad()
def test_both_ways_from_a_frame_in_the_middle_of_a_longer_clip(sam, video, given, name):
    kind, prompt, what, labels = given[name]
    mine = ours(sam, video, both_ways(range(12), [8], given=kind), [prompt])
    other = theirs(sam, video, 8, what, labels)
    other |= theirs(sam, video, 8, what, labels, reverse=True)
    compare({frame: logits for (_, frame), logits in mine.items()}, other)


@torch.no_grad()
def test_objects_prompted_in_different_ways_are_tracked_side_by_side(sam, video, given):
    video = video[:FRAMES]
    rows = list(given.values())
    plans = [
        both_ways(range(FRAMES), [0], given=kind, obj_id=k) for k, (kind, *_) in enumerate(rows)
    ]
    mine = ours(sam, video, merge(plans), [row[1] for row in rows])
    for k, (_, _, what, labels) in enumerate(rows):
        one = {frame: logits for (obj, frame), logits in mine.items() if obj == k}
        compare(one, theirs(sam, video, 0, what, labels))


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"multimask_output_for_tracking": False}, "point"),
        ({"multimask_output_in_sam": False}, "point"),
        ({"multimask_max_pt_num": 3}, "points"),
        ({"multimask_max_pt_num": 2}, "box"),
        ({"multimask_min_pt_num": 1, "multimask_max_pt_num": 2}, "point"),
    ],
)
@torch.no_grad()
def test_how_many_points_choose_among_several_masks(sam, video, given, change, name):
    sam = copy.deepcopy(sam)
    for key, value in change.items():
        setattr(sam.config, key, value)
    kind, prompt, what, labels = given[name]
    mine = ours(sam, video[:3], both_ways(range(3), [0], given=kind), [prompt])
    compare(
        {frame: logits for (_, frame), logits in mine.items()},
        theirs(sam, video[:3], 0, what, labels),
    )
