"""Files of others that are broken on purpose: an error of this package, and no traceback."""

import json
import shutil

import numpy as np
import pytest
from safetensors.torch import save_file

import momentvos
from momentvos.errors import ModelError, MomentError, RecipeError, SentenceError
from momentvos.media.arrays import ArrayVideo
from momentvos.systems.pretrained import locate
from momentvos.training import recipe
from momentvos.weights import check_safe

DEEP = "[" * 200_000 + "]" * 200_000


@pytest.fixture
def folder(tmp_path):
    """A copy of the bundled model, whose files may be changed."""
    to = tmp_path / "model"
    shutil.copytree(locate("tgl-mini"), to)
    return to


@pytest.fixture(scope="module")
def clip():
    return ArrayVideo(np.full((2, 64, 64, 3), 90, np.uint8), 8.0)


def change(path, *keys, value):
    content = json.loads(path.read_text())
    place = content
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    path.write_text(json.dumps(content))


def refused(folder, reason):
    with pytest.raises(ModelError, match=reason) as caught:
        momentvos.load(folder, device="cpu")
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("keys", "value", "reason"),
    [
        (("rate",), 0, "'rate' must be"),
        (("window",), -1, "'window' must be"),
        (("relevance_threshold",), float("nan"), "'relevance_threshold' must be"),
        (("selection", "window"), 0, "'window' must be"),
        (("text_config", "num_hidden_layers"), 10_000_000, "weights beside it"),
        (("sam_config", "memory_attention_num_layers"), 10_000_000, "weights beside it"),
        (("sam_config", "image_size"), 1_000_000, "'image_size' 1000000"),
        (("sam_config",), [], "not options"),
        (("text_config", "vocab_size"), 10**12, "cannot be loaded|embeddings|lack"),
        (("model_type",), "nobody", "no system 'nobody'"),
        (("model_type",), {"x": 1}, "does not say the kind"),
        (("dtype",), "\ud800", "cannot be loaded"),
    ],
)
def test_config(folder, keys, value, reason):
    change(folder / "config.json", *keys, value=value)
    refused(folder, reason)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "tokenizer_config.json"])
@pytest.mark.parametrize("text", [DEEP, '{"x": ', '{"model": 3}', "[]", "\ud800", "NaN"])
def test_files_that_are_something_else(folder, name, text):
    (folder / name).write_bytes(text.encode("utf-8", "surrogatepass"))
    refused(folder, "cannot be|no tokenizer|not a JSON object|does not say the kind")


def test_a_token_beyond_the_embeddings(folder):
    path = folder / "tokenizer.json"
    vocabulary = json.loads(path.read_text())["model"]["vocab"]
    change(path, "model", "vocab", max(vocabulary, key=vocabulary.get), value=4_000_000)
    refused(folder, "has the id 4000000")


@pytest.mark.parametrize(
    "part",
    [
        {"normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"}},
        {"normalizer": {"type": "Replace", "pattern": {"String": ""}, "content": "x"}},
        {"pre_tokenizer": {"type": "FixedLength", "length": 0}},
    ],
    ids=str,
)
def test_a_tokenizer_at_which_its_library_panics(folder, part, capfd):
    path = folder / "tokenizer.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | part))
    refused(folder, "The tokenizer beside the weights .* cannot be read")
    assert "panicked" not in capfd.readouterr().err


def test_an_index_that_leads_out_of_the_folder(folder, tmp_path):
    (folder / "model.safetensors").rename(tmp_path / "out.safetensors")
    index = {"metadata": {}, "weight_map": {"sam.x": "../out.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    refused(folder, "index of weights in files beside it")


@pytest.mark.parametrize("cut", [0, 7, 200])
def test_weights_that_are_cut_off(folder, cut):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:cut])
    refused(folder, "cannot be read")


def test_layers_count_as_many_as_there_are_weights(tmp_path):
    import torch

    save_file({f"w{k}": torch.zeros(1) for k in range(3)}, tmp_path / "model.safetensors")
    for layers, good in ((3, True), (4, False)):
        (tmp_path / "config.json").write_text(json.dumps({"a": [{"num_layers": layers}]}))
        if good:
            check_safe(tmp_path)
        else:
            with pytest.raises(ModelError, match="'num_layers' 4, but there are 3 weights"):
                check_safe(tmp_path)


def test_moments_as_a_list_of_text(clip):
    model = momentvos.load("tgl-mini", device="cpu")
    answers = model.segment(clip, ["the dog", "the cat", "it"], moment=["0:1", "all", None])
    alone = model.segment(clip, ["the dog", "the cat"], moment="0:1")
    assert [one.to_json() for one in answers[:2]] == [one.to_json() for one in alone]


@pytest.mark.parametrize("moment", [[3], [{}], ["x"], ["9:2"], [[0, 1]], "\ud800", "9" * 5000])
def test_moments_that_are_none(clip, moment):
    model = momentvos.load("tgl-mini", device="cpu")
    with pytest.raises(MomentError):
        model.segment(clip, ["the dog"], moment=moment)


def test_a_sentence_that_is_no_text(clip):
    model = momentvos.load("tgl-mini", device="cpu")
    with pytest.raises(SentenceError):
        model.segment(clip, [3])


RECIPE = {"model": {"preset": "mini"}, "stages": [{"name": "s", "steps": 1}]}


@pytest.mark.parametrize("name", ["r.json", "r.yaml"])
@pytest.mark.parametrize(
    "override",
    [
        *("checkpoint=0", "checkpoint=-1", "checkpoint=true", "checkpoint=[1]", "seed=-1"),
        *("stages.0.steps=-1", "stages.0.steps=1e18", "stages.0.data.size=0", "ema=1"),
        *("stages.0.optimiser.lr=-1", "stages.0.optimiser.lr=.nan", "stages.0.data.videos=0"),
        *("stages.0.optimiser.betas=[1]", "stages.0.losses.dice=-1", "stages.0.clip.frames=0"),
        *("stages.99.steps=1", "stages.-1.steps=1", "stages.².steps=1", "stages.0.objective=[]"),
        *(f"stages.{'9' * 5000}.steps=1", "stages.0.name=../x", "stages=3", "model=x", "=1", "x"),
        *("seed=2024-13-45", f"seed={'9' * 5000}", f"seed={'[' * 5000}", "logging.every=0"),
    ],
    ids=lambda one: one[:30],
)
def test_overrides(tmp_path, name, override):
    path = tmp_path / name
    path.write_text(json.dumps(RECIPE))
    with pytest.raises(RecipeError) as caught:
        recipe.load(path, [override])
    assert len(str(caught.value)) < 1000
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", [DEEP, "{", "3", '{"model": ' + "9" * 5000 + "}", "2024-13-45"])
@pytest.mark.parametrize("name", ["r.json", "r.yaml"])
def test_recipes_that_are_none(tmp_path, name, text):
    if name == "r.yaml" and text is DEEP:
        text = "[" * 5000  # deeper ones are the business of a budget
    (tmp_path / name).write_text(text)
    with pytest.raises(RecipeError):
        recipe.load(tmp_path / name)
