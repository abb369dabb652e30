"""Configuration, parameter counts, loading and saving."""

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import PreTrainedTokenizerFast, RobertaModel, Sam2VideoModel

import momentvos
from momentvos.errors import ModelError
from momentvos.systems.tgl.config import TglConfig
from momentvos.systems.tgl.model import TglModel
from momentvos.systems.tgl.presets import tgl_config

ENCODERS = ("sam.vision_encoder.", "text_encoder.")


def count(model, inside=lambda name: True, trained=False):
    return sum(
        parameter.numel()
        for name, parameter in model.named_parameters()
        if inside(name) and (parameter.requires_grad or not trained)
    )


def test_config_survives_saving(tmp_path):
    config = tgl_config("mini", memory="all", moment_features=False, verbs=False)
    config.save_pretrained(tmp_path)
    assert TglConfig.from_pretrained(tmp_path).to_dict() == config.to_dict()


def test_presets_have_the_papers_clips():
    assert tgl_config("base").window == 8
    assert tgl_config("large").window == 6
    with pytest.raises(ValueError, match="no preset"):
        tgl_config("huge")


@pytest.mark.parametrize(
    ("switches", "outside"),
    [
        ({}, 16_631_362),
        ({"cme": True}, 16_962_756),
        ({"verbs": True}, 16_959_810),
        ({"cme": True, "verbs": True}, 17_291_204),
    ],
)
def test_base_has_the_papers_parameter_counts(switches, outside):
    with torch.device("meta"):
        model = TglModel(tgl_config("base", tam_layers=0, **switches))
    assert count(model, lambda name: not name.startswith(ENCODERS)) == outside
    prompts = count(model, lambda name: name.startswith("sam.prompt_encoder."))
    assert count(model, trained=True) == outside - prompts


def test_base_and_large_have_the_papers_sizes():
    with torch.device("meta"):
        base = TglModel(tgl_config("base", tam_layers=0))
        large = TglModel(tgl_config("large", tam_layers=0))
    adapters = count(base, lambda name: name.startswith("adapters."))
    assert adapters == 4_576_064
    assert round(count(base.sam.vision_encoder) / 1e6, 2) == 69.11
    assert count(base.sam.memory_attention) == 5_922_304
    decoder = count(base.sam.mask_decoder)
    assert decoder == 4_215_109
    # The reference also counts RoBERTa's language-model head (0.64 M), which nothing uses.
    assert 205e6 < count(base) < 211e6
    assert 349e6 < count(large) < 355e6


def test_a_model_comes_back_as_it_was_saved(mini, video, tmp_path, monkeypatch):
    # An untrained model's colours decide nearly evenly, so that rounding would show at edges.
    monkeypatch.setattr(mini.config, "guided_radius", 0)
    mini.save_pretrained(tmp_path)
    again = momentvos.load(tmp_path, device="cpu")
    ours, theirs = (model.segment(video, "the dog that jumps") for model in (mini, again))
    curves = pytest.approx(ours.relevance, abs=1e-5), pytest.approx(ours.scores, abs=1e-5)
    assert (theirs.relevance, theirs.scores) == curves, "weights elsewhere in memory round anew"
    but = {"model": "", "relevance": [], "scores": [], "presence": 0}
    assert ours.to_json() | but == theirs.to_json() | but
    assert sorted(path.suffix for path in tmp_path.iterdir() if path.suffix != ".json") == [
        ".safetensors"
    ]


def test_from_parts_takes_published_weights(mini, tmp_path):
    """Folders as ``transformers`` itself writes them."""
    torch.manual_seed(3)
    Sam2VideoModel(mini.config.sam_config).save_pretrained(tmp_path / "sam")
    RobertaModel(mini.config.text_config, add_pooling_layer=False).save_pretrained(
        tmp_path / "text"
    )
    mini.tokenizer.save_pretrained(tmp_path / "text")
    model = TglModel.from_parts(
        tmp_path / "sam", tmp_path / "text", text_layers=(1, 2, 3), adapter_patches=(4, 8, 4)
    )
    stored = load_file(tmp_path / "sam" / "model.safetensors")
    for name, value in model.sam.state_dict().items():
        if name in stored:
            torch.testing.assert_close(value, stored[name])
    assert isinstance(model.tokenizer, PreTrainedTokenizerFast)
    frozen = [name for name, p in model.named_parameters() if not p.requires_grad]
    assert all(name.startswith((*ENCODERS, "sam.prompt_encoder.")) for name in frozen)
    assert len(frozen) > 50


