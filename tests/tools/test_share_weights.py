"""What bundled models have in common, stored once."""

import json
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file
from tools import share_weights

COMMON = {"encoder": torch.ones(2, 3, dtype=torch.float16)}
OWN = [{"head": torch.zeros(1), "tail": torch.ones(2)}, {"head": torch.ones(1)}]


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setattr(share_weights, "FOLDER", tmp_path / "shared")
    made = []
    for number, own in enumerate(OWN):
        folder = tmp_path / f"model-{number}"
        folder.mkdir()
        save_file(COMMON | own, folder / "model.safetensors")
        (folder / "config.json").write_text(json.dumps({"model_type": "x"}))
        made.append(folder)
    monkeypatch.setattr(sys, "argv", ["share_weights.py", "mini", *map(str, made)])
    return made


def _stored(folders):
    shared = load_file(folders[0].parent / "shared" / "mini.safetensors")
    own = [load_file(folder / "model.safetensors") for folder in folders]
    named = [json.loads((folder / "config.json").read_text()) for folder in folders]
    return shared, own, named


def test_equal_tensors_move_and_again_nothing_does(folders):
    share_weights.main()
    shared, own, named = before = _stored(folders)
    assert shared.keys() == COMMON.keys() and torch.equal(shared["encoder"], COMMON["encoder"])
    assert [one.keys() for one in own] == [one.keys() for one in OWN]
    assert all(one == {"model_type": "x", "shared_weights": "mini"} for one in named)
    share_weights.main()
    again = _stored(folders)
    assert again[2] == before[2]
    for one, other in zip([again[0], *again[1]], [shared, *own], strict=True):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[key], other[key]) for key in one)


def test_a_tensor_that_was_trained_anew_is_one_s_own(folders):
    share_weights.main()
    path = folders[0] / "model.safetensors"
    save_file(load_file(path) | {"encoder": torch.zeros(2, 3, dtype=torch.float16)}, path)
    share_weights.main()
    shared, own, _ = _stored(folders)
    assert not shared and all("encoder" in one for one in own)
    assert torch.equal(own[1]["encoder"], COMMON["encoder"])
