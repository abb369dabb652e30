"""``momentvos convert``."""

import json
from argparse import Namespace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from momentvos.cli.main import app
from momentvos.convert import convert_samwise
from momentvos.errors import OutputError


@pytest.fixture
def cli(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(app, ["convert", *map(str, words)])


@pytest.fixture
def narrowed(monkeypatch, config):
    """The narrow model in place of the released size."""
    import momentvos.convert.samwise as module

    monkeypatch.setattr(module, "samwise_config", lambda *a: config())


def test_tells_what_was_dropped_and_why(cli, narrowed, save, weights, words):
    result = cli("samwise", save(weights, epoch=1), "out", "--tokenizer", words)
    assert result.exit_code == 0
    for said in (
        "924 weights used, 8 dropped:",
        "lm_head.dense.weight: RoBERTa's language model head",
        "token_type_embeddings.weight: zeros",
        "left alone: epoch",
        "The model is in out",
    ):
        assert said in result.stdout


def test_training_arguments_are_not_left_alone(cli, monkeypatch, config, save, weights, words):
    import momentvos.convert.samwise as module

    monkeypatch.setattr(module, "samwise_config", lambda *a: config())
    path = save(weights, args=Namespace(use_cme_head=True, HSA=True), epoch=1)
    said = cli("samwise", path, "out", "--tokenizer", words).stdout
    assert "read for the model's options: args\nleft alone: epoch\n" in said
    given = cli("samwise", path, "given", "--tokenizer", words, "--no-cme").stdout
    assert "left alone: args, epoch\n" in given
    other = save(weights, args=Namespace(lr=1e-5))
    assert "left alone: args\n" in cli("samwise", other, "none", "--tokenizer", words).stdout


def test_as_json(cli, narrowed, save, weights, words):
    result = cli("samwise", save(weights), "out", "--tokenizer", words, "--no-cme", "--json")
    told = json.loads(result.stdout)
    assert (len(told["used"]), len(told["dropped"])) == (924 - 17, 8 + 17)
    config = json.loads((Path(told["folder"]) / "config.json").read_text())
    assert config["cme"] is False


def test_errors_are_one_sentence(cli, tmp_path):
    (tmp_path / "x.pt").write_text("no")
    for kind in ("samwise", "sam2"):
        result = cli(kind, "x.pt", "out")
        assert result.exit_code == 2
        assert "no checkpoint written by torch.save" in result.output
        assert not (tmp_path / "out").exists()


def test_a_full_disk_leaves_nothing(save, weights, words, config, tmp_path):
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    path = save(weights)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, limits[1]))
    try:
        with pytest.raises(OutputError, match="Cannot write to"):
            convert_samwise(path, tmp_path / "out", tokenizer=words, config=config())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [entry.name for entry in tmp_path.iterdir()] == ["official.pth"]
