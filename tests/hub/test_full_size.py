"""A SAMWISE of the released size: pulled from what answers like Google Drive, and asked."""

import argparse
import json
import mmap
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from transformers import RobertaConfig

from momentvos.data.world import WORDS
from momentvos.text import train_tokenizer

LISTED = Path(__file__).parents[1] / "convert" / "samwise_base.txt"
DRIVE, VOCABULARY = "1Molt2up2bP41ekeczXWQU-LWTskKJOV2", 50_265
KEPT = {
    "sam.no_obj_ptr": "sam.no_object_pointer",
    "cmt_adapters.2.hsa.linear.weight": "adapters.2.hsa.linear.weight",
}


@pytest.fixture
def checkpoint(tmp_path):
    """The released file's names and shapes with random weights, in the form of its authors."""
    torch.manual_seed(0)
    weights = OrderedDict()
    for line in LISTED.read_text().splitlines():
        name, _, shape = line.partition(" ")
        size = tuple(map(int, shape.split(","))) if shape else ()
        if name.endswith("num_batches_tracked"):
            weights[name] = torch.tensor(3)
        else:
            weights[name] = torch.randn(size) * 0.02 + name.endswith("running_var")
    path = tmp_path / "final_model_mevis.pth"
    args = argparse.Namespace(use_cme_head=True, HSA=True, lr=1e-5)
    torch.save({"model": weights, "args": args, "epoch": 0}, path)
    return path, {name: weights[name] for name in KEPT}


@pytest.fixture
def roberta(tmp_path):
    """RoBERTa-base's files without its weights; a vocabulary of its size, words of ours."""
    folder = tmp_path / "roberta"
    train_tokenizer(WORDS(), 1024, 512).save_pretrained(folder)
    RobertaConfig(
        vocab_size=VOCABULARY,
        max_position_embeddings=514,
        type_vocab_size=1,
        bos_token_id=0,
        pad_token_id=1,
        eos_token_id=2,
    ).save_pretrained(folder)
    told = json.loads((folder / "tokenizer.json").read_text())
    words = told["model"]["vocab"]
    words |= {f"never{number}": number for number in range(len(words), VOCABULARY)}
    (folder / "tokenizer.json").write_text(json.dumps(told))
    (folder / "vocab.json").write_text(json.dumps(words))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return folder


@pytest.mark.slow
def test_a_checkpoint_of_the_released_size_is_pulled_converted_and_asked(
    place, program, checkpoint, roberta, clip, tmp_path
):
    path, kept = checkpoint
    size = path.stat().st_size
    assert size > 800_000_000
    place.folder("FacebookAI/roberta-base", roberta)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        place.files["drive"] = {DRIVE: content}
        place.block = 1 << 20
        place.cut[DRIVE] = 300_000_000
        done = program("pull", "samwise-mevis", "--yes")
        assert done.returncode == 0, done.stderr
        assert place.sent[DRIVE] == size, "nothing is fetched twice where a connection ends"
        place.files.clear()
    home = tmp_path / "home"
    model = home / "models" / "samwise-mevis"
    record = json.loads((model / "pulled.json").read_text())
    assert record["sources"]["weights"]["files"]["final_model_mevis.pth"]["size"] == size
    assert not list((home / "downloads").iterdir())
    assert not list(home.rglob("*.pth"))
    with safe_open(model / "model.safetensors", "pt") as file:
        for theirs, ours in KEPT.items():
            assert torch.equal(file.get_tensor(ours), kept[theirs])
    done = program(
        "run", clip, "the dog", "--model", "samwise-mevis", "-o", "out", "--device", "cpu"
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads((tmp_path / "out" / "prediction.json").read_text())
    assert answer["model"] == "samwise-mevis"
    assert answer["domain"] == "MeViS"
    assert answer["video"]["length"] == 3
