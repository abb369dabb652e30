"""Questions and answers."""

import random

import pytest
import torch

from momentvos.mllm import Budget, Patching, image_input
from momentvos.systems.vrshq import templates


def test_every_frame_has_its_own_token_and_the_video_one():
    text = templates.answer(3)
    assert "(0) [SEG], (1) [SEG], (2) [SEG]," in text
    assert text.count("[TAK]") == 1 and text.index("[TAK]") > text.rindex("[SEG]")
    for seed in range(12):
        other = templates.answer(5, random.Random(seed))
        assert other.count("[SEG]") == 5 and other.count("[TAK]") == 1
        assert other.index("[TAK]") > other.rindex("[SEG]")


@pytest.mark.parametrize("image", [False, True])
def test_questions_and_descriptions_have_different_templates(image):
    described = templates.question(" the dog that jumps. ", image, "written")
    assert described.startswith("What is the dog that jumps in ")
    asking = templates.question("Who wins?", image, "written")
    assert asking.startswith("Who wins? Please")
    assert ("Video" in described) is ("Video" in asking) is not image


def test_frames_are_numbered_like_their_tokens():
    rgb = torch.zeros(8, 8, 3, dtype=torch.uint8)
    one = image_input(rgb, Patching(patch=4), Budget(1, 1))
    parts = templates.visual_parts([one, one, one])
    text = "".join(part if isinstance(part, str) else "*" for part in parts)
    assert text == "Reference Video: (0)*, (1)*, (2)* \n"
    assert templates.visual_parts([one], image=True) == (one, "\n")


@pytest.mark.parametrize(
    ("sentence", "released", "written"),
    [
        ("The Dog  that\tjumps.", "the dog that jumps.", "The Dog  that\tjumps"),
        (" a dog ", "a dog", "a dog"),
        ("Who  Wins?", "who wins?", "Who  Wins?"),
        ("a dog...", "a dog...", "a dog"),
        ("ÀÉ\u00a0dog", "àé dog", "ÀÉ\u00a0dog"),
    ],
)
def test_sentences_are_read_by_a_rule(sentence, released, written):
    assert templates.written(sentence) == released
    assert templates.written(sentence, "written") == written
    assert f" {released} in" in templates.question(sentence) or released.endswith("?")
