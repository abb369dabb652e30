"""A converted MomentSeg against the authors' program, both with the weights that `conftest` draws.

The program ran at this small size in 32 bits on a CPU, with Qwen2.5-VL and the image processor of
`transformers` 4.51.3 and Pillow 12. The head is made so that both prompts are answered with [FIND]
and [SEG]. What it answered stands below.
"""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from transformers import PreTrainedTokenizerFast, Qwen2_5_VLConfig

import momentvos
from momentvos.convert.momentseg import convert_momentseg, sources
from momentvos.media import Video
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.systems.momentseg.config import MomentSegConfig
from momentvos.systems.momentseg.model import MomentSegModel
from momentvos.systems.sa2va import prompter

ADDED = ("[SEG]", "[FIND]", "<p>", "</p>")

TEXT = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 4096,
    "rms_norm_eps": 1e-6,
    "rope_theta": 1e6,
    "rope_scaling": {"type": "mrope", "mrope_section": [2, 3, 3], "rope_type": "default"},
}
VISION = {
    "depth": 2,
    "hidden_size": 32,
    "num_heads": 2,
    "intermediate_size": 64,
    "out_hidden_size": 64,
    "fullatt_block_indexes": [1],
    "tokens_per_second": 2,
}
HEAD, EMBEDDING = "lm_head.weight", "model.embed_tokens.weight"

LARGE = pytest.mark.slow
ANSWERS = [
    (
        (240, 320),
        "the dog that jumps",
        8,
        ("a5d2b807bb57ac72", "45bde7391cb1aca2", "93c65aa3f3dbbe26"),
        ((341, "eb2ff1114ee08494"), (922, "33a3309e58c21f75")),
        [
            *([1263, 2694, 4545, 3899], [2035, 4104, 4183, 4536], [1070, 1373, 2519, 2179]),
            *([1191, 1123, 1108, 1385], [3046, 3232, 3069, 3429], [16452, 15419, 14757, 15259]),
            *([3191, 2519, 1826, 1184], [3429, 3975, 3819, 4347], [6195, 6320, 5370, 4659]),
            *([6520, 6057, 6045, 4852], [4768, 6010, 4612, 6573], [1144, 1288, 837, 1152]),
        ],
    ),
    pytest.param(
        (720, 1280),
        " The Dog!! 🐶 ",
        4,
        ("afd4bc57a1cb1a11", "6f22e64ebf2997b4", "2a36fb04349f68c2"),
        ((357, "41d9807e8692424f"), (1135, "bfe734cac586cf64")),
        [
            *([36818, 66297, 49339, 50195], [18743, 45654, 42517, 45578]),
            *([15300, 18669, 29133, 24029], [22045, 36484, 36727, 37616]),
            *([30446, 31979, 28820, 37027], [35579, 28626, 32495, 38215]),
            *([33376, 24401, 15344, 10927], [32387, 35799, 39262, 42895]),
            *([25868, 41647, 40312, 44331], [105862, 82695, 96964, 89145]),
            *([40422, 62570, 36627, 53922], [12813, 15700, 10592, 8354]),
        ],
        marks=LARGE,
    ),
]
"""Size, sentence, K; checksums of the pictures for SAM2, of the low-resolution video and of the K
frames; tokens of both prompts, their checksums; pixels of each mask in the picture's quarters."""

IMAGES = [
    ((240, 320), "the dog that jumps", (1, 28, 38), "28ea0e3d7c07b059", 358, "f0ba108285deee27"),
    pytest.param(
        (720, 1280),
        " The Dog!! 🐶 ",
        (1, 36, 64),
        "0efdbe5c01d554b5",
        673,
        "3d1bfb09e2783d5a",
        marks=LARGE,
    ),
]
"""A single image as in the evaluation on RefCOCO: grid and checksum of its patches, the prompt."""

VIDEO_VIEW = (300, "352fa1ea924f27fa")
"""The prompt of ``view="video"`` for the first clip; "<image>" stays in it as text."""


