"""Official Sa2VA folders against the authors' programs, both with the weights `conftest` draws.

The program of Sa2VA ran as it is but for the device and 16 bits (SAM2's constants kept theirs),
with a small SAM2 in place of Hiera-L, `transformers` 4.57.0, qwen-vl-utils 0.0.14, torchvision
0.29 and Pillow 11; that of Sa2VA-i with the same language models in place of InternVL. The head is
made so that prompts are answered with [SEG]. What they answered stands below and in ``sa2va.npz``:
the last layer's states at [SEG] and at the token before it, and the masks.
"""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from transformers import PreTrainedTokenizerFast, Qwen2_5_VLConfig, Qwen3VLConfig

import momentvos
from momentvos.convert import sa2va as official
from momentvos.systems.sa2va import prompter
from momentvos.systems.sa2va.config import Sa2VaConfig
from momentvos.systems.sa2va.model import Sa2VaModel
from momentvos.systems.sa2va.templates import TOKENS

RECORDED = Path(__file__).with_name("sa2va.npz")
TEXT = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 32768,
    "rms_norm_eps": 1e-6,
}
VISION = {
    "hidden_size": 32,
    "num_heads": 2,
    "intermediate_size": 64,
    "out_hidden_size": 64,
    "in_channels": 3,
}
FORMS = {
    "qwen2.5": (
        Qwen2_5_VLConfig,
        {
            "num_hidden_layers": 2,
            "rope_theta": 1e6,
            "rope_scaling": {"type": "default", "mrope_section": [2, 3, 3], "rope_type": "default"},
        },
        {"depth": 2, "fullatt_block_indexes": [1], "tokens_per_second": 2},
        "{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{{ messages }}",
    ),
    "qwen3": (
        Qwen3VLConfig,
        {
            "num_hidden_layers": 3,
            "head_dim": 16,
            "rope_theta": 5e6,
            "rope_scaling": {
                "rope_type": "default",
                "mrope_interleaved": True,
                "mrope_section": [4, 2, 2],
            },
        },
        {
            "depth": 3,
            "patch_size": 16,
            "num_position_embeddings": 64,
            "deepstack_visual_indexes": [0, 1],
        },
        "{{ messages }}",
    ),
}
"""By language model: its class, fields of the text and vision parts as ``config.json`` has them,
and a chat template with its system prompt."""
SLOW = ("qwen2.5-720", "qwen3-720", "qwen2.5-240-i")
MODES = {False: ("first", "finetuned"), True: ("uniform", "original")}
OWN = official.DECODER
"""SAM2's own decoder in files of Sa2VA-i, and the only one in others."""


class Answer(NamedTuple):
    """What the program made of a sentence: prompt, its checksum, patches and their checksum."""

    sentence: str
    length: int
    ids: str
    shape: tuple[int, int]
    patches: str


DOG = "the dog that jumps"
ANSWERS = {
    "qwen2.5-240": Answer(DOG, 2819, "53df97455689ace0", (10920, 1176), "568fa2db17fecdf6"),
    "qwen3-240": Answer(DOG, 2034, "3cd250230f6b3889", (7920, 1536), "7a99c760306b4bd1"),
    "qwen2.5-720": Answer(
        "Who is in the video?", 6092, "6e590c57251a2d33", (23920, 1176), "dacf4cd712041189"
    ),
    "qwen3-720": Answer(DOG, 4654, "a19befea232a7715", (18400, 1536), "1bb29487fe28b133"),
    "qwen2.5-240-image": Answer(DOG, 639, "ab95f24889834d99", (2184, 1176), "88a164ebf7daa2e1"),
    "qwen3-240-image": Answer(DOG, 454, "fb6771287968b737", (1584, 1536), "2a5477ca58d8264e"),
    "qwen2.5-240-i": Answer(DOG, 2819, "53df97455689ace0", (10920, 1176), "c8e59f12a2816e8d"),
    "qwen3-240-i": Answer(DOG, 2034, "3cd250230f6b3889", (7920, 1536), "6a5fc5eb23ba5856"),
}


@pytest.fixture(scope="module")
def model(rules, tmp_path_factory):
    """Gives the model of an official folder that lies in shards; both: with two decoders."""
    made = {}

    def load(kind, both):
        if (kind, both) not in made:
            made.clear()  # one at a time
            folder = write(rules, tmp_path_factory.mktemp(kind), kind, both)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(official, "hiera", lambda *_: None)  # Hiera-L would take minutes
                patch.setattr(official, "sam_config", lambda _: rules.small_sam())
                made[kind, both] = momentvos.load(folder, device="cpu")
        return made[kind, both]

    return load


