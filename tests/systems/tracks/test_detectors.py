"""Detectors of the true classes: what they see and say equals `transformers`' own processors."""

import numpy as np
import pytest
import torch

from momentvos.errors import ModelError
from momentvos.systems.tracks.detectors.detection import Detection, distinct, inside
from momentvos.systems.tracks.parts import KINDS


def load(kind, folder, **options):
    return KINDS["detector"][kind].load({"model": str(folder), **options})


@pytest.fixture
def pictures():
    noise = np.random.default_rng(0)
    return [noise.integers(0, 255, (48, 80, 3), np.uint8) for _ in range(3)]


def test_grounding_dino_and_its_relatives_say_what_their_processor_says(dino_folder, pictures):
    from transformers import GroundingDinoProcessor

    detector = load("grounding-dino", dino_folder, box_threshold=0.0)
    processor = GroundingDinoProcessor(detector.images, detector.tokenizer)
    inputs = processor(images=pictures, text=["dog. cat."] * 3, return_tensors="pt")
    mine = detector.pixels(pictures)
    assert torch.equal(mine["pixel_values"], inputs["pixel_values"])
    with torch.inference_mode():
        out = detector.model(**inputs)
        found = detector(pictures, ["dog", "cat"])
    theirs = processor.post_process_grounded_object_detection(
        out, inputs["input_ids"], threshold=0.0, target_sizes=[(48, 80)] * 3
    )
    for row, other in zip(found, theirs, strict=True):
        assert row
        boxes = [inside(box.tolist(), (48, 80)) for box in other["boxes"]]
        for one in row:
            assert any(np.allclose(one.box, box, atol=1e-3) for box in boxes if box is not None)
            assert set(one.phrases) <= {"dog", "cat"}
    # Of the model's tokens only those of the phrases count.
    columns = [detector.tokenizer.convert_tokens_to_ids(word) for word in ("dog", "cat")]
    places = [inputs["input_ids"][0].tolist().index(column) for column in columns]
    best = out.logits[0, :, places].sigmoid().max()
    assert max(one.score for one in found[0]) == pytest.approx(float(best), abs=1e-5)


def test_owlv2_says_what_its_processor_says(owl_folder, pictures):
    from transformers import Owlv2Processor

    detector = load("owlv2", owl_folder, box_threshold=0.0)
    processor = Owlv2Processor(detector.images, detector.tokenizer)
    text = ["a photo of a dog", "a photo of an object"]
    inputs = processor(
        images=pictures, text=[text] * 3, return_tensors="pt", max_length=16, truncation=True
    )
    assert torch.equal(detector.pixels(pictures)["pixel_values"], inputs["pixel_values"])
    with torch.inference_mode():
        out = detector.model(**inputs)
        found = detector(pictures, ["dog", "object"])
    theirs = processor.post_process_grounded_object_detection(
        out, threshold=0.0, target_sizes=[(48, 80)] * 3
    )
    for row, other in zip(found, theirs, strict=True):
        assert row
        top = float(other["scores"].max())
        boxes = {inside(b.tolist(), (48, 80)) for b in other["boxes"]}
        shown = [b for b in boxes if b is not None]
        assert max(one.score for one in row) <= top + 1e-5
        assert all(any(np.allclose(one.box, b, atol=1e-3) for b in shown) for one in row)


@pytest.mark.parametrize("name", ["sam3", "sam3-video"])
def test_sam3_says_what_one_pass_of_its_model_says(checkpoint, pictures, name):
    detector = load("sam3", checkpoint(name), box_threshold=0.0)
    words = detector.tokenizer(
        ["a dog", "cat"], padding="max_length", max_length=32, return_tensors="pt"
    )
    with torch.inference_mode():
        found = detector(pictures, ["a dog", "cat"])
        pixels = detector.pixels(pictures[:1])["pixel_values"].expand(2, -1, -1, -1)
        out = detector.model(pixel_values=pixels, **words)
    assert [len(row) > 0 for row in found] == [True] * 3
    scores = out.pred_logits.sigmoid() * out.presence_logits.sigmoid()
    # Each detection is a query of one pass, with its score, its box and its mask.
    for one in found[0]:
        phrase, score = max(one.phrases.items(), key=lambda item: item[1])
        row = ["a dog", "cat"].index(phrase)
        query = int((scores[row] - score).abs().argmin())
        assert float(scores[row, query]) == pytest.approx(score, abs=1e-5)
        box = inside(
            (out.pred_boxes[row, query] * torch.tensor([80, 48, 80, 48])).tolist(), (48, 80)
        )
        assert np.allclose(one.box, box, atol=1e-2)
        mask = torch.nn.functional.interpolate(
            out.pred_masks[row, query].sigmoid()[None, None], (48, 80), mode="bilinear"
        )
        assert one.mask.shape == (48, 80)
        assert (one.mask != (mask[0, 0] > 0.5).numpy()).mean() < 0.002
    best = max(one.score for one in found[0])
    assert best == pytest.approx(float(scores.max()), abs=1e-5)


def test_sam3_detects_nothing_where_it_is_not_sure(checkpoint, pictures):
    detector = load("sam3", checkpoint("sam3"), box_threshold=0.999)
    with torch.inference_mode():
        assert detector(pictures, ["dog"]) == [[], [], []]


def test_weights_that_are_gated_say_so(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="ask for access"):
        load("sam3", "facebook/sam3")


def test_a_threshold_leaves_out_what_is_not_sure(dino_folder, pictures):
    everything = load("grounding-dino", dino_folder, box_threshold=0.0)(pictures, ["dog"])
    scores = sorted(one.score for row in everything for one in row)
    middle = scores[len(scores) // 2]
    some = load("grounding-dino", dino_folder, box_threshold=middle)(pictures, ["dog"])
    assert 0 < sum(map(len, some)) < sum(map(len, everything))
    assert all(one.score > middle for row in some for one in row)


def test_many_phrases_are_read_in_several_texts(dino_folder, pictures):
    detector = load("grounding-dino", dino_folder, box_threshold=0.0)
    phrases = [f"dog {number}" for number in range(40)]
    (row, *_) = detector(pictures[:1], phrases)
    assert {phrase for one in row for phrase in one.phrases} - set(phrases[:24])


def test_boxes_of_one_object_lend_each_other_their_phrases():
    better = Detection((0.0, 0.0, 10.0, 10.0), {"dog": 0.9})
    worse = Detection((0.0, 0.0, 10.0, 9.5), {"animal": 0.6, "dog": 0.2})
    other = Detection((20.0, 0.0, 30.0, 10.0), {"dog": 0.5})
    first, second = distinct([other, worse, better])
    assert first.box == better.box
    assert first.phrases == {"dog": 0.9, "animal": 0.6}
    assert second == other


def test_boxes_end_with_the_frame():
    assert inside((-5, -5, 200, 20), (48, 80)) == (0.0, 0.0, 80.0, 20.0)
    assert inside((90, 0, 95, 10), (48, 80)) is None
