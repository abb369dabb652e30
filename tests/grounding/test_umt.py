"""Unmasked Teacher's files: every weight used or known not to be needed, and what it computes."""

import sys
import types

import numpy as np
import pytest
import torch
from torch.nn.functional import gelu, layer_norm, linear, normalize

from momentvos.errors import ModelError
from momentvos.grounding import build
from momentvos.grounding.umt.checkpoint import read
from momentvos.grounding.umt.model import sinusoid
from momentvos.grounding.umt.scorer import pixels

WIDTH, DEPTH, LAYERS, FUSION = 64, 2, 3, 2


@pytest.fixture(scope="session")
def official(tokenizer) -> dict[str, torch.Tensor]:
    """Random weights with the names of an official pre-training file, small."""
    shapes: dict[str, tuple[int, ...]] = {}

    def both(name: str, out: int, *inward: int) -> None:
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = (out, *inward), (out,)

    both("vision_encoder.encoder.patch_embed.proj", WIDTH, 3, 1, 112, 112)
    for number in range(DEPTH):
        block = f"vision_encoder.encoder.blocks.{number}"
        both(f"{block}.norm1", WIDTH)
        both(f"{block}.norm2", WIDTH)
        shapes |= {f"{block}.attn.q_bias": (WIDTH,), f"{block}.attn.v_bias": (WIDTH,)}
        shapes[f"{block}.attn.qkv.weight"] = (3 * WIDTH, WIDTH)
        both(f"{block}.attn.proj", WIDTH, WIDTH)
        both(f"{block}.mlp.fc1", 4 * WIDTH, WIDTH)
        both(f"{block}.mlp.fc2", WIDTH, 4 * WIDTH)
    both("vision_encoder.encoder.norm", WIDTH)
    both("vision_encoder.pool_norm", WIDTH)
    both("vision_encoder.clip_decoder.0.head", 8, WIDTH)
    both("clip_teacher.conv1", 8, 3)
    bert = "text_encoder.bert"
    for name, rows in (("word", len(tokenizer)), ("position", 40), ("token_type", 2)):
        shapes[f"{bert}.embeddings.{name}_embeddings.weight"] = (rows, WIDTH)
    both(f"{bert}.embeddings.LayerNorm", WIDTH)
    for number in range(LAYERS):
        layer = f"{bert}.encoder.layer.{number}"
        for part in ("query", "key", "value"):
            both(f"{layer}.attention.self.{part}", WIDTH, WIDTH)
        both(f"{layer}.attention.output.dense", WIDTH, WIDTH)
        both(f"{layer}.attention.output.LayerNorm", WIDTH)
        both(f"{layer}.intermediate.dense", 4 * WIDTH, WIDTH)
        both(f"{layer}.output.dense", WIDTH, 4 * WIDTH)
        both(f"{layer}.output.LayerNorm", WIDTH)
        if number >= FUSION:
            both(f"{layer}.crossattention.self.query", WIDTH, WIDTH)
    both("text_encoder.cls.predictions.transform.dense", WIDTH, WIDTH)
    both("vision_proj", 16, WIDTH)
    both("text_proj", 16, WIDTH)
    both("itm_head", 2, WIDTH)
    shapes["temp"] = ()
    torch.manual_seed(0)
    return {
        name: 1 + 0.1 * torch.randn(shape) if "norm" in name.lower() else 0.1 * torch.randn(shape)
        for name, shape in shapes.items()
    }


@pytest.fixture
def file(tmp_path, official, tokenizer):
    path = tmp_path / "l16_25m.pth"
    torch.save({"model": official, "epoch": 3}, path)
    tokenizer.save_pretrained(tmp_path)
    return path