def write(rules, folder, kind, both):
    """The folder as the authors' conversion leaves it."""
    form, text, vision, template = FORMS[kind]
    words = rules.tokenizer(TOKENS)
    end, pad = words.token_to_id("<|im_end|>"), words.token_to_id("<|endoftext|>")
    special = {"bos_token_id": pad, "eos_token_id": end, "pad_token_id": pad}
    config = {
        "text_config": TEXT | text | special | {"vocab_size": words.get_vocab_size()},
        "vision_config": VISION | vision,
        "tie_word_embeddings": False,
        "image_token_id": words.token_to_id("<|image_pad|>"),
        "video_token_id": words.token_to_id("<|video_pad|>"),
        "vision_start_token_id": words.token_to_id("<|vision_start|>"),
        "vision_end_token_id": words.token_to_id("<|vision_end|>"),
    }
    salt = "c" if both else ""  # so that what SAM2 tracks by itself is not empty
    options = {"sam_config": rules.small_sam(), "mllm_config": form(**config)}
    weights = rules.official_weights(
        lambda: Sa2VaModel(Sa2VaConfig(**options, original_decoder=both)),
        sources_of_both if both else official.sources,
        lambda name, shape: rules.drawn(salt + name if OWN in name else name, shape),
    )
    embeddings, head = weights[official.EMBEDDING], torch.zeros_like(weights[official.HEAD])
    newline = words.encode("assistant\n", add_special_tokens=False).ids[-1]
    seg = words.token_to_id("[SEG]")
    head[[seg, end]] = embeddings[[newline, seg]]
    weights[official.HEAD] = head
    shards, names = (
        ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"],
        sorted(weights),
    )
    for number, shard in enumerate(shards):
        save_file({name: weights[name] for name in names[number::2]}, folder / shard)
    placed = {name: shards[number % 2] for number, name in enumerate(names)}
    index = {"metadata": {}, "weight_map": placed}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    told = {"model_type": "sa2va_chat", "architectures": ["Sa2VAChatModelQwen"], "dtype": "float32"}
    told["auto_map"] = {"AutoModel": "modeling_sa2va_qwen.Sa2VAChatModelQwen"}
    (folder / "config.json").write_text(json.dumps(told | config))
    (folder / "modeling_sa2va_qwen.py").write_text("raise SystemExit('this must not run')")
    made = PreTrainedTokenizerFast(
        tokenizer_object=words, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    made.chat_template = template
    made.save_pretrained(folder)
    return folder


def sources_of_both(name):
    """The names in files of Sa2VA-i."""
    return tuple(
        source.replace(official.DECODER, official.TUNED).replace(official.ORIGINAL, OWN)
        for source in official.sources(name)
    )


@pytest.fixture
def asked(monkeypatch):
    """What the language model is given, and what comes of it."""
    answers = []
    generate = prompter.generate

    def spied(mllm, words, given, *rest, **more):
        answers.append((given, generate(mllm, words, given, *rest, **more)))
        return answers[-1][1]

    monkeypatch.setattr(prompter, "generate", spied)
    return answers


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in ANSWERS]
)
def test_a_video_is_seen_asked_about_and_segmented_as_by_the_program(
    model, rules, clip, asked, name
):
    kind, height, *form = name.split("-")
    wanted, both = ANSWERS[name], form == ["i"]
    loaded = model(kind, both)
    loaded.config.answer_limit = 8
    loaded.config.sampling, loaded.config.decoder = MODES[both]
    (size,) = (size for size in rules.SIZES if size[0] == int(height))
    video = clip(size) / "00000.png" if form == ["image"] else clip(size)

    answer = loaded.segment(video, wanted.sentence)

    ((given, generated),) = asked
    ids = given.ids[0].numpy()
    assert (len(ids), rules.checksum(ids)) == (wanted.length, wanted.ids)
    assert tuple(given.pixel_values.shape) == wanted.shape
    assert rules.checksum(given.pixel_values) == wanted.patches
    with np.load(RECORDED) as recorded:
        for place, key in ((len(ids) - 1, "last"), (len(ids), "state")):
            states = generated.hidden[place].numpy()
            np.testing.assert_allclose(states, recorded[f"{name}/{key}"], atol=1e-4)
        masks = np.stack([answer.masklet.get(frame) for frame in range(answer.video.length)])
        assert masks.shape == tuple(recorded[f"{name}/shape"])
        if height == "720":
            made = masks.reshape(len(masks), 2, size[0] // 2, 2, -1).sum((2, 4)).reshape(-1, 4)
            np.testing.assert_allclose(made, recorded[f"{name}/quarters"], rtol=1e-3, atol=2)
            return
        bits = np.unpackbits(recorded[f"{name}/masks"], count=masks.size)
    true = bits.reshape(masks.shape).astype(bool)
    assert min(map(iou, masks, true)) >= 0.999
    assert answer.method == ("Sa2VA-i" if both else "Sa2VA")


def iou(one, other):
    return (one & other).sum() / (one | other).sum()