@pytest.fixture
def parts(mini, tmp_path):
    """Folders of a small SAM2 and a small RoBERTa, written by ``transformers`` itself."""
    folders = tmp_path / "sam", tmp_path / "text"
    Sam2VideoModel(mini.config.sam_config).save_pretrained(folders[0])
    RobertaModel(mini.config.text_config, add_pooling_layer=False).save_pretrained(folders[1])
    mini.tokenizer.save_pretrained(folders[1])
    return folders


SMALL = {"text_layers": (1, 2, 3), "adapter_patches": (4, 8, 4)}


def test_the_verb_prompt_starts_as_the_text_prompt(parts):
    prompt = TglModel.from_parts(*parts, verbs=True, **SMALL).text_prompt
    verbs = prompt.project_motion_prompts.state_dict()
    for name, value in prompt.project_text.state_dict().items():
        assert torch.equal(value, verbs[name])


def test_weights_without_a_tokenizer_are_refused(mini, parts, tmp_path):
    mini.save_pretrained(tmp_path / "whole")
    for folder in (parts[1], tmp_path / "whole"):
        for file in folder.glob("tokenizer*"):
            file.unlink()
    with pytest.raises(ModelError, match="no tokenizer"):
        TglModel.from_parts(*parts, **SMALL)
    with pytest.raises(ModelError, match="no tokenizer"):
        momentvos.load(tmp_path / "whole")


def test_parts_that_cannot_be_used_are_named(parts):
    sam, text = parts
    with pytest.raises(ModelError, match="nowhere"):
        TglModel.from_parts(sam / "nowhere", text, **SMALL)
    with pytest.raises(ModelError, match="lack"):
        TglModel.from_parts(text, text, **SMALL)
    with pytest.raises(ValueError, match="3 layers"):
        TglModel.from_parts(sam, text)
    weights = load_file(sam / "model.safetensors")
    del weights["no_object_pointer"]
    save_file(weights, sam / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError, match="lack no_object_pointer"):
        TglModel.from_parts(sam, text, **SMALL)


@pytest.mark.slow
def test_base_from_parts_of_the_published_size(mini, tmp_path):
    config = tgl_config("base")
    Sam2VideoModel(config.sam_config).save_pretrained(tmp_path / "sam")
    RobertaModel(config.text_config, add_pooling_layer=False).save_pretrained(tmp_path / "text")
    mini.tokenizer.save_pretrained(tmp_path / "text")
    model = TglModel.from_parts(tmp_path / "sam", tmp_path / "text", tam_layers=0)
    assert count(model, lambda name: not name.startswith(ENCODERS)) == 16_631_362
    prompts = count(model.sam.prompt_encoder)
    assert count(model, trained=True) == 16_631_362 - prompts


def test_missing_and_misshapen_weights_are_named(mini, tmp_path):
    mini.save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    del weights["tam.head.weight"]
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError, match=r"tam\.head\.weight"):
        momentvos.load(tmp_path)
    weights["tam.head.weight"] = torch.zeros(2, 7)
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError):
        momentvos.load(tmp_path)


def test_other_things_are_refused(tmp_path, mini):
    for name in ("nonesuch", tmp_path / "nowhere", tmp_path, "tgl-base"):
        with pytest.raises(ModelError):
            momentvos.load(name)
    mini.config.sam_config.save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="sam2_video"):
        momentvos.load(tmp_path)
    with pytest.raises(ModelError, match="device"):
        momentvos.load("tgl-mini", device="cuda:99")
