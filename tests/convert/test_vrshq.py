"""The official VRS-HQ checkpoint, rebuilt with random weights under its official names."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import CLIPVisionConfig, CLIPVisionModel, LlamaConfig, Sam2HieraDetConfig
from typer.testing import CliRunner

import momentvos
from momentvos.cli.main import app
from momentvos.convert.match import skeleton
from momentvos.convert.names import sam2_sources
from momentvos.convert.sentencepiece import llama_tokenizer
from momentvos.convert.vrshq import convert_vrshq, sources
from momentvos.errors import ModelError, OutputError
from momentvos.mllm import Turn, chatunivi
from momentvos.mllm.chatunivi import ChatUniViConfig
from momentvos.sam2.sizes import HIERA_LARGE, sam_config
from momentvos.systems.vrshq.config import VrsHqConfig
from momentvos.systems.vrshq.model import VrsHqModel

BYTES = 259
"""<unk>, <s>, </s> and every byte."""

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


# --- a tokenizer.model, written field by field ---


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def piece(text, kind, score=0.0):
    return field(1, field(1, text.encode()) + b"\x15" + b"\x00" * 4 + field(3, kind))


def model_file(words, *, bpe=2, charsmap=b""):
    """Pieces in order: special, bytes, merged ones best first, then single characters."""
    pieces = [piece("<unk>", 2), piece("<s>", 3), piece("</s>", 3)]
    pieces += [piece(f"<0x{byte:02X}>", 6) for byte in range(256)]
    pieces += [piece(word, 1) for word in words]
    normal = field(3, field(1, b"identity") + field(2, charsmap))
    return b"".join(pieces) + field(2, field(3, bpe)) + normal


WORDS = ["▁▁", "do", "dog", "▁dog", *"▁ogdcat"]


@pytest.fixture(scope="module")
def tokens(tmp_path_factory):
    """A folder with a tokenizer alone."""
    folder = tmp_path_factory.mktemp("tokens")
    (folder / "tokenizer.model").write_bytes(model_file(WORDS))
    return folder


# --- the checkpoint ---


@pytest.fixture(scope="module")
def config():
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
    language = ChatUniViConfig(
        vision_config=VISION,
        text_config={**LLAMA, "vocab_size": BYTES + len(WORDS) + 2},
        clusters=(6, 4, 2),
        neighbours=(3, 3, 3),
    )
    sam = sam_config(hiera, hidden=64, memory=64, layers=1, feed_forward=64)
    return lambda: VrsHqConfig(sam_config=sam, mllm_config=language)


@pytest.fixture(scope="module")
def model(config):
    torch.manual_seed(0)
    model = VrsHqModel(config())
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    shared = model.sam.prompt_encoder.shared_embedding  # one weight in the official files
    model.sam.shared_image_embedding.load_state_dict(shared.state_dict())
    return model.eval()


@pytest.fixture(scope="module")
def official(model):
    """Weights under the released names."""
    named = {}
    starts = {
        "mllm.lm_head.": "lm_head.",
        "mllm.model.language_model.": "model.",
        "mllm.model.projector.": "model.mm_projector.",
        "mllm.model.vision_tower.": "model.vision_tower.vision_tower.vision_model.",
        "text_mlp.": "model.text_hidden_fcs.0.",
    }
    for name, weight in model.state_dict().items():
        if name.startswith("sam."):
            names = sam2_sources(name.removeprefix("sam."))
            for source, row in zip(names, weight.split(len(weight) // len(names)), strict=True):
                named[f"model.visual_model.{source}"] = row.clone()
            continue
        ours = next(start for start in starts if name.startswith(start))
        named[starts[ours] + name.removeprefix(ours)] = weight.clone()
    frequencies = "model.layers.0.self_attn.rotary_emb.inv_freq"
    ids = "model.vision_tower.vision_tower.vision_model.embeddings.position_ids"
    return named | {frequencies: torch.ones(8), ids: torch.arange(17)[None]}


@pytest.fixture
def write(official, tokens, tmp_path):
    """Writes an official folder in two shards; changes are made to its weights first."""

    def make(drop=(), add=(), **more):
        folder = tmp_path / "official"
        folder.mkdir()
        weights = {name: w for name, w in official.items() if not name.startswith(tuple(drop))}
        weights |= more
        names = sorted(weights)
        listed = {}
        for number in (0, 1):
            file = f"pytorch_model-0000{number + 1}-of-00002.bin"
            torch.save({name: weights[name] for name in names[number::2]}, folder / file)
            listed |= dict.fromkeys(names[number::2], file)
        index = {"metadata": {"total_size": 1}, "weight_map": listed}
        (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
        (folder / "config.json").write_text(json.dumps({"model_type": "ChatUniVi"} | LLAMA))
        (folder / "tokenizer.model").write_bytes((tokens / "tokenizer.model").read_bytes())
        first = BYTES + len(WORDS)
        added = {"[SEG]": first, "[TAK]": first + 1}
        (folder / "added_tokens.json").write_text(json.dumps(added))
        return folder

    return make


def test_every_weight_finds_its_place(model, official, write, config, tmp_path):
    done = convert_vrshq(write(), tmp_path / "ours", config=config())
    assert set(done.used) | set(done.dropped) == set(official) and not done.made
    assert len(done.dropped) == 2
    loaded = VrsHqModel.from_pretrained(tmp_path / "ours")
    state, wanted = loaded.state_dict(), model.state_dict()
    assert [name for name, weight in wanted.items() if not torch.equal(state[name], weight)] == []
    first = BYTES + len(WORDS)
    assert (loaded.seg_token, loaded.tak_token) == (first, first + 1)
    assert loaded.words.pad_token_id == 0
    written = chatunivi.render_chat(loaded.words, [Turn(("dog [SEG]",), "(0) [SEG].")])
    assert written.ids.count(first) == 1 and written.ids[0] == 1 and written.ids[-1] == 2


def test_what_was_converted_answers(write, config, tmp_path):
    frames = tmp_path / "frames"
    frames.mkdir()
    rng = np.random.default_rng(0)
    for number in range(3):
        Image.fromarray(rng.integers(0, 256, (30, 40, 3), np.uint8)).save(frames / f"{number}.png")
    convert_vrshq(write(), tmp_path / "ours", config=config())
    model = momentvos.load(tmp_path / "ours", device="cpu")
    model.config.presence_threshold = 0.0
    found = model.segment(frames, "the dog")
    assert len(found.relevance) == 3 and found.masklet.size == (30, 40)
    assert isinstance(model.ask(frames, "who?"), str)


def test_one_file_without_its_index_will_do(model, official, config, tokens, tmp_path):
    file = tmp_path / "merged.bin"
    torch.save(official, file)
    with pytest.raises(ModelError, match=r"holds no tokenizer\.model.*--tokenizer"):
        convert_vrshq(file, tmp_path / "ours", config=config())
    done = convert_vrshq(file, tmp_path / "ours", tokenizer=tokens, config=config())
    assert len(done.used) == len(official) - 2
    assert VrsHqModel.from_pretrained(tmp_path / "ours").seg_token == BYTES + len(WORDS)


def test_a_tower_that_is_not_there_comes_from_clip(official, write, config, tmp_path):
    folder = write(drop=["model.vision_tower."])
    with pytest.raises(ModelError, match="--clip"):
        convert_vrshq(folder, tmp_path / "ours", config=config())
    torch.manual_seed(1)
    clip = CLIPVisionModel(CLIPVisionConfig(**VISION))
    clip.save_pretrained(tmp_path / "clip")
    done = convert_vrshq(folder, tmp_path / "ours", clip=tmp_path / "clip", config=config())
    assert not any("vision_tower" in name for name in done.used)
    tower = VrsHqModel.from_pretrained(tmp_path / "ours").mllm.model.vision_tower.state_dict()
    assert all(torch.equal(weight, tower[name]) for name, weight in clip.state_dict().items())
    assert {f"mllm.model.vision_tower.{name}" for name in tower} == set(done.made)


def test_mixed_precision_becomes_the_language_models(official, write, config, tmp_path):
    half = {
        name: weight.bfloat16()
        for name, weight in official.items()
        if weight.is_floating_point() and "visual_model" not in name
    }
    convert_vrshq(write(**half), tmp_path / "ours", config=config())
    loaded = VrsHqModel.from_pretrained(tmp_path / "ours")
    assert {weight.dtype for weight in loaded.state_dict().values()} == {torch.bfloat16}


def test_a_tied_head_may_be_left_out(official, write, config, tmp_path):
    done = convert_vrshq(write(["lm_head."]), tmp_path / "ours", config=config())
    assert list(done.made) == ["mllm.lm_head.weight"] and "lm_head.weight" not in done.used
    head = VrsHqModel.from_pretrained(tmp_path / "ours").mllm.lm_head.weight
    assert torch.equal(head, official["model.embed_tokens.weight"])


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"drop": ["model.text_hidden_fcs.0.2.bias"]}, r"missing: model\.text_hidden_fcs\.0\.2"),
        ({"model.block0.weight": torch.zeros(1)}, r"unknown: model\.block0\.weight"),
        ({"model.mm_projector.bias": torch.zeros(3)}, r"wrong kind: model\.mm_projector\.bias"),
    ],
)
def test_faults_are_named_and_nothing_is_left(write, config, tmp_path, change, word):
    with pytest.raises(ModelError, match=word):
        convert_vrshq(write(**change), tmp_path / "ours", config=config())
    assert not (tmp_path / "ours").exists()


def test_a_download_that_is_not_whole(write, config, tmp_path):
    folder = write()
    index = folder / "pytorch_model.bin.index.json"
    listed = json.loads(index.read_text())
    listed["weight_map"]["model.more"] = "pytorch_model-00001-of-00002.bin"
    index.write_text(json.dumps(listed))
    with pytest.raises(ModelError, match=r"lacks 1 weights .* model\.more"):
        convert_vrshq(folder, tmp_path / "ours", config=config())
    listed["weight_map"]["model.more"] = "../elsewhere.bin"
    index.write_text(json.dumps(listed))
    with pytest.raises(ModelError, match="not an index"):
        convert_vrshq(folder, tmp_path / "ours", config=config())
    index.unlink()
    (folder / "pytorch_model-00002-of-00002.bin").unlink()
    with pytest.raises(ModelError, match="missing"):
        convert_vrshq(folder, tmp_path / "ours", config=config())


def test_another_tokenizer_is_refused(write, config, tmp_path):
    folder = write()
    (folder / "tokenizer.model").write_bytes(model_file([*WORDS, "x"]))
    with pytest.raises(ModelError, match="numbers its tokens otherwise"):
        convert_vrshq(folder, tmp_path / "ours", config=config())
    (folder / "added_tokens.json").unlink()
    with pytest.raises(ModelError, match="not the tokenizer that it was trained with"):
        convert_vrshq(folder, tmp_path / "ours", config=config())


def test_what_is_no_folder_of_this_kind(tmp_path):
    with pytest.raises(ModelError, match=r"pytorch_model\*\.bin"):
        convert_vrshq(tmp_path, tmp_path / "ours")
    (tmp_path / "pytorch_model.bin").write_bytes(b"nonsense")
    with pytest.raises(ModelError, match=r"torch\.save"):
        convert_vrshq(tmp_path, tmp_path / "ours")
    with pytest.raises(OutputError, match="already holds"):
        convert_vrshq(tmp_path, tmp_path)


def test_other_sizes_are_refused_in_one_sentence_on_the_command_line(write, tmp_path):
    words = ["convert", "vrshq", str(write()), str(tmp_path / "ours")]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert "none of SAM2's sizes" in " ".join(result.output.split())


def test_the_7b_model_asks_for_the_names_that_the_program_has():
    """Counted for Vicuna-7B: 291; for CLIP ViT-L/14 without its projection: 391."""
    language = ChatUniViConfig(text_config=LlamaConfig(vocab_size=32002))
    sam = sam_config(Sam2HieraDetConfig(**HIERA_LARGE))
    config = VrsHqConfig(sam_config=sam, mllm_config=language)
    names = [s for name in skeleton(Path("x"), lambda: VrsHqModel(config)) for s in sources(name)]
    tower = [name for name in names if name.startswith("model.vision_tower.")]
    llama = [name for name in names if name.startswith(("model.layers", "model.norm", "model.emb"))]
    assert (len(tower), len(llama) + 1) == (391, 291)
    assert {
        "model.mm_projector.weight",
        "model.text_hidden_fcs.0.2.bias",
        "model.visual_model.memory_encoder.fuser.layers.0.gamma",
        "model.visual_model.mask_downsample.weight",
        "model.vision_tower.vision_tower.vision_model.encoder.layers.23.mlp.fc2.bias",
        "lm_head.weight",
    } < set(names)


# --- the tokenizer ---


def test_a_text_begins_with_a_space_mark_and_bytes_stand_in_for_what_is_unknown(tokens):
    words = llama_tokenizer(tokens / "tokenizer.model")
    for text, pieces in (
        ("dog", ["▁dog"]),
        (" dog", ["▁▁", "dog"]),
        ("cat\n", ["▁", "c", "a", "t", "<0x0A>"]),
    ):
        assert words.convert_ids_to_tokens(words.encode(text)) == pieces
    assert words.decode(words.encode("cat dog é")) == "cat dog é"
    assert (words.bos_token_id, words.eos_token_id, words.unk_token_id) == (1, 2, 0)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"\xff\xff", "not a SentencePiece model"),
        (field(1, 5), "not a SentencePiece model"),
        (b"", "not one of Llama's kind"),
        (model_file(WORDS, bpe=1), "not one of Llama's kind"),
        (model_file(WORDS, charsmap=b"x"), "not one of Llama's kind"),
        (model_file([*WORDS, "dog"]), "not one of Llama's kind"),
        (model_file(WORDS)[:-3], "not a SentencePiece model"),
    ],
)
def test_other_tokenizers_are_refused(tmp_path, content, word):
    (tmp_path / "tokenizer.model").write_bytes(content)
    with pytest.raises(ModelError, match=word):
        llama_tokenizer(tmp_path / "tokenizer.model")
