"""A published Chat-UniVi, rebuilt with random weights under its official names."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    AutoModelForImageTextToText,
    CLIPVisionConfig,
    CLIPVisionModel,
    LlamaConfig,
    Sam2HieraDetConfig,
    Sam2VideoModel,
)
from typer.testing import CliRunner

from momentvos.cli.main import app
from momentvos.convert.chatunivi import convert_chatunivi, univi_config, univi_source
from momentvos.convert.match import skeleton
from momentvos.errors import ModelError, OutputError
from momentvos.mllm import Turn, chatunivi
from momentvos.mllm.chatunivi import ChatUniViConfig, ChatUniViForConditionalGeneration
from momentvos.sam2.sizes import sam_config
from momentvos.systems.loading import part, tokenizer_beside
from momentvos.systems.vrshq.model import VrsHqModel

WORDS = ["<unk>", "<s>", "</s>", "the", "dog", "that", "jumps", "USER", "ASSISTANT", ":"]
ROWS = len(WORDS)
VISION = {
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 16,
    "patch_size": 4,
    "projection_dim": 8,
}
LLAMA = {
    "hidden_size": 32,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
}
STARTS = {
    "lm_head.": "lm_head.",
    "model.language_model.": "model.",
    "model.projector.": "model.mm_projector.",
    "model.vision_tower.": "model.vision_tower.vision_tower.vision_model.",
}


@pytest.fixture
def config():
    def make(rows=ROWS):
        return ChatUniViConfig(
            vision_config=VISION,
            text_config={**LLAMA, "vocab_size": rows},
            clusters=(6, 4, 2),
            neighbours=(3, 3, 3),
        )

    return make


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    config = ChatUniViConfig(
        vision_config=VISION,
        text_config={**LLAMA, "vocab_size": len(WORDS)},
        clusters=(6, 4, 2),
        neighbours=(3, 3, 3),
    )
    return ChatUniViForConditionalGeneration(config).eval()


@pytest.fixture(scope="module")
def official(model):
    """Weights under the published names, and two that older `transformers` stored."""
    named = {}
    for name, weight in model.state_dict().items():
        ours = next(start for start in STARTS if name.startswith(start))
        named[STARTS[ours] + name.removeprefix(ours)] = weight.clone()
    return named | {
        "model.layers.0.self_attn.rotary_emb.inv_freq": torch.ones(8),
        STARTS["model.vision_tower."] + "embeddings.position_ids": torch.arange(17)[None],
    }


@pytest.fixture
def write(official, tmp_path):
    """Writes a published folder in two shards; changes are made to its weights first."""

    def make(drop=(), told=None, kind="bin", **more):
        folder = tmp_path / "official"
        folder.mkdir()
        weights = {name: w for name, w in official.items() if not name.startswith(tuple(drop))}
        weights |= more
        names, listed = sorted(weights), {}
        stem = "pytorch_model" if kind == "bin" else "model"
        for number in (0, 1):
            file = f"{stem}-0000{number + 1}-of-00002.{kind}"
            part = {name: weights[name].contiguous() for name in names[number::2]}
            torch.save(part, folder / file) if kind == "bin" else save_file(part, folder / file)
            listed |= dict.fromkeys(part, file)
        index = {"metadata": {"total_size": 1}, "weight_map": listed}
        (folder / f"{stem}.{kind}.index.json").write_text(json.dumps(index))
        (folder / "config.json").write_text(json.dumps({**LLAMA, **(told or {})}))
        tokenizer = Tokenizer(models.WordLevel(dict(zip(WORDS, range(99), strict=False)), "<unk>"))
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        tokenizer.save(str(folder / "tokenizer.json"))
        return folder

    return make


@pytest.mark.parametrize("kind", ["bin", "safetensors"])
def test_every_weight_finds_its_place(model, official, write, config, tmp_path, kind):
    done = convert_chatunivi(write(kind=kind), tmp_path / "ours", config=config())
    assert set(done.used) | set(done.dropped) == set(official) and not done.made
    assert len(done.dropped) == 2
    chatunivi.register()
    loaded = part(AutoModelForImageTextToText, tmp_path / "ours")
    state, wanted = loaded.state_dict(), model.state_dict()
    assert list(state) == list(wanted)
    assert [name for name, weight in wanted.items() if not torch.equal(state[name], weight)] == []
    words = tokenizer_beside(tmp_path / "ours", loaded.config)
    assert len(words) == len(WORDS)
    written = chatunivi.render_chat(words, [Turn(("the dog",), "jumps")])
    assert (written.ids[0], written.ids[-1]) == (1, 2)


def test_vrs_hq_is_built_on_it(model, write, config, tmp_path):
    convert_chatunivi(write(), tmp_path / "ours", config=config())
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
    sam = sam_config(hiera, hidden=64, memory=64, layers=1, feed_forward=64)
    Sam2VideoModel(sam).save_pretrained(tmp_path / "sam")
    built = VrsHqModel.from_parts(tmp_path / "sam", tmp_path / "ours")
    assert (built.seg_token, built.tak_token) == (len(WORDS), len(WORDS) + 1)
    rows = built.mllm.get_input_embeddings().weight
    assert torch.equal(rows[: len(WORDS)], model.get_input_embeddings().weight)
    assert len(rows) == len(WORDS) + 2


def test_one_file_will_do_and_half_stays_half(official, write, config, tmp_path):
    folder = write()
    for file in folder.glob("pytorch_model*"):
        file.unlink()
    halves = {name: w.half() if w.is_floating_point() else w for name, w in official.items()}
    torch.save(halves, folder / "merged.bin")
    done = convert_chatunivi(folder / "merged.bin", tmp_path / "ours", config=config())
    assert len(done.used) == len(official) - 2
    chatunivi.register()
    loaded = part(AutoModelForImageTextToText, tmp_path / "ours")
    assert {weight.dtype for weight in loaded.state_dict().values()} == {torch.float16}


def test_what_the_files_may_lack(official, write, config, tmp_path):
    folder = write(["lm_head.", "model.vision_tower."])
    with pytest.raises(ModelError, match="--clip"):
        convert_chatunivi(folder, tmp_path / "ours", config=config())
    clip = CLIPVisionModel(CLIPVisionConfig(**VISION))
    clip.save_pretrained(tmp_path / "clip")
    done = convert_chatunivi(folder, tmp_path / "ours", clip=tmp_path / "clip", config=config())
    tower = {f"model.vision_tower.{name}" for name in clip.state_dict()}
    assert set(done.made) == tower | {"lm_head.weight"}
    assert not any("vision_tower" in name or "lm_head" in name for name in done.used)
    chatunivi.register()
    loaded = part(AutoModelForImageTextToText, tmp_path / "ours")
    assert torch.equal(loaded.lm_head.weight, official["model.embed_tokens.weight"])
    state = loaded.model.vision_tower.state_dict()
    assert all(torch.equal(weight, state[name]) for name, weight in clip.state_dict().items())


@pytest.mark.parametrize(
    ("told", "names"),
    [
        ({}, ["<im_patch>"]),
        ({"mm_use_im_start_end": True}, ["<im_patch>", "<im_start>", "<im_end>"]),
        ({"mm_use_im_patch_token": False, "mm_use_im_start_end": True}, ["<im_start>", "<im_end>"]),
    ],
)
def test_rows_behind_the_vocabulary_are_named(official, write, config, tmp_path, told, names):
    rows = len(WORDS) + len(names)
    both = {
        name: torch.cat([official[name], torch.ones(len(names), 32)])
        for name in ("model.embed_tokens.weight", "lm_head.weight")
    }
    convert_chatunivi(write(told=told, **both), tmp_path / "ours", config=config(rows))
    words = tokenizer_beside(tmp_path / "ours", config(rows))
    assert words.convert_ids_to_tokens(range(len(WORDS), rows)) == names


def test_rows_that_nothing_names_are_refused(official, write, config, tmp_path):
    name = "model.embed_tokens.weight"
    folder = write(**{name: torch.cat([official[name], torch.ones(5, 32)])})
    with pytest.raises(ModelError, match="not the tokenizer"):
        convert_chatunivi(folder, tmp_path / "ours", config=config())


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"drop": ["model.mm_projector.bias"]}, r"missing: model\.mm_projector\.bias"),
        ({"model.block0.weight": torch.zeros(1)}, r"unknown: model\.block0\.weight"),
        ({"model.norm.weight": torch.zeros(3)}, r"wrong kind: model\.norm\.weight"),
        ({"model.norm.weight": torch.full((32,), torch.nan)}, "not finite"),
    ],
)
def test_faults_are_named_and_nothing_is_left(write, config, tmp_path, change, word):
    with pytest.raises(ModelError, match=word):
        convert_chatunivi(write(**change), tmp_path / "ours", config=config())
    assert not (tmp_path / "ours").exists()


@pytest.mark.parametrize("kind", ["bin", "safetensors"])
def test_a_download_that_is_not_whole(write, config, tmp_path, kind):
    folder = write(kind=kind)
    next(folder.glob(f"*-00002-of-00002.{kind}")).unlink()
    with pytest.raises(ModelError, match="00002-of-00002"):
        convert_chatunivi(folder, tmp_path / "ours", config=config())
    next(folder.glob("*.index.json")).unlink()
    with pytest.raises(ModelError, match="missing"):
        convert_chatunivi(folder, tmp_path / "ours", config=config())


def test_the_configuration_is_the_published_one(tmp_path):
    said = {
        **LLAMA,
        "pad_token_id": 999,
        "mm_vision_select_layer": -3,
        "config": {
            "use_cluster": True,
            "spatial_cluster_rate0": 32,
            "spatial_cluster_rate1": 16,
            "spatial_cluster_rate2": 8,
            "temporal_cluster_rate": 0.125,
        },
    }
    (tmp_path / "config.json").write_text(json.dumps(said))
    made = univi_config(tmp_path, {"model.embed_tokens.weight": torch.empty(50, 32)})
    assert (made.text_config.vocab_size, made.text_config.hidden_size) == (50, 32)
    assert made.text_config.pad_token_id != 999
    assert (made.clusters, made.event_rate, made.vision_layer) == ([32, 16, 8], 0.125, -3)
    said["config"]["use_cluster"] = False
    (tmp_path / "config.json").write_text(json.dumps(said))
    with pytest.raises(ModelError, match="not a Chat-UniVi"):
        univi_config(tmp_path, {})


def test_other_sizes_and_no_folder_are_refused_in_one_sentence(write, tmp_path):
    words = ["convert", "chatunivi", str(write()), str(tmp_path / "ours")]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert "is not a checkpoint of this kind" in " ".join(result.output.split())
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="as downloaded"):
        convert_chatunivi(tmp_path / "empty", tmp_path / "ours")
    with pytest.raises(OutputError, match="already holds"):
        convert_chatunivi(tmp_path / "empty", tmp_path)


def test_the_7b_model_asks_for_the_names_that_the_program_has():
    """Counted for Vicuna-7B: 291 with its head; CLIP ViT-L/14: 391; the projection: 2."""
    config = ChatUniViConfig(text_config=LlamaConfig())
    names = [
        univi_source(name)
        for name in skeleton(Path("x"), lambda: ChatUniViForConditionalGeneration(config))
    ]
    assert len(set(names)) == len(names) == 291 + 391 + 2
    assert {
        "model.mm_projector.weight",
        "model.vision_tower.vision_tower.vision_model.encoder.layers.23.mlp.fc2.bias",
        "model.layers.31.mlp.down_proj.weight",
        "lm_head.weight",
    } < set(names)