def config(words, sam):
    end, pad = words.token_to_id("<|im_end|>"), words.token_to_id("<|endoftext|>")
    special = {"bos_token_id": pad, "eos_token_id": end, "pad_token_id": pad}
    language = Qwen2_5_VLConfig(
        text_config=TEXT | special | {"vocab_size": words.get_vocab_size()},
        vision_config=VISION,
        tie_word_embeddings=False,
        image_token_id=words.token_to_id("<|image_pad|>"),
        video_token_id=words.token_to_id("<|video_pad|>"),
        vision_start_token_id=words.token_to_id("<|vision_start|>"),
        vision_end_token_id=words.token_to_id("<|vision_end|>"),
    )
    return MomentSegConfig(sam_config=sam, mllm_config=language)


@pytest.fixture(scope="module")
def model(rules, tmp_path_factory):
    """The official folder, converted."""
    folder, words = tmp_path_factory.mktemp("momentseg"), rules.tokenizer(ADDED)
    options = config(words, rules.small_sam())
    weights = rules.official_weights(lambda: MomentSegModel(options), sources)
    embeddings, head = weights[EMBEDDING], torch.zeros_like(weights[HEAD])
    newline = words.encode("assistant\n", add_special_tokens=False).ids[-1]
    find, seg, end = map(words.token_to_id, ("[FIND]", "[SEG]", "<|im_end|>"))
    head[[find, seg, end]] = embeddings[[newline, find, seg]]
    weights[HEAD] = head
    save_file(weights, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({}))
    PreTrainedTokenizerFast(
        tokenizer_object=words, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    ).save_pretrained(folder)
    convert_momentseg(folder, folder / "ours", config=options)
    return momentvos.load(folder / "ours", device="cpu")


@pytest.fixture
def asked(monkeypatch):
    """What the language model is given, in order."""
    inputs = []
    generate = prompter.generate

    def spied(mllm, words, given, *rest, **more):
        inputs.append(given)
        return generate(mllm, words, given, *rest, **more)

    monkeypatch.setattr(prompter, "generate", spied)
    return inputs


@pytest.mark.parametrize(("size", "sentence", "count", "pixels", "ids", "quarters"), ANSWERS)
def test_a_video_is_seen_asked_about_and_segmented_alike(
    model, rules, clip, asked, size, sentence, count, pixels, ids, quarters
):
    model.config.frames = count
    answer = model.segment(clip(size), sentence)
    find, seg = asked
    cache = FeatureCache(model.sam, Video.open(clip(size)), "momentseg", model.config.image_resizer)
    seen = (cache.pixels(range(12)), find.pixel_values_videos, seg.pixel_values)
    assert tuple(map(rules.checksum, seen)) == pixels
    prompts = [one.ids[0].numpy() for one in asked]
    assert tuple((len(one), rules.checksum(one)) for one in prompts) == ids
    made = [rules.cells(answer.masklet.get(frame), 2) for frame in range(12)]
    np.testing.assert_allclose(made, quarters, rtol=1e-3, atol=2)


@pytest.mark.parametrize(("size", "sentence", "grid", "pixels", "length", "ids"), IMAGES)
def test_an_image_is_seen_and_asked_about_alike(
    model, rules, clip, asked, size, sentence, grid, pixels, length, ids
):
    model.segment(clip(size) / "00000.png", sentence)
    (given,) = asked
    assert tuple(given.image_grid_thw[0].tolist()) == grid
    assert rules.checksum(given.pixel_values) == pixels
    prompt = given.ids[0].numpy()
    assert (len(prompt), rules.checksum(prompt)) == (length, ids)


def test_what_a_prompt_does_not_show_it_names(model, rules, clip, asked, monkeypatch):
    monkeypatch.setattr(model.config, "view", "video")
    model.segment(clip((240, 320)), "the dog that jumps")
    prompt = asked[1].ids[0].numpy()
    assert (len(prompt), rules.checksum(prompt)) == VIDEO_VIEW
    assert "<image>\nPlease segment" in model.words.decode(prompt)
