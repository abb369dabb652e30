"""A run without an end: the same masks as a plan's, and a bank that stays small."""

import pytest
import torch

from momentvos.propagation import DecoderOptions, Read, Step, chronological, run
from momentvos.propagation.live import LiveRun
from momentvos.sam2 import Prompt, Pyramid


@pytest.fixture(scope="module")
def parts(build):
    """SAM2 of a mini with random weights, features of 40 frames, and one prompt."""
    model = build()
    torch.manual_seed(1)
    side = model.config.image_size
    width = model.config.sam_config.vision_config.fpn_hidden_size
    levels = [(width // 8, side // 4), (width // 4, side // 8), (width, side // 16)]
    frames = [torch.randn(40, channels, size, size) for channels, size in levels]

    def features(steps):
        rows = [step.frame for step in steps]
        return Pyramid(tuple(level[rows] for level in frames))

    prompt = torch.randn(1, 1, width)
    return model.sam, features, lambda steps: Prompt(tokens=prompt.expand(len(steps), 1, -1))


def lived(parts, count, reads, objects=(0,)):
    sam, features, prompts = parts
    live = LiveRun(sam, features, prompts, DecoderOptions())
    for one in objects:
        live.begin(one, reads)
    masks, held = {}, []
    with torch.inference_mode():
        for frame in range(count):
            stage = tuple(Step(frame, "adapted", "tokens", reads, "recent", one) for one in objects)
            for part in live.stage(stage):
                for step, logits in zip(part.steps, part.decoded.logits, strict=True):
                    masks[step.obj_id, step.frame] = logits
            held.append(len(live))
    return live, masks, held


@pytest.mark.parametrize("reads", [Read(), Read(2, pointers=5), Read(3, pointers=0)])
def test_it_equals_the_run_of_a_plan(parts, reads):
    sam, features, prompts = parts
    _, masks, _ = lived(parts, 20, reads)
    with torch.inference_mode():
        for part in run(sam, chronological(range(20), reads), features, prompts):
            for step, logits in zip(part.steps, part.decoded.logits, strict=True):
                torch.testing.assert_close(masks[0, step.frame], logits, atol=1e-5, rtol=1e-4)


def test_the_bank_holds_what_can_be_read_and_no_more(parts):
    live, _, held = lived(parts, 40, Read(4, pointers=9), objects=(3, 5))
    assert held[:5] == [2, 4, 6, 8, 8] and set(held[4:]) == {8}
    live.end(3)
    assert len(live) == 4
    live.end(5)
    assert len(live) == 0


@pytest.mark.parametrize("reads", [Read(pointers=None), Read(stride=2), Read(order="next")])
def test_a_walk_without_bounds_behind_it_is_refused(parts, reads):
    sam, features, prompts = parts
    with pytest.raises(ValueError, match="bounded"):
        LiveRun(sam, features, prompts, DecoderOptions()).begin(0, reads)
