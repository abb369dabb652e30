"""Each named detector, tracker and selector from a video to an answer, through a model's folder.

Every part is a checkpoint in hub form of the class that its published weights have, with tiny
random weights: what is right here is the form of an answer, not its content.
"""

import json
import math

import pytest
from tests.openai_server import said, serving, words_of
from tests.systems.tracks.checkpoints import MAKERS

import momentvos
from momentvos.media.arrays import ArrayVideo

RULES, READER = "rules", "chat"
ROLES = [
    ("grounding-dino", "sam2.1", "siglip2", RULES),
    ("mm-grounding-dino", "sam2", "siglip2-naflex", RULES),
    ("llmdet", "sam2.1", "clip", READER),
    ("owlv2", "sam2", "xclip", RULES),
    ("sam3", "sam2.1", "qwen3-vl", READER),
    ("sam3-video", "sam2", "qwen2.5-vl", RULES),
    ("grounding-dino", "sam2.1", "endpoint", READER),
    ("owlv2", "sam2", "trained", RULES),
    ("grounding-dino", "sam2", "siglip", RULES),
    ("grounding-dino", "edgetam", "siglip2", RULES),
]
KINDS = {
    "mm-grounding-dino": "grounding-dino", "llmdet": "grounding-dino", "sam3-video": "sam3",
    "sam2.1": "sam2", "qwen3-vl": "chat", "qwen2.5-vl": "chat", "endpoint": "chat",
    "siglip": "similarity", "siglip2": "similarity", "siglip2-naflex": "similarity",
    "clip": "similarity", "xclip": "similarity",
}  # fmt: skip
"""Kinds of roles whose name is another one."""


def reply(asked):
    """Takes candidate 1, says yes, and names a square."""
    question = words_of(asked)[-1]
    if "Name what is asked for" in question:
        return said(
            json.dumps(
                {"noun": "square", "hypernym": "", "subject": "red square", "references": []}
            )
        )
    if "Which candidates" not in question:
        top = [{"token": "yes", "logprob": -0.1}, {"token": "no", "logprob": -2.4}]
        return said("yes", logprobs={"content": [{"top_logprobs": top}]})
    numbers = [number for number in range(1, 13) if f"\n{number}: " in question]
    lists = {"true": [1], "false": numbers[1:], "unknown": [], "none": False}
    return said(json.dumps(lists))


@pytest.fixture(scope="module")
def server():
    with serving() as made:
        made.reply = reply
        yield made


@pytest.fixture
def part(checkpoint, server):
    """The configuration of a named part."""

    def make(name, **options):
        kind = {"kind": KINDS.get(name, name), **options}
        if name == "endpoint":
            return {**kind, "endpoint": server.url, "model": "some-model"}
        model = "tgl-mini" if name == "trained" else str(checkpoint(name))
        return {**kind, "model": model}

    return make


@pytest.mark.parametrize(("detector", "tracker", "selector", "words"), ROLES)
def test_a_video_gets_an_answer(part, clip_arrays, tmp_path, detector, tracker, selector, words):
    reader = {"kind": words}
    if words == READER and KINDS.get(selector) != "chat":
        reader["model"] = part("qwen3-vl")["model"]  # else the selector's own is asked
    config = {
        "model_type": "momentvos_tracks",
        "words": reader,
        "detector": part(detector, box_threshold=0.0),
        "tracker": part(tracker, image_size=64),
        "selector": part(selector),
        "max_tracks": 2, "gate": False, "presence_threshold": 0.0, "keyframe_seconds": 0.5,
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(config))
    model = momentvos.load(tmp_path, device="cpu")
    video = ArrayVideo(clip_arrays[0][:5], 6.0)
    answer = model.segment(video, "the red square", trace=tmp_path / "trace")
    assert answer.method == "tracks"
    assert answer.found
    assert answer.moment
    assert answer.masklet
    assert len(answer.relevance) == len(answer.scores) == 5
    assert all(0 <= value <= 1 and math.isfinite(value) for value in answer.relevance)
    page = (tmp_path / "trace" / "index.html").read_text()
    if KINDS.get(selector) == "chat":
        assert "Which candidates" in page
        assert "from its logits" in page
        assert "<img" in page
    else:
        assert "log-odds" in page
    assert ("Name what is asked for" in page) == (words == READER)


def test_every_named_part_is_tried():
    tried = {name for row in ROLES for name in row[:3]}
    assert tried == {*MAKERS, "endpoint", "trained"}
