"""`momentvos studio`: a data set in and out again."""

import json
import re

import pytest
from typer.testing import CliRunner

pytest.importorskip("fastapi", reason="the extra `web` is not installed")


@pytest.fixture
def studio_verb(tmp_path):
    """Run a verb: (exit code, what it prints)."""
    from momentvos.cli.main import app

    def run(*words):
        done = CliRunner().invoke(app, ["studio", *map(str, words), "--data", str(tmp_path / "d")])
        return done.exit_code, done.output

    return run


def test_a_data_set_goes_in_and_out(studio_verb, data_sets, tmp_path):
    source = data_sets.mevis(tmp_path / "pets")
    assert studio_verb("import", source, "--annotators", 2)[0] == 0
    assert studio_verb("assign", "pets", "ann", "bob", "--each", 2) == (
        0,
        "ann: 4 more\nbob: 4 more\n",
    )
    assert "pets: 4 expressions (4 open)" in studio_verb("list")[1]
    assert "all: 0 expressions, tIoU -" in studio_verb("agreement", "pets")[1]
    code, said = studio_verb("export", "pets", tmp_path / "out")
    assert (code, bool(re.search(r"as of change \d+ is in", said))) == (0, True)
    index = json.loads((tmp_path / "out/meta_expressions.json").read_text())
    assert index == json.loads((source / "meta_expressions.json").read_text())


def test_errors_are_a_sentence(studio_verb, data_sets, tmp_path):
    code, said = studio_verb("list")
    assert code == 2 and "no server's folder" in said
    data_sets.mevis(tmp_path / "pets")
    studio_verb("import", tmp_path / "pets")
    for words, expected in (
        (("import", tmp_path / "pets"), "a project 'pets' already"),
        (("import", tmp_path / "none"), "is no folder"),
        (("export", "petz", tmp_path / "out"), "did you mean 'pets'"),
        (("export", "pets", tmp_path / "out", "--to", "spam"), "no format 'spam'"),
        (("assign", "pets", "ann", "--each", 2), "at least as many"),
    ):
        code, said = studio_verb(*words)
        assert code == 2 and expected in said.replace("\n", " "), said
