"""The official folder of MomentSeg, rebuilt with random weights under its official names."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from transformers import Qwen2_5_VLConfig, Sam2HieraDetConfig

from momentvos.convert.match import skeleton
from momentvos.convert.momentseg import convert_momentseg, sources
from momentvos.convert.names import sam2_sources
from momentvos.errors import ModelError, OutputError
from momentvos.mllm import qwen_config, train_chat_tokenizer
from momentvos.sam2.sizes import HIERA_LARGE, sam_config
from momentvos.systems.momentseg.config import MomentSegConfig
from momentvos.systems.momentseg.model import MomentSegModel


@pytest.fixture(scope="module")
def model():
    tokenizer = train_chat_tokenizer(["Please segment the dog in this video."], 340)
    hiera = Sam2HieraDetConfig(
        image_size=[64, 64],
        hidden_size=8,
        num_attention_heads=1,
        blocks_per_stage=[1, 1, 2, 1],
        embed_dim_per_stage=[8, 16, 32, 64],
        num_attention_heads_per_stage=[1, 1, 2, 2],
        window_size_per_stage=[4, 4, 4, 2],
        global_attention_blocks=[3],
    )
    sizes = {"hidden": 32, "layers": 2, "heads": 2, "vision": 16, "vision_layers": 2}
    config = MomentSegConfig(
        sam_config=sam_config(hiera, hidden=64, memory=64, layers=1, feed_forward=64),
        mllm_config=qwen_config(tokenizer, vision_heads=2, patch=4, full=(1,), **sizes),
    )
    torch.manual_seed(0)
    model = MomentSegModel(config)
    model.use_tokenizer(tokenizer)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    shared = model.sam.prompt_encoder.shared_embedding  # one weight in the official files
    model.sam.shared_image_embedding.load_state_dict(shared.state_dict())
    return model.eval()


@pytest.fixture(scope="module")
def official(model):
    """Weights under the released names."""
    named = {}
    for name, weight in model.state_dict().items():
        part, _, rest = name.partition(".")
        if part == "sam":
            sources = sam2_sources(rest)
            rows = weight.split(len(weight) // len(sources))
            for source, row in zip(sources, rows, strict=True):
                key = f"grounding_encoder.sam2_model.{source}"
                if key.endswith(".gamma"):
                    key = key.removesuffix("gamma") + "g_weight"
                named[key] = row.clone()
        elif part == "mllm":
            rest = rest.replace("model.visual.", "visual.").replace("language_model.", "")
            named[rest] = weight.clone()
        else:
            named[
                name.replace("seg_mlp", "text_hidden_fcs").replace("find_mlp", "find_hidden_fcs")
            ] = weight
    named["img_hidden_fcs.0.weight"] = torch.zeros(32, 32)
    return named


@pytest.fixture
def write(model, official, tmp_path):
    """Writes an official folder in two shards; changes are made to its weights first."""

    def make(drop=(), **more):
        folder = tmp_path / "official"
        folder.mkdir()
        weights = {name: w for name, w in official.items() if name not in drop} | more
        names = sorted(weights)
        for number in (0, 1):
            part = {name: weights[name].contiguous() for name in names[number::2]}
            save_file(part, folder / f"model-0000{number + 1}-of-00002.safetensors")
        model.tokenizer.save_pretrained(folder)
        language = model.config.mllm_config.to_dict()
        told = {"model_type": "momentseg_chat", "mllm_config": language, "min_pixels": 3136}
        (folder / "config.json").write_text(json.dumps(told | {"max_pixels": 200704}))
        return folder

    return make


def test_every_weight_finds_its_place(model, official, write, tmp_path):
    done = convert_momentseg(write(), tmp_path / "ours", config=model.config)
    assert set(done.used) | set(done.dropped) == set(official)
    assert list(done.dropped) == ["img_hidden_fcs.0.weight"]
    loaded = MomentSegModel.from_pretrained(tmp_path / "ours")
    state = loaded.state_dict()
    wanted = model.state_dict()
    assert [name for name, weight in wanted.items() if not torch.equal(state[name], weight)] == []
    assert loaded.token("[SEG]") == model.token("[SEG]")


def test_a_tied_head_may_be_left_out_and_an_untied_one_is_kept(model, write, official, tmp_path):
    done = convert_momentseg(write(["lm_head.weight"]), tmp_path / "ours", config=model.config)
    assert "tied" in done.made["mllm.lm_head.weight"]
    loaded = MomentSegModel.from_pretrained(tmp_path / "ours")
    head = loaded.mllm.lm_head.weight
    assert torch.equal(head, official["model.embed_tokens.weight"])


def test_a_head_of_its_own_is_untied(model, write, official, tmp_path):
    other = official["lm_head.weight"] + 1
    folder = write(**{"lm_head.weight": other})
    convert_momentseg(folder, tmp_path / "ours", config=MomentSegConfig(**model.config.to_dict()))
    loaded = MomentSegModel.from_pretrained(tmp_path / "ours")
    assert torch.equal(loaded.mllm.lm_head.weight, other)
    embeddings = loaded.mllm.get_input_embeddings().weight
    assert torch.equal(embeddings, official["model.embed_tokens.weight"])


def test_half_precision_is_kept(model, official, write, tmp_path):
    folder = write(**{name: weight.bfloat16() for name, weight in official.items()})
    convert_momentseg(folder, tmp_path / "ours", config=model.config)
    loaded = MomentSegModel.from_pretrained(tmp_path / "ours")
    assert loaded.seg_mlp[0].weight.dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"drop": ["text_hidden_fcs.2.bias"]}, r"missing: text_hidden_fcs\.2\.bias"),
        ({"surprise": torch.zeros(1)}, "unknown: surprise"),
        ({"find_hidden_fcs.0.bias": torch.zeros(3)}, r"wrong kind: find_hidden_fcs\.0\.bias"),
    ],
)
def test_faults_are_named_and_nothing_is_left(model, write, tmp_path, change, word):
    with pytest.raises(ModelError, match=word):
        convert_momentseg(write(**change), tmp_path / "ours", config=model.config)
    assert not (tmp_path / "ours").exists()


def test_other_sizes_are_refused_without_a_config(write, tmp_path):
    with pytest.raises(ModelError, match="none of SAM2's sizes"):
        convert_momentseg(write(), tmp_path / "ours")


def test_bad_folders(model, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="safetensors"):
        convert_momentseg(tmp_path / "empty", tmp_path / "ours")
    with pytest.raises(OutputError, match="already holds"):
        convert_momentseg(tmp_path / "empty", tmp_path)
    (tmp_path / "empty" / "model.safetensors").write_bytes(b"nonsense")
    with pytest.raises(ModelError, match="cannot be read"):
        convert_momentseg(tmp_path / "empty", tmp_path / "ours")


def test_the_3b_model_asks_for_the_names_that_qwen_published():
    """Counted in the index of Qwen2.5-VL-3B-Instruct: 824, and the head tied to the embeddings."""
    vision = {
        "depth": 32,
        "hidden_size": 1280,
        "intermediate_size": 3420,
        "num_heads": 16,
        "out_hidden_size": 2048,
        "tokens_per_second": 2,
    }
    qwen = Qwen2_5_VLConfig(  # flat, as files of that time are
        hidden_size=2048,
        intermediate_size=11008,
        num_hidden_layers=36,
        num_attention_heads=16,
        num_key_value_heads=2,
        rope_theta=1000000.0,
        rope_scaling={"type": "mrope", "mrope_section": [16, 24, 24]},
        tie_word_embeddings=True,
        vision_config=vision,
    )
    sam = sam_config(Sam2HieraDetConfig(**HIERA_LARGE))
    config = MomentSegConfig(sam_config=sam, mllm_config=qwen)
    assert qwen.text_config.num_hidden_layers == 36
    wanted = skeleton(Path("x"), lambda: MomentSegModel(config))
    names = [source for name in wanted for source in sources(name)]
    language = [name for name in names if name.startswith(("visual.", "model.", "lm_head."))]
    assert len(language) == 825
    assert {"visual.blocks.31.attn.qkv.weight", "model.layers.35.self_attn.q_proj.bias"} < set(
        names
    )
    assert "grounding_encoder.sam2_model.memory_encoder.fuser.layers.0.g_weight" in names
    assert sum(name.startswith("text_hidden_fcs.") for name in names) == 4
