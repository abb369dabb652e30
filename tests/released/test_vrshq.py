"""A converted VRS-HQ against the authors' program, both with the weights that `conftest` draws.

The program ran at this small size in 32 bits on a CPU, with its own tokenizer and CLIP's processor
(`transformers` 4.31) and Pillow 12, without the noise on equally dense visual tokens, and CLIP's
choice of a frame was given to both. What it answered stands below.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import momentvos
from momentvos.convert.vrshq import convert_vrshq, sources
from momentvos.media import Video
from momentvos.mllm import Turn
from momentvos.mllm.chatunivi import ChatUniViConfig
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.systems.vrshq import chat_template, templates
from momentvos.systems.vrshq.config import VrsHqConfig
from momentvos.systems.vrshq.model import VrsHqModel

VISION = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "image_size": 224,
    "patch_size": 14,
    "projection_dim": 16,
}
LLAMA = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "vocab_size": 360,
    "rms_norm_eps": 1e-5,
    "max_position_embeddings": 4096,
}
IMAGE = -200
LARGE = pytest.param((720, 1280), marks=pytest.mark.slow)

PIXELS = {
    (240, 320): ("460e1b7fe7ae65f8", "a9ac452cf5c61474"),
    (720, 1280): ("1e5d6ec9102e61ab", "7a511911977f1f31"),
}
"""Checksums of 12 frames as CLIP and as SAM2 are given them, float32."""

IDS = {
    "the dog that jumps": (428, "43b72d459ca12a4e"),
    "The Dog  that\tJumps.": (429, "599538f993637449"),
    "Who is in the video?": (430, "99cb75deb7f5bbce"),
    " a dog!! 🐶 ": (425, "8458cddb4b02b9b1"),
    "Which one (of two) wins? I say: the dog.": (448, "5ba0731bbbd36a70"),
    "dog's [SEG] dog": (426, "593b08f4aaecf022"),
}
"""Tokens of the conversation about six frames, a frame as one token -200: how many, checksum."""

RECORDED = json.loads((Path(__file__).parent / "vrshq_recorded.json").read_text())
"""What the program answered: clip, sentence, keyframe, and masks as `rules.agree` reads them."""

NEAR = {"240": 1, "720": 6, "one": 0}
"""CLIP's frame of each clip; "one" is the first frame of the clip of 240 x 320, alone."""


def config(sam):
    return VrsHqConfig(
        sam_config=sam, mllm_config=ChatUniViConfig(vision_config=VISION, text_config=LLAMA)
    )


@pytest.fixture(scope="module")
def model(rules, tmp_path_factory):
    """The official checkpoint, converted."""
    folder = tmp_path_factory.mktemp("vrshq")
    options = config(rules.small_sam())
    weights = rules.official_weights(lambda: VrsHqModel(options), sources)
    torch.save(weights, folder / "pytorch_model.bin")
    (folder / "config.json").write_text(json.dumps({"model_type": "ChatUniVi"} | LLAMA))
    (folder / "tokenizer.model").write_bytes(rules.sentencepiece_model())
    (folder / "added_tokens.json").write_text(json.dumps({"[SEG]": 358, "[TAK]": 359}))
    convert_vrshq(folder, folder / "ours", config=options)
    return momentvos.load(folder / "ours", device="cpu")


@pytest.mark.parametrize("size", [(240, 320), LARGE])
def test_pictures_are_the_same_bit_for_bit(model, rules, clip, size):
    video = Video.open(clip(size))
    inputs = [
        chat_template.image_input(model, frame.rgb, alone=False).patches.view(3, 224, 224)
        for frame in video.read(range(12))
    ]
    cache = FeatureCache(model.sam, video, "sam", model.config.image_resizer)
    made = rules.checksum(torch.stack(inputs)), rules.checksum(cache.pixels(range(12)))
    assert made == PIXELS[size]


def test_prompts_are_the_same_token_for_token(model, rules):
    rgb = np.zeros((24, 24, 3), np.uint8)
    picture = chat_template.image_input(model, rgb, alone=False)
    for sentence, wanted in IDS.items():
        asked = templates.question(sentence, False, model.config.sentence_rule)
        turn = Turn((*templates.visual_parts([picture] * 6), asked), templates.answer(6))
        ids = chat_template.render(model, [turn]).ids
        assert ids.count(IMAGE) == 6 * 112
        short = [one for k, one in enumerate(ids) if one != IMAGE or ids[k - 1] != IMAGE]
        assert (len(short), rules.checksum(np.array(short))) == wanted, sentence


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("name", ["240", pytest.param("720", marks=pytest.mark.slow), "one"])
def test_masks_are_the_same(model, rules, clip, tmp_path, name, together):
    folder = clip((720, 1280) if name == "720" else (240, 320))
    if name == "one":
        shutil.copy(folder / "00000.png", tmp_path)
        folder = tmp_path
    records = [record for record in RECORDED if record["clip"] == name]
    records = records if together else records[:1]
    video = Video.open(folder)
    relevance = [float(frame == NEAR[name]) for frame in range(len(video))]
    sentences = [record["sentence"] for record in records]
    answers = model.segment(video, sentences, relevance=relevance)
    for answer, record in zip(answers, records, strict=True):
        assert answer.found and int(np.argmax(answer.relevance)) == record["key"]
        rules.agree(answer, record)


def test_an_image_file_is_asked_about_as_an_image(model, clip):
    """Which the program never is given; the weights learned images by another question."""
    path = clip((240, 320)) / "00000.png"
    sentence = RECORDED[0]["sentence"]
    alone, video = model.segment(path, sentence), Video.open(path)
    rgb = next(iter(video.frames())).rgb
    assert video.is_image and not Video.from_frames(rgb[None], 1.0).is_image
    asked = model.segment(rgb[None], sentence)
    assert alone.presence != asked.presence
    model.config.one_frame = "image"
    try:
        assert model.segment(rgb[None], sentence).presence == alone.presence
    finally:
        model.config.one_frame = "video"
