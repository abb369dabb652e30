"""A converted VRS-HQ against the authors' program, both with the weights that `conftest` draws.

The program ran at this small size in 32 bits on a CPU, with its own tokenizer and CLIP's processor
(`transformers` 4.31) and Pillow 12, without the noise on equally dense visual tokens, and CLIP's
choice of a frame was given to both. What it answered stands below.
"""

import json

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

ANSWERS = [
    (
        (240, 320),
        "The Dog  that\tJumps.",
        1,
        11,
        [
            *([1937, 2268, 1714, 1684], [3148, 2935, 1435, 2077], [2814, 2958, 2327, 1490]),
            *([2496, 3511, 1215, 1764], [0] * 4, [0] * 4, [2029, 1572, 2304, 2356]),
            *([1344, 1267, 2230, 2112], [0] * 4, [0] * 4, [0] * 4, [9063, 10766, 7951, 10189]),
        ],
    ),
    pytest.param(
        (720, 1280),
        "Who is in the video?",
        6,
        10,
        [
            *([14938, 15291, 7054, 4354], [21315, 25373, 5310, 12929]),
            *([22439, 22449, 7121, 12255], [19629, 24194, 5272, 18481]),
            *([14872, 16413, 12966, 20249], [8734, 28666, 23694, 24904]),
            *([22557, 19158, 25367, 17175], [19797, 13154, 17040, 16356]),
            *([12297, 6000, 17112, 12264], [14587, 6759, 19010, 18247]),
            *([99136, 132696, 70261, 103859], [12747, 8605, 15753, 12017]),
        ],
        marks=pytest.mark.slow,
    ),
]
"""Size, sentence, CLIP's frame, keyframe, and pixels of each mask in the picture's quarters."""


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


@pytest.mark.parametrize(("size", "sentence", "near", "key", "quarters"), ANSWERS)
def test_masks_are_the_same(model, rules, clip, size, sentence, near, key, quarters):
    relevance = [float(frame == near) for frame in range(12)]
    answer = model.segment(clip(size), sentence, relevance=relevance)
    assert answer.found and int(np.argmax(answer.relevance)) == key
    made = [rules.cells(answer.masklet.get(frame), 2) for frame in range(12)]
    np.testing.assert_allclose(made, quarters, rtol=1e-3, atol=2)
