"""Files of unknown origin."""

import argparse
import pickle
import zipfile

import pytest
import torch

from momentvos.convert.checkpoint import read
from momentvos.errors import ModelError

WEIGHTS = {"a.weight": torch.arange(6.0).view(2, 3), "b": torch.tensor(1)}


class Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def same(checkpoint):
    assert list(checkpoint.weights) == list(WEIGHTS)
    assert all(torch.equal(checkpoint.weights[name], WEIGHTS[name]) for name in WEIGHTS)


def test_weights_alone_or_below_a_name(save, tmp_path):
    torch.save(WEIGHTS, tmp_path / "bare.pth")
    torch.save({"state_dict": WEIGHTS}, tmp_path / "lightning.ckpt")
    for path in (tmp_path / "bare.pth", tmp_path / "lightning.ckpt", save(WEIGHTS)):
        same(read(path))


def test_arguments_are_plain_values(save):
    args = argparse.Namespace(HSA=True, sizes=[1, 2], name="x", nothing=None)
    checkpoint = read(save(WEIGHTS, args=args, epoch=3))
    same(checkpoint)
    assert checkpoint.args == vars(args)
    assert checkpoint.others == ("args", "epoch")


def test_code_is_never_run(save, tmp_path):
    trace = tmp_path / "trace"
    with pytest.raises(ModelError, match="could run code"):
        read(save(WEIGHTS, args=Evil(str(trace))))
    assert not trace.exists()


def test_no_object_beyond_the_allowed_ones(save):
    with pytest.raises(ModelError, match=r"asks for the Python object fractions\.Fraction"):
        from fractions import Fraction

        read(save(WEIGHTS, best=Fraction(1, 2)))


def test_allowing_namespaces_ends_with_the_call(save):
    path = save(WEIGHTS, args=argparse.Namespace())
    read(path)
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path, weights_only=True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([1, 2], "holds a list"),
        ({"model": {}}, "holds no weights"),
        ({"model": [torch.zeros(1)]}, "holds no weights"),
        ({"model": {1: torch.zeros(1)}}, "no name of a weight"),
        ({"model": {"a" * 400: torch.zeros(1)}}, "no name of a weight"),
        ({"model": {"a": 1.0}}, "holds a float at a"),
        ({"model": {"a": torch.zeros(2, 2).to_sparse()}}, "_rebuild_sparse_tensor"),
        ({"model": {"a": torch.zeros(1), "module.a": torch.zeros(1)}}, "the weight a twice"),
    ],
)
def test_what_is_no_state_dict(tmp_path, content, said):
    path = tmp_path / "x.pth"
    torch.save(content, path)
    with pytest.raises(ModelError, match=said):
        read(path)


def test_too_many_weights(tmp_path, monkeypatch):
    monkeypatch.setattr("momentvos.convert.checkpoint.MOST_WEIGHTS", 1)
    torch.save(WEIGHTS, tmp_path / "x.pth")
    with pytest.raises(ModelError, match="no such model"):
        read(tmp_path / "x.pth")


def test_what_is_no_checkpoint_file(save, tmp_path):
    with pytest.raises(ModelError, match="cannot be read"):
        read(tmp_path / "none.pth")
    with pytest.raises(ModelError, match="cannot be read"):
        read(tmp_path)
    cut = tmp_path / "cut.pth"
    cut.write_bytes(save(WEIGHTS).read_bytes()[:-200])
    with pytest.raises(ModelError, match="incomplete"):
        read(cut)
    with zipfile.ZipFile(tmp_path / "zip.pth", "w") as archive:
        archive.writestr("readme.txt", "no")
    with pytest.raises(ModelError, match="not one written by"):
        read(tmp_path / "zip.pth")
    with zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", b"\0" * 1000)
    with pytest.raises(ModelError, match="not one written by"):
        read(tmp_path / "bomb.pth")
    with zipfile.ZipFile(tmp_path / "odd.pth", "w") as archive:
        archive.writestr("x/data.pkl", b"garbage")
        archive.writestr("x/version", b"3")
    with pytest.raises(ModelError, match="odd"):
        read(tmp_path / "odd.pth")
