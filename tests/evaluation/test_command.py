"""`momentvos eval world`, with a model that finds nothing."""

import json
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

import momentvos
from momentvos.cli.evaluate import app
from momentvos.errors import OutputError
from momentvos.masklet import Masklet
from momentvos.moment import Moment


class Blind:
    def segment(self, video, sentence, moment=None):
        nothing = SimpleNamespace(
            found=False,
            masklet=Masklet(video.size),
            moment=Moment.empty(),
            relevance=(0.0,) * len(video),
            presence=0.0,
        )
        return [nothing] * len(sentence)


@pytest.fixture
def run(monkeypatch):
    asked = []
    monkeypatch.setitem(
        momentvos.__dict__, "load", lambda name, device: asked.append((name, device)) or Blind()
    )

    def run(*options):
        command = ["world", "--model", "blind", "--videos", "1", "--size", "48", "--quiet"]
        result = CliRunner().invoke(app, [*command, *map(str, options)])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert asked in ([], [("blind", "auto")])
        return result

    return run


def test_prints_a_table_by_kind(run):
    result = run()
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("|  | J&F |") and lines[2].startswith("| every kind |")
    assert len(lines) > 3


@pytest.mark.parametrize("moments", ["model", "oracle", "all"])
def test_writes_every_expression(run, tmp_path, moments):
    out = tmp_path / "score.json"
    assert run("--moments", moments, "-o", out).exit_code == 0
    data = json.loads(out.read_text())
    assert (data["model"], data["split"], data["moments"]) == ("blind", "test", moments)
    assert data["missed"] == 1 and data["scored"] == data["expected"] == len(data["expressions"])


def test_a_bad_option_or_place_ends_before_the_work(run, tmp_path):
    assert run("--split", "holidays").exit_code == 2
    assert run("--videos", 0).exit_code == 2
    with pytest.raises(OutputError, match="folder"):
        run("-o", tmp_path)
