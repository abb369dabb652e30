"""Saving, loading, freezing."""

import importlib.util

import pytest
import torch

from momentvos.errors import ModelError
from momentvos.mllm import Lora
from momentvos.systems.momentseg.model import MomentSegModel
from momentvos.systems.momentseg.presets import momentseg_mini
from momentvos.systems.momentseg.pretrain.init_weights import init_weights
from momentvos.systems.tgl.model import TglModel

has_peft = importlib.util.find_spec("peft") is not None


def test_a_saved_model_answers_the_same(taught, video, tmp_path):
    taught.save_pretrained(tmp_path)
    loaded = MomentSegModel.from_pretrained(tmp_path).eval()
    assert not list(tmp_path.glob("*.bin"))
    taught_state, state = taught.state_dict(), loaded.state_dict()
    assert state.keys() == taught_state.keys()
    assert all(torch.equal(state[name], taught_state[name]) for name in state)
    embeddings = loaded.mllm.get_input_embeddings().weight
    assert loaded.mllm.lm_head.weight.data_ptr() == embeddings.data_ptr()
    ours, theirs = (model.segment(video, "the dog that jumps") for model in (taught, loaded))
    assert theirs.masklet == ours.masklet and theirs.relevance == ours.relevance


def test_hub_loads_it_by_its_kind(taught, tmp_path):
    from momentvos.hub import load

    taught.save_pretrained(tmp_path)
    assert isinstance(load(tmp_path, device="cpu"), MomentSegModel)
    with pytest.raises(ModelError, match="not a TGL model"):
        TglModel.from_pretrained(tmp_path)


def test_missing_weights_are_named(mini, tmp_path):
    from safetensors.torch import load_file, save_file

    mini.save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    weights.pop("seg_mlp.0.weight")
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"seg_mlp\.0\.weight"):
        MomentSegModel.from_pretrained(tmp_path)


def test_the_paper_trains_language_model_perceptrons_and_mask_decoder(build):
    model = build(backbone_trainable=False, original_decoder=True)
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    parts = ("seg_mlp.", "find_mlp.", "sam.mask_decoder.", "mllm.model.language_model.")
    assert all(any(name.startswith(part) for name in trained) for part in parts)
    assert not [name for name in trained if not name.startswith((*parts, "mllm.lm_head."))]
    assert not [name for name in trained if "visual" in name]


@pytest.mark.skipif(not has_peft, reason="peft is not installed")
def test_adapters_are_saved_loaded_trained_alone_and_merged(build, video, tmp_path):
    model = build(backbone_trainable=False, lora=Lora(4, 8, 0.0).to_dict())
    trained = {
        name
        for name, p in model.named_parameters()
        if p.requires_grad and name.startswith("mllm.model.language_model.layers")
    }
    assert trained and all("lora_" in name for name in trained)
    model.save_pretrained(tmp_path / "with")
    loaded = MomentSegModel.from_pretrained(tmp_path / "with").eval()
    text = model.ask(video, "What is this?")
    assert loaded.ask(video, "What is this?") == text
    loaded.merge()
    assert loaded.config.lora is None
    assert loaded.ask(video, "What is this?") == text
    loaded.save_pretrained(tmp_path / "merged")
    merged = MomentSegModel.from_pretrained(tmp_path / "merged").eval()
    assert merged.ask(video, "What is this?") == text
    assert not [name for name in merged.state_dict() if "lora" in name or "base_layer" in name]


def test_published_parts_make_a_new_model(mini, video, tmp_path):
    mini.sam.save_pretrained(tmp_path / "sam")
    mini.mllm.save_pretrained(tmp_path / "mllm")
    mini.tokenizer.save_pretrained(tmp_path / "mllm")
    model = MomentSegModel.from_parts(
        tmp_path / "sam", tmp_path / "mllm", original_decoder=True, context_budget=(1, 4)
    ).eval()
    assert torch.equal(model.sam.no_memory_embedding, mini.sam.no_memory_embedding)
    decoder = model.original_decoder.state_dict()
    assert all(torch.equal(decoder[n], w) for n, w in model.sam.mask_decoder.state_dict().items())
    assert model.token("[SEG]") != model.token("[FIND]")
    assert len(model.segment(video, "the dog").scores) == 20
    model.save_pretrained(tmp_path / "whole")
    MomentSegModel.from_pretrained(tmp_path / "whole")


def test_the_mini_preset_builds(mini):
    config = momentseg_mini(mini.tokenizer, frames=4)
    assert config.frames == 4 and config.image_size == 128
    model = MomentSegModel(config)
    assert sum(p.numel() for p in model.parameters()) < 8e6


def test_weights_drawn_anew_give_prompts_as_lively_as_sam2s_own_tokens(mini):
    torch.manual_seed(0)
    model = MomentSegModel(momentseg_mini(mini.tokenizer))
    init_weights(model)
    prompts = model.prompts(torch.randn(64, 128))
    assert 0.3 < float(prompts.detach().std()) < 3
    assert abs(float(model.sam.mask_decoder.mask_tokens.weight.detach().std()) - 1) < 0.1


def test_a_model_without_tokenizer_says_so(mini, build):
    model = MomentSegModel(mini.config)
    with pytest.raises(ValueError, match="tokenizer"):
        _ = model.words
