"""What a new user types: names that are near, parts, verbs that take a name, Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
from functools import partial

import pytest
import torch
from tests.systems.tracks import checkpoints
from transformers import CLIPImageProcessor, XCLIPConfig, XCLIPModel

from momentvos.data.world import WORDS
from momentvos.hub.catalogue import catalogue as catalogue_of_models
from momentvos.systems.tracks.parts import KINDS
from momentvos.text import train_tokenizer


@pytest.fixture(scope="session")
def xclip(tmp_path_factory):
    """microsoft/xclip-base-patch32 in small, with its weights as a pickle alone."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("xclip") / "xclip"
    tokenizer = train_tokenizer(WORDS(), 1024, 32)
    sizes = {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    ids = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}
    text = sizes | ids | {"vocab_size": len(tokenizer), "max_position_embeddings": 32}
    vision = sizes | {"image_size": 32, "patch_size": 16, "num_frames": 8}
    vision |= {"mit_hidden_size": 16, "mit_intermediate_size": 32, "mit_num_attention_heads": 2}
    model = XCLIPModel(
        XCLIPConfig(
            text_config=text, vision_config=vision, projection_dim=16, prompt_num_attention_heads=2
        )
    )
    model.config.save_pretrained(folder)
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    tokenizer.save_pretrained(folder)
    CLIPImageProcessor(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
    ).save_pretrained(folder)
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return folder


@pytest.mark.slow
def test_pickled_weights_are_converted_by_pull_and_used_by_their_hub_id(
    place, program, xclip, clip, tmp_path
):
    place.folder("microsoft/xclip-base-patch32", xclip)
    done = program("pull", "xclip-base", "--yes")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "home" / "parts" / "microsoft--xclip-base-patch32@main"
    assert str(folder) in done.stdout
    assert (folder / "model.safetensors").is_file()
    assert not list(folder.glob("*.bin"))
    sent = dict(place.sent)
    offline = {"HF_HUB_OFFLINE": "1", "HF_ENDPOINT": "http://127.0.0.1:9"}
    done = program("ground", clip, "the dog", "-g", "xclip", "--json", **offline)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["grounder"].startswith("xclip")
    assert dict(place.sent) == sent
    listed = {one["name"]: one for one in json.loads(program("models", "--json").stdout)}
    assert listed["xclip-base"]["path"] == str(folder)
    assert program("pull", "xclip-base").returncode == 0
    assert dict(place.sent) == sent


def test_edgetam_is_pulled_by_name_and_used_by_its_hub_id(place, program, tmp_path, monkeypatch):
    made = tmp_path / "made"
    made.mkdir()
    checkpoints.edgetam(made)
    place.folder("yonigozlan/EdgeTAM-hf", made)
    done = program("pull", "edgetam", "--yes")
    assert done.returncode == 0, done.stderr
    monkeypatch.setenv("MOMENTVOS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    config = catalogue_of_models()["tracks-cpu"].config["tracker"]
    load = KINDS["tracker"][config["kind"]].load
    tracker = load({"model": config["model"], "image_size": 64})
    assert type(tracker).__name__ == "EdgeTam"
    assert tracker.config.image_size == 64


@pytest.mark.slow
def test_eval_fetches_by_name_too(place, folder, tiny, program, catalogue):
    place.folder("lab/tiny", folder)
    catalogue({"tiny": tiny})
    words = (
        "eval",
        "world",
        "--videos",
        "1",
        "--size",
        "32",
        "--moments",
        "all",
        "--device",
        "cpu",
    )
    refused = program(*words, "--model", "tiny")
    assert refused.returncode == 2
    assert "momentvos pull tiny --yes" in refused.stderr
    assert not place.sent
    done = program(*words, "--model", "tiny", "--yes")
    assert done.returncode == 0, done.stderr
    assert "J&F" in done.stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["pull"], 2, "Say what to fetch"),
        (["pull", "traks-cpu"], 2, "did you mean 'tracks-cpu'?"),
        (["pull", "tgl-base/train"], 2, "is not fetched but trained"),
        (["pull", "tgl-mini"], 0, "there is nothing to fetch"),
        (["pull", "tracks-cpu"], 2, "`momentvos pull tracks-cpu --yes`"),
        (["models", "tracks_cpu"], 2, "did you mean 'tracks-cpu'?"),
        (["models", "xclip-base"], 0, "-g xclip=microsoft/xclip-base-patch32"),
        (["models", "tracks-small"], 0, "8 GB of a GPU"),
        (["run", "{clip}", "a dog", "--model", "trakcs-cpu"], 2, "did you mean 'tracks-cpu'?"),
        (["run", "{clip}", "a dog", "--model", "xclip-base"], 2, "no model but a part of one"),
        (["run", "{clip}", "a dog", "--model", "tgl-base"], 2, "no weights of its own"),
        (["eval", "world", "--model", "samwise"], 2, "did you mean 'samwise-"),
        (["eval", "mevis", "--root", ".", "--model", "llmdet-tiny"], 2, "a part of one"),
    ],
)
def test_what_is_typed_is_answered_in_a_sentence(cli, clip, words, code, said):
    done = cli(*(word.format(clip=clip) for word in words))
    assert done.exit_code == code, done.output
    assert said in done.output
    if code:
        assert done.output.count("\n") == 1


def test_ctrl_c_keeps_what_has_arrived_and_says_how_to_go_on(
    place, folder, tiny, catalogue, environment, program, tmp_path
):
    place.folder("lab/tiny", folder)
    place.block, place.delay = 1 << 15, 0.02
    home = catalogue({"tiny": tiny})
    process = subprocess.Popen(
        [sys.executable, "-m", "momentvos", "pull", "tiny", "-y"],
        env=os.environ | environment,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        # A shell's background job has this signal ignored, and hands that on.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    while not list((home / "downloads").glob("tiny/weights/*.part")):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "what has arrived is kept, and `momentvos pull tiny` goes on" in said
    assert "Traceback" not in said
    place.delay = 0.0
    assert program("pull", "tiny", "-y").returncode == 0
    whole = sum(one.stat().st_size for one in folder.iterdir())
    assert sum(place.sent.values()) <= whole + (5 << 20), "but for what lay in the sockets' buffers"


@pytest.mark.slow
def test_load_names_the_command_or_is_told_to_pull(
    place, folder, tiny, catalogue, environment, tmp_path
):
    place.folder("lab/tiny", folder)
    catalogue({"tiny": tiny})
    script = (
        "import momentvos\n"
        "try:\n    momentvos.load('tiny')\nexcept momentvos.errors.ModelError as error:\n"
        "    print(error)\n"
        "print(momentvos.load('tiny', pull=True, device='cpu').config.domain)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    refusal, domain = done.stdout.splitlines()
    assert "`momentvos pull tiny --yes`" in refusal
    assert "load(NAME, pull=True)" in refusal
    assert domain == "sprites"
