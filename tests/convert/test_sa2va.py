"""The official folder of Sa2VA, rebuilt with random weights under its official names."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from transformers import (
    Qwen2_5_VLConfig,
    Qwen3VLConfig,
    Sam2HieraDetConfig,
    Sam2VideoConfig,
    Sam2VideoModel,
)

from momentvos.convert.match import skeleton
from momentvos.convert.sa2va import EMBEDDING, HEAD, convert_sa2va, load_sa2va, read_sa2va, sources
from momentvos.errors import ModelError, OutputError
from momentvos.mllm import qwen_config, train_chat_tokenizer
from momentvos.sam2.sizes import HIERA_LARGE, sam_config
from momentvos.systems.sa2va.config import Sa2VaConfig
from momentvos.systems.sa2va.model import Sa2VaModel
from momentvos.systems.sa2va.templates import TOKENS

SAM = "grounding_encoder.sam2_model."


def small_sam():
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
    return sam_config(hiera, hidden=64, memory=64, layers=1, feed_forward=64)


@pytest.fixture(scope="module")
def words():
    tokenizer = train_chat_tokenizer(["Please segment the dog."], 340)
    tokenizer.add_tokens(list(TOKENS), special_tokens=True)
    return tokenizer


@pytest.fixture
def config(words):
    sizes = {"hidden": 32, "layers": 2, "heads": 2, "vision": 16, "vision_layers": 2}
    language = qwen_config(words, vision_heads=2, patch=4, full=(1,), spare=0, **sizes)
    return Sa2VaConfig(sam_config=small_sam(), mllm_config=language)


@pytest.fixture
def weights(config):
    """Weights under the released names."""
    torch.manual_seed(0)
    made = {}
    for name, weight in skeleton(Path("x"), lambda: Sa2VaModel(config)).items():
        names = sources(name)
        for source in names:
            made[source] = 0.1 * torch.randn(len(weight) // len(names), *weight.shape[1:])
    return made


@pytest.fixture
def write(words, config, tmp_path):
    """Writes an official folder of some weights, in one file."""

    def make(weights, template=None, **told):
        folder = tmp_path / "official"
        folder.mkdir()
        save_file(weights, folder / "model.safetensors")
        words.chat_template = template
        words.save_pretrained(folder)
        language = config.mllm_config.to_dict() | {"model_type": "sa2va_chat", "template": "x"}
        (folder / "config.json").write_text(json.dumps(language | told))
        return folder

    return make


def test_every_weight_finds_its_place(config, weights, write, tmp_path):
    done = convert_sa2va(write(weights), tmp_path / "ours", config=config)
    assert set(done.used) == set(weights)
    assert not done.dropped and not done.made
    loaded = Sa2VaModel.from_pretrained(tmp_path / "ours")
    for name, weight in loaded.state_dict().items():
        assert torch.equal(weight, torch.cat([weights[one] for one in sources(name)])), name
    assert loaded.token("[SEG]") == len(loaded.words) - len(TOKENS)


def test_names_of_earlier_transformers_are_known(config, weights, write, tmp_path):
    older = {
        name.replace("model.model.visual.", "model.visual.").replace(
            "model.model.language_model.", "model.model."
        ): weight
        for name, weight in weights.items()
    }
    assert older.keys() != weights.keys()
    done = convert_sa2va(write(older), tmp_path / "ours", config=config)
    assert set(done.used) == set(older)


def test_both_decoders_of_sa2va_i_find_their_places(config, weights, write):
    own = f"{SAM}sam_mask_decoder."
    tuned = f"{SAM}sam_mask_decoder_modified."
    both = {name.replace(own, tuned): one for name, one in weights.items()}
    both |= {name: one + 1 for name, one in weights.items() if name.startswith(own)}
    read = read_sa2va(write(both), config=config)
    assert read.config.original_decoder
    first = read.weights["sam.mask_decoder.conv_s0.weight"]
    assert torch.equal(first, weights[f"{own}conv_s0.weight"])
    assert torch.equal(read.weights["original_decoder.conv_s0.weight"], first + 1)
    assert set(read.used) == set(both)


@pytest.mark.parametrize("form", ["meta", "transformers"])
def test_the_original_decoder_comes_from_sam2(config, weights, write, tmp_path, form):
    sam = Sam2VideoModel(Sam2VideoConfig(**small_sam().to_dict()))
    own = f"{SAM}sam_mask_decoder."
    if form == "meta":
        path = tmp_path / "sam2_hiera_large.pt"
        meta = {name.removeprefix(SAM): one + 2 for name, one in weights.items() if SAM in name}
        torch.save({"model": meta}, path)
        wanted = weights[f"{own}conv_s0.weight"] + 2
    else:
        path = tmp_path / "sam2"
        sam.save_pretrained(path)
        wanted = sam.mask_decoder.conv_s0.weight
    done = convert_sa2va(write(weights), tmp_path / "ours", sam2=path, config=config)
    assert str(path) in done.made["original_decoder"]
    assert set(done.used) == set(weights)
    loaded = Sa2VaModel.from_pretrained(tmp_path / "ours")
    assert torch.equal(loaded.original_decoder.conv_s0.weight, wanted)
    assert loaded.tracker().mask_decoder is loaded.original_decoder
    assert loaded.config.decoder == "finetuned"


def test_what_is_no_sam2_is_refused(config, weights, write, tmp_path):
    save_file({"x": torch.zeros(1)}, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match="no mask decoder of SAM2"):
        convert_sa2va(
            write(weights), tmp_path / "o", sam2=tmp_path / "model.safetensors", config=config
        )


def test_a_tied_head_may_be_left_out_and_half_precision_is_kept(config, weights, write):
    half = {name: one.bfloat16() for name, one in weights.items() if name != HEAD}
    read = read_sa2va(write(half), config=config)
    assert "tied" in read.made["mllm.lm_head.weight"]
    assert torch.equal(read.weights["mllm.lm_head.weight"], half[EMBEDDING])
    assert read.weights["seg_mlp.0.weight"].dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("template", "greets"),
    [("system\nYou are a helpful assistant.", True), ("{{ messages }}", False), (None, False)],
)
def test_the_chat_template_says_whether_there_is_a_system_prompt(
    config, weights, write, template, greets
):
    config.system_prompt = not greets
    assert read_sa2va(write(weights, template), config=config).config.system_prompt == greets


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"text_hidden_fcs.2.bias": None}, r"missing: text_hidden_fcs\.2\.bias"),
        ({"surprise": torch.zeros(1)}, "unknown: surprise"),
        ({"text_hidden_fcs.0.bias": torch.zeros(3)}, r"wrong kind: text_hidden_fcs\.0\.bias"),
        ({"text_hidden_fcs.0.bias": torch.full((32,), torch.nan)}, "not finite"),
    ],
)
def test_faults_are_named_and_nothing_is_left(config, weights, write, tmp_path, change, word):
    changed = {name: one for name, one in (weights | change).items() if one is not None}
    with pytest.raises(ModelError, match=word):
        convert_sa2va(write(changed), tmp_path / "ours", config=config)
    assert not (tmp_path / "ours").exists()


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ({"llm_config": {}}, "InternVL; read are those on Qwen2.5-VL"),
        ({"vision_config": None}, "no Sa2VA on Qwen"),
        ({}, "none of SAM2's sizes"),
        ({"text_config": {"num_hidden_layers": 10**6}}, "num_hidden_layers"),
        ({"vision_config": {"depth": "many"}}, "cannot be used|none of SAM2's sizes"),
    ],
)
def test_other_folders_are_refused_by_what_they_are(weights, write, told, word):
    with pytest.raises(ModelError, match=word):
        load_sa2va(write(weights, **told))


def test_programs_beside_the_files_are_not_run(config, weights, write):
    folder = write(weights, auto_map={"AutoModel": "own.Own"})
    path = folder / "tokenizer_config.json"
    told = json.loads(path.read_text())
    own = {"AutoTokenizer": ["own.Own", None]}
    path.write_text(json.dumps(told | {"tokenizer_class": "Own", "auto_map": own}))
    (folder / "own.py").write_text("raise SystemExit('this must not run')")
    assert read_sa2va(folder, config=config).tokenizer.convert_tokens_to_ids("[SEG]")


def test_a_tokenizer_without_seg_is_refused(config, weights, write):
    folder = write(weights)
    train_chat_tokenizer(["Please segment the dog."], 340).save_pretrained(folder)
    with pytest.raises(ModelError, match=r"no token \[SEG\]"):
        read_sa2va(folder, config=config)


def test_a_target_that_holds_something_is_refused_first(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="already holds"):
        convert_sa2va(tmp_path / "nothing", tmp_path)


def test_the_released_models_ask_for_the_names_that_qwen_published():
    """Qwen2.5-VL-3B: 824, counted in its index; Qwen3-VL-4B: 713; and a head of their own."""
    sam = sam_config(Sam2HieraDetConfig(**HIERA_LARGE))
    text = {"hidden_size": 2048, "intermediate_size": 11008, "num_attention_heads": 16}
    vision = {"depth": 32, "hidden_size": 1280, "num_heads": 16, "out_hidden_size": 2048}
    small = Qwen2_5_VLConfig(text_config=text | {"num_hidden_layers": 36}, vision_config=vision)
    text = {"hidden_size": 2560, "intermediate_size": 9728, "num_attention_heads": 32}
    vision = {"depth": 24, "hidden_size": 1024, "num_heads": 16, "out_hidden_size": 2560}
    vision["deepstack_visual_indexes"] = [5, 11, 17]
    large = Qwen3VLConfig(text_config=text | {"num_hidden_layers": 36}, vision_config=vision)
    for language, count in ((small, 825), (large, 714)):
        config = Sa2VaConfig(sam_config=sam, mllm_config=language)
        names = [
            source
            for name in skeleton(Path("x"), lambda made=config: Sa2VaModel(made))
            for source in sources(name)
        ]
        assert sum(name.startswith("model.") for name in names) == count
        assert "model.model.language_model.layers.35.self_attn.q_proj.weight" in names
        assert f"{SAM}memory_encoder.fuser.layers.0.g_weight" in names
        assert sum(name.startswith("text_hidden_fcs.") for name in names) == 4
