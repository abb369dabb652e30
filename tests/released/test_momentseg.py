"""A converted MomentSeg against the authors' program, both with the weights that `conftest` draws.

The program ran at this small size in 32 bits on a CPU, with Qwen2.5-VL and the image processor of
`transformers` 4.51.3 and Pillow 12. The head is made so that both prompts are answered with [FIND]
and [SEG]. What it answered stands below.
"""

import json
from pathlib import Path

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
RECORDED = json.loads((Path(__file__).parent / "momentseg_recorded.json").read_text())
"""What the program answered: clip, sentence; checksums of the pictures for SAM2, of the video at a
low resolution and of the frames; lengths and checksums of both prompts; the frames sampled; and
masks as `rules.agree` reads them."""

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


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("name", ["240", pytest.param("720", marks=LARGE)])
def test_a_video_is_seen_asked_about_and_segmented_alike(model, rules, clip, asked, name, together):
    records = [record for record in RECORDED if record["clip"] == name]
    records = records if together else records[:1]
    video = Video.open(clip((720, 1280) if name == "720" else (240, 320)))
    answers = model.segment(video, [record["sentence"] for record in records])
    finds = [one for one in asked if one.pixel_values_videos is not None]
    segs = [one for one in asked if one.pixel_values is not None]
    cache = FeatureCache(model.sam, video, "momentseg", model.config.image_resizer)
    sam = rules.checksum(cache.pixels(range(12)))
    for answer, find, seg, record in zip(answers, finds, segs, records, strict=True):
        seen = [sam, *map(rules.checksum, (find.pixel_values_videos, seg.pixel_values))]
        assert seen == record["pixels"]
        prompts = [one.ids[0].numpy() for one in (find, seg)]
        assert [[len(one), rules.checksum(one)] for one in prompts] == record["prompts"]
        rules.agree(answer, record)


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
