"""What a caller points at is followed by SAM2 without delay, whatever the system."""

import numpy as np
import pytest
import torch

import momentvos
from momentvos.data.world import render
from momentvos.errors import ArgumentError, ModelError
from momentvos.media.arrays import ArrayVideo
from momentvos.propagation import DecoderOptions, both_ways, run
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.sam2 import Prompt


@pytest.fixture(scope="module")
def clip(world):
    """Frames, and the mask of the object that covers most of the first one."""
    frames, ids = render(world, range(22), 64)
    largest = max(set(ids[0].flatten().tolist()) - {0}, key=lambda one: (ids[0] == one).sum())
    return frames, ids[0] == largest


@pytest.fixture(scope="module")
def model(tiny):
    return tiny(image_fit="pad")


def tracked(model, frames, kind, prompt):
    """Masks of SAM2's own walk forwards."""
    cache = FeatureCache(model.sam, ArrayVideo(frames, 8), "pad")
    plan = both_ways(range(len(frames)), [0], given=kind)
    options = DecoderOptions.of_sam2(model.config.sam_config)
    masks = {}
    with torch.inference_mode():
        features = lambda steps: cache([step.frame for step in steps])  # noqa: E731
        for part in run(model.sam, plan, features, lambda steps: prompt, options):
            for step, logits in zip(part.steps, part.decoded.logits, strict=True):
                masks[step.frame] = (cache.full(logits) > 0).numpy()
    return masks


def test_a_mask_is_followed_as_sam2_does(model, clip):
    frames, mask = clip
    square = model.config.image_size
    large = torch.nn.functional.interpolate(
        torch.from_numpy(mask)[None, None].float(), (square, square), mode="bilinear"
    )
    expected = tracked(model, frames, "mask", Prompt(mask=(large >= 0.5).float()))
    stream = model.stream(fps=8)
    assert stream.add("the one", mask=mask) == "the one" and stream.delay == 0
    for number, frame in enumerate(frames):
        (update,) = stream.push(frame)
        assert (update.frame, update.delay) == (number, 0)
        assert (update.mask == expected[number]).mean() > 0.99
        assert update.inside == bool(update.mask.any())
    assert stream.held["memories"] == 7  # the first one for ever, and six
    (answer,) = stream.close()
    assert answer.method == "SAM2, streamed" and answer.found


def test_a_box_is_followed_as_sam2_does(model, clip):
    frames, mask = clip
    rows, columns = mask.nonzero()
    box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    scale = model.config.image_size / 64
    prompt = Prompt(boxes=torch.tensor([box]).float() * scale)
    expected = tracked(model, frames[:9], "box", prompt)
    stream = model.stream(fps=8)
    stream.add("the one", box=box)
    for number, frame in enumerate(frames[:9]):
        (update,) = stream.push(frame)
        assert (update.mask == expected[number]).mean() > 0.99


def test_it_goes_beside_sentences(model, clip):
    frames, mask = clip
    with model.stream("the turtle", fps=8) as stream:
        for number, frame in enumerate(frames[:8]):
            if number == 3:
                stream.add("this", mask=mask)
            names = [update.name for update in stream.push(frame)]
            if number == 3:
                assert names == ["the turtle", "the turtle", "this"]
    sentence, given = stream.predictions
    assert given.sentence == "this" and given.moment.spans[0][0] == 3
    assert sentence.video.length == given.video.length == 8


@pytest.mark.parametrize("name", ["momentseg-mini", "vrshq-mini"])
def test_systems_that_need_the_whole_video_say_what_can_be_streamed(name, clip):
    frames, mask = clip
    model = momentvos.load(name, device="cpu")
    with pytest.raises(ModelError, match=r"cannot stream a sentence: it samples .*tgl-mini.*box="):
        model.stream(frames, "the dog", fps=8)
    with model.stream(fps=8) as stream:
        stream.add("this", mask=mask)
        (update,) = stream.push(frames[0])
    assert (update.mask == mask).mean() > 0.95


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"mask": np.zeros((64, 64))}, "covers the object"),
        ({"mask": "this"}, "is an array"),
        ({"mask": np.ones((8, 8, 3))}, "is an array"),
        ({"box": (5, 5, 2, 9)}, "is none"),
        ({"box": "this one"}, "in pixels"),
        ({"box": (1, 2, 3)}, "in pixels"),
        ({"box": (0, 0, 5, 5), "mask": np.ones((64, 64))}, "not both"),
    ],
)
def test_what_is_no_mask_or_box_is_said(model, how, why):
    with pytest.raises(ArgumentError, match=why):
        model.stream(fps=8).add("this", **how)


def test_what_does_not_lie_in_the_frame_is_said(model, clip):
    frames, _ = clip
    for how in ({"mask": np.ones((8, 8), bool)}, {"box": (0, 0, 65, 9)}):
        stream = model.stream(fps=8)
        stream.add("this", **how)
        with pytest.raises(ArgumentError, match=r"64 x 64"):
            stream.push(frames[0])
        stream = model.stream(fps=8)
        stream.push(frames[0])
        with pytest.raises(ArgumentError, match=r"64 x 64"):
            stream.add("this", **how)
