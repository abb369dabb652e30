"""Sa2VA in its published form: pulled and run by name, and from the hub's cache as it is."""

import json
import shutil

import pytest
import torch
from safetensors.torch import save_file
from transformers import Qwen3VLConfig, Sam2HieraDetConfig, Sam2VideoModel

import momentvos
from momentvos.convert.match import skeleton
from momentvos.convert.sa2va import EMBEDDING, HEAD, sources
from momentvos.convert.sizes import HIERA_TINY
from momentvos.errors import ModelError
from momentvos.mllm import train_chat_tokenizer
from momentvos.mllm.chat import END, PADS, VISION_END, VISION_START
from momentvos.sam2.sizes import sam_config
from momentvos.systems.sa2va.config import Sa2VaConfig
from momentvos.systems.sa2va.model import Sa2VaModel
from momentvos.systems.sa2va.templates import TOKENS

COMMIT = "c0ffee00" * 5


@pytest.fixture(scope="module")
def official(tmp_path_factory):
    """An official folder in two shards: a small Qwen3-VL, and SAM2 with its smallest encoder."""
    folder = tmp_path_factory.mktemp("sa2va")
    words = train_chat_tokenizer(["Please segment the dog."], 340)
    words.add_tokens(list(TOKENS), special_tokens=True)
    number = words.convert_tokens_to_ids
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_attention_heads": 2}
    text = sizes | {"num_hidden_layers": 2, "num_key_value_heads": 2, "head_dim": 16}
    text |= {"vocab_size": len(words), "eos_token_id": number(END), "rope_theta": 5e6}
    text["rope_scaling"] = {"rope_type": "default", "mrope_interleaved": True}
    text["rope_scaling"]["mrope_section"] = [4, 2, 2]
    vision = {"depth": 2, "hidden_size": 16, "num_heads": 2, "intermediate_size": 32}
    vision |= {"out_hidden_size": 32, "num_position_embeddings": 16}
    language = {
        "text_config": text,
        "vision_config": vision | {"deepstack_visual_indexes": [0]},
        "image_token_id": number(PADS["image"]),
        "video_token_id": number(PADS["video"]),
        "vision_start_token_id": number(VISION_START),
        "vision_end_token_id": number(VISION_END),
        "tie_word_embeddings": False,
    }
    sam = sam_config(Sam2HieraDetConfig(**HIERA_TINY))
    config = Sa2VaConfig(sam_config=sam, mllm_config=Qwen3VLConfig(**language))
    torch.manual_seed(0)
    weights = {}
    for name, weight in skeleton(folder, lambda: Sa2VaModel(config)).items():
        for source in (names := sources(name)):
            shape = (len(weight) // len(names), *weight.shape[1:])
            weights[source] = (0.02 * torch.randn(shape)).bfloat16()
    for name, weight in weights.items():
        if "norm" in name and name.endswith("weight") and name.startswith("model."):
            weight.fill_(1)
    newline = words.encode("assistant\n", add_special_tokens=False)[-1]
    seg, end = number("[SEG]"), number(END)
    weights[EMBEDDING] *= 100
    weights[HEAD].zero_()
    weights[HEAD][[seg, end]] = weights[EMBEDDING][[newline, seg]]
    places = {name: f"model-0000{k % 2 + 1}-of-00002.safetensors" for k, name in enumerate(weights)}
    for shard in set(places.values()):
        save_file({n: w for n, w in weights.items() if places[n] == shard}, folder / shard)
    index = {"metadata": {}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    told = {"model_type": "sa2va_chat", "architectures": ["Sa2VAChatModelQwen"]}
    told["auto_map"] = {"AutoModel": "modeling_sa2va_qwen.Sa2VAChatModelQwen"}
    (folder / "config.json").write_text(json.dumps(told | language))
    words.save_pretrained(folder)
    (folder / "modeling_sa2va_qwen.py").write_text("raise SystemExit('this must not run')")
    return folder


@pytest.fixture
def cached(official, tmp_path, monkeypatch):
    """A hub's cache that holds the folder as lab/Sa2VA-small, and no network."""
    from huggingface_hub import constants

    place = tmp_path / "cache" / "models--lab--Sa2VA-small"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text(COMMIT)
    (place / "snapshots").mkdir()
    (place / "snapshots" / COMMIT).symlink_to(official)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr("transformers.utils.hub.is_offline_mode", lambda: True)
    return place


def test_a_hub_id_loads_as_it_is(cached, official):
    model = momentvos.load("lab/Sa2VA-small", device="cpu", resolution=64)
    assert type(model) is Sa2VaModel and model.name == "Sa2VA-small"
    assert model.dtype == torch.float32 and model.resolution == 64
    assert not model.config.final_norm and not model.config.system_prompt
    assert model.config.image_budget == [392, 1568]
    assert model.config.domain is None
    with pytest.raises(ModelError, match="index lists"):
        (shard, *_) = sorted(official.glob("model-*.safetensors"))
        kept = shard.read_bytes()
        try:
            save_file({"x": torch.zeros(1)}, shard)
            momentvos.load(official, device="cpu")
        finally:
            shard.write_bytes(kept)


@pytest.mark.slow
def test_it_is_pulled_converted_and_run_by_name(place, program, official, clip, tmp_path):
    sam = tmp_path / "sam"
    Sam2VideoModel(sam_config(Sam2HieraDetConfig(**HIERA_TINY))).save_pretrained(sam)
    place.folder("ByteDance/Sa2VA-Qwen3-VL-4B", official)
    place.folder("facebook/sam2-hiera-large", sam)
    name = "sa2va-qwen3-vl-4b"
    done = program("run", clip, "the dog", "--model", name, "--resolution", 64, "-o", "out", "-y")
    assert done.returncode == 0, done.stderr
    assert not any(file.endswith(".py") for file in place.sent)
    answer = json.loads((tmp_path / "out" / "prediction.json").read_text())
    assert answer["found"] and answer["method"] == "Sa2VA"
    assert answer["model"] == name and answer["domain"].startswith("MeViS")
    config = tmp_path / "home" / "models" / name / "config.json"
    told = json.loads(config.read_text())
    assert told["original_decoder"]
    config.write_text(json.dumps(told | {"decoder": "original", "sampling": "uniform"}))
    done = program("run", clip, "the dog", "--model", name, "--resolution", 64, "-o", "two")
    assert done.returncode == 0, done.stderr
    answer = json.loads((tmp_path / "two" / "prediction.json").read_text())
    assert answer["method"] == "Sa2VA-i"
    done = program("run", clip, "the dog", "--model", official, "--resolution", 64, "-o", "three")
    assert done.returncode == 0, done.stderr
    three = json.loads((tmp_path / "three" / "prediction.json").read_text())
    one = json.loads((tmp_path / "out" / "prediction.json").read_text())
    assert three["model"] == official.name and three["masks"] == one["masks"]


def test_an_official_folder_under_a_name_of_ones_own_knows_its_domain(
    official, tmp_path, monkeypatch
):
    monkeypatch.setenv("MOMENTVOS_HOME", str(tmp_path))
    (tmp_path / "catalogue.yaml").write_text(
        "models:\n  ours:\n    title: our own\n    system: sa2va\n    licence: ours\n"
        "    memory: little\n    domain: cats\n    verified: here\n"
        "    sources: {weights: {address: 'hf:lab/ours', size: 5, files: ['*.safetensors']}}\n"
    )
    folder = tmp_path / "models" / "ours"
    shutil.copytree(official, folder)
    (folder / "pulled.json").write_text("{}")
    told = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(told | {"domain": "cats"}))
    model = momentvos.load("ours", device="cpu")
    assert model.config.domain == "cats" and model.name == "ours"
