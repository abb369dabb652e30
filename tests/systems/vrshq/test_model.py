"""Saving, loading, freezing."""

import importlib.util

import pytest
import torch

from momentvos.errors import ModelError
from momentvos.systems.momentseg.model import MomentSegModel
from momentvos.systems.vrshq.model import VrsHqModel
from momentvos.systems.vrshq.presets import LORA, vrshq_mini
from momentvos.systems.vrshq.pretrain.init_weights import init_weights

has_peft = importlib.util.find_spec("peft") is not None


def test_a_saved_model_answers_the_same(mini, video, tmp_path):
    from momentvos.hub import load

    mini.save_pretrained(tmp_path)
    assert not list(tmp_path.glob("*.bin"))
    loaded = load(tmp_path, device="cpu")
    assert isinstance(loaded, VrsHqModel)
    ours, theirs = mini.state_dict(), loaded.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    for tensor in (*mini.parameters(), *loaded.parameters()):
        tensor.data = tensor.data.clone()  # products round by where in memory their factors lie
    ours, theirs = (model.segment(video, "the dog that jumps") for model in (mini, loaded))
    assert theirs.masklet == ours.masklet and theirs.relevance == ours.relevance
    with pytest.raises(ModelError, match="not a MomentSeg model"):
        MomentSegModel.from_pretrained(tmp_path)


def test_missing_weights_are_named(mini, tmp_path):
    from safetensors.torch import load_file, save_file

    mini.save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    weights.pop("text_mlp.0.weight")
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"text_mlp\.0\.weight"):
        VrsHqModel.from_pretrained(tmp_path)


def test_the_paper_trains_language_model_perceptron_and_mask_decoder(build):
    model = build(backbone_trainable=False)
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    parts = ("text_mlp.", "sam.mask_decoder.", "mllm.model.language_model.")
    assert all(any(name.startswith(part) for name in trained) for part in parts)
    assert not [name for name in trained if not name.startswith((*parts, "mllm.lm_head."))]


@pytest.mark.skipif(not has_peft, reason="peft is not installed")
def test_adapters_are_saved_loaded_trained_alone_and_merged(build, video, tmp_path):
    model = build(backbone_trainable=False, lora=LORA)
    layers = "mllm.model.language_model.layers"
    trained = {n for n, p in model.named_parameters() if p.requires_grad and n.startswith(layers)}
    assert trained and all("lora_" in name for name in trained)
    assert {name.split(".lora_")[0].rsplit(".", 1)[-1] for name in trained} == {"q_proj", "v_proj"}
    model.save_pretrained(tmp_path / "with")
    loaded = VrsHqModel.from_pretrained(tmp_path / "with").eval()
    text = model.ask(video, "What is this?")
    assert loaded.ask(video, "What is this?") == text
    loaded.merge()
    assert loaded.config.lora is None
    assert loaded.ask(video, "What is this?") == text


def test_published_parts_make_a_new_model(mini, video, tmp_path):
    mini.sam.save_pretrained(tmp_path / "sam")
    mini.mllm.save_pretrained(tmp_path / "mllm")
    mini.tokenizer.save_pretrained(tmp_path / "mllm")
    model = VrsHqModel.from_parts(
        tmp_path / "sam", tmp_path / "mllm", image_budget=(1, 4), presence_threshold=0.0
    ).eval()
    assert torch.equal(model.sam.no_memory_embedding, mini.sam.no_memory_embedding)
    assert model.seg_token != model.tak_token
    assert len(model.segment(video, "the dog").scores) == 20
    model.save_pretrained(tmp_path / "whole")
    VrsHqModel.from_pretrained(tmp_path / "whole")


def test_the_mini_preset_builds_and_starts_lively(mini):
    config = vrshq_mini(mini.tokenizer, frames=8)
    assert config.frames == 8 and config.image_size == 128 and config.handover == "token"
    torch.manual_seed(0)
    model = VrsHqModel(config)
    assert sum(p.numel() for p in model.parameters()) < 8e6
    init_weights(model)
    prompts = model.prompts(torch.randn(64, 128))
    assert 0.3 < float(prompts.detach().std()) < 3
    assert abs(float(model.sam.mask_decoder.mask_tokens.weight.detach().std()) - 1) < 0.1


def test_switches_are_fields(mini):
    assert set(mini.config.to_dict()) >= mini.config.switches


def test_a_model_without_tokenizer_says_so(mini):
    with pytest.raises(ValueError, match="tokenizer"):
        _ = VrsHqModel(mini.config).words