def by_hand(weights, seen):
    """The frames' tower as the official program computes it, step by step: [T, 3, S, S]."""
    prefix = "vision_encoder.encoder"

    def w(name):
        return weights[f"{prefix}.{name}"]

    cut = torch.nn.functional.conv3d(
        seen.transpose(0, 1)[None],
        w("patch_embed.proj.weight"),
        w("patch_embed.proj.bias"),
        stride=(1, 112, 112),
    )
    x = cut.flatten(2).transpose(1, 2)
    places = np.array(
        [
            [p / np.power(10000, 2 * (c // 2) / WIDTH) for c in range(WIDTH)]
            for p in range(x.shape[1])
        ]
    )
    places[:, 0::2], places[:, 1::2] = np.sin(places[:, 0::2]), np.cos(places[:, 1::2])
    x = x + torch.tensor(places, dtype=torch.float)
    for n in range(DEPTH):
        b = f"blocks.{n}"
        h = layer_norm(x, (WIDTH,), w(f"{b}.norm1.weight"), w(f"{b}.norm1.bias"), 1e-6)
        zero = torch.zeros(WIDTH)
        bias = torch.cat([w(f"{b}.attn.q_bias"), zero, w(f"{b}.attn.v_bias")])
        q, k, v = linear(h, w(f"{b}.attn.qkv.weight"), bias).chunk(3, -1)
        h = ((q * WIDTH**-0.5) @ k.transpose(1, 2)).softmax(-1) @ v
        x = x + linear(h, w(f"{b}.attn.proj.weight"), w(f"{b}.attn.proj.bias"))
        h = layer_norm(x, (WIDTH,), w(f"{b}.norm2.weight"), w(f"{b}.norm2.bias"), 1e-6)
        h = gelu(linear(h, w(f"{b}.mlp.fc1.weight"), w(f"{b}.mlp.fc1.bias")))
        x = x + linear(h, w(f"{b}.mlp.fc2.weight"), w(f"{b}.mlp.fc2.bias"))
    x = layer_norm(x, (WIDTH,), w("norm.weight"), w("norm.bias"), 1e-6)
    x = x.view(len(seen), -1, WIDTH).mean(1)
    pool = (weights[f"vision_encoder.pool_norm.{kind}"] for kind in ("weight", "bias"))
    x = layer_norm(x, (WIDTH,), *pool, 1e-6)
    return normalize(linear(x, weights["vision_proj.weight"], weights["vision_proj.bias"]), dim=-1)


@torch.no_grad()
def test_frames_are_what_the_official_program_makes_of_them(file, official):
    seen = torch.randn(4, 3, 224, 224)
    assert torch.allclose(read(file).frames(seen), by_hand(official, seen), atol=1e-5)


def test_only_the_layers_before_the_joint_ones_read_sentences(file):
    assert read(file).shape.text.num_hidden_layers == FUSION


def test_finetuned_files_name_their_text_layers_otherwise(file, official):
    plain = {name.replace("text_encoder.bert.", "text_encoder."): v for name, v in official.items()}
    torch.save(plain, file)
    assert read(file).shape.depth == DEPTH


def test_grounds(clip, file):
    answers = build(f"umt={file}:3", "cpu").ground(clip, ["the dog that jumps", "a red square"])
    assert [len(answer.moment) for answer in answers] == [3, 3]
    assert answers[0].relevance != answers[1].relevance


def test_grounds_in_half_precision(half, clip, file):
    (answer,) = build(f"umt={file}", "cpu").ground(clip, ["the dog that jumps"])
    assert len(answer.moment) == 4


def test_a_file_with_settings_beside_the_weights_is_read(file, official, monkeypatch):
    module = types.ModuleType("utils.easydict")
    module.EasyDict = type("EasyDict", (dict,), {"__module__": "utils.easydict"})
    monkeypatch.setitem(sys.modules, "utils", types.ModuleType("utils"))
    monkeypatch.setitem(sys.modules, "utils.easydict", module)
    settings = module.EasyDict(lr=1e-4)
    settings.optimizer = module.EasyDict(opt="adamW")
    torch.save({"model": official, "config": settings}, file)
    monkeypatch.undo()
    assert read(file).shape.width == WIDTH


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda w: w.pop("vision_proj.bias"), "lacks vision_proj.bias"),
        (lambda w: w.update(spare=torch.ones(2)), "has an unknown spare"),
        (lambda w: w.update({"text_proj.bias": torch.ones(3)}), r"text_proj.bias of shape \(3,\)"),
        (lambda w: w.clear(), "is no file of Unmasked Teacher"),
        (lambda w: w.update(temp="hot"), "holds no dict of weights"),
    ],
)
def test_says_what_is_wrong_with_a_file(file, official, change, said):
    weights = dict(official)
    change(weights)
    torch.save(weights, file)
    with pytest.raises(ModelError, match=said):
        read(file)


def test_without_a_tokenizer_says_which_to_fetch(file, monkeypatch):
    import huggingface_hub

    def offline(*args, **kwargs):
        raise OSError("no network")

    for part in file.parent.glob("tok*"):
        part.unlink()
    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", offline)
    with pytest.raises(ModelError, match="google-bert/bert-large-uncased"):
        build(f"umt={file}", "cpu")


def test_a_file_that_could_run_code_is_refused(file):
    torch.save({"model": {"x": print}}, file)
    with pytest.raises(ModelError, match="asks for the Python object"):
        read(file)
    with pytest.raises(ModelError, match="No such file"):
        read(file.with_name("other.pth"))


def test_pixels_are_normalised_and_places_start_at_zero():
    grey = np.full((2, 10, 20, 3), 124, np.uint8)
    seen = pixels(grey, 8)
    assert seen.shape == (2, 3, 8, 8)
    assert torch.allclose(seen[0, 0], torch.full((8, 8), (124 / 255 - 0.485) / 0.229))
    assert sinusoid(3, 4)[0].tolist() == [0, 1, 0, 1]
