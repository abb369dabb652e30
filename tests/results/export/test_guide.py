"""The guide's own exporter, installed as a package; and packages that are broken."""

import importlib
import json
import re
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from momentvos.cli.main import app
from momentvos.errors import OutputError
from momentvos.results.export import export, exporters
from momentvos.results.export.registry import registered

GUIDE = Path(__file__).parents[3] / "docs" / "add-an-exporter.md"
BLOCK = re.compile(r'```\w+ title="([^"]+)"\n(.*?)```', re.DOTALL)


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Write files, and the metadata that `pip install` would write."""

    def make(files):
        for name, text in files.items():
            path = tmp_path / "site" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        project = tomllib.loads(files["pyproject.toml"])["project"]
        known = tmp_path / "site" / f"{project['name'].replace('-', '_')}-0.dist-info"
        known.mkdir()
        (known / "METADATA").write_text(f"Name: {project['name']}\nVersion: 0\n")
        entries = project["entry-points"]["momentvos.exporters"]
        lines = [f"{name} = {value}" for name, value in entries.items()]
        (known / "entry_points.txt").write_text("[momentvos.exporters]\n" + "\n".join(lines))
        monkeypatch.syspath_prepend(tmp_path / "site")
        registered.cache_clear()
        importlib.invalidate_caches()

    yield make
    registered.cache_clear()
    for name in [one for one in sys.modules if one.startswith(("momentvos_chapters", "odd_"))]:
        del sys.modules[name]


def odd(entry):
    head = '[project]\nname = "odd"\nversion = "0"\n[project.entry-points."momentvos.exporters"]\n'
    return head + entry


def test_an_exporter_as_the_guide_adds_it(install, several, nothing, tmp_path):
    install(dict(BLOCK.findall(GUIDE.read_text(encoding="utf-8"))))
    assert "chapters" in exporters() and "momentvos_chapters.chapters" not in sys.modules
    one = several[0].save(tmp_path / "res")
    words = ["export", str(one), "--to", "chapters", "-o", str(tmp_path / "c.json")]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    marks = json.loads((tmp_path / "c.json").read_text())["chapters"]
    assert marks == [{"startTime": 0.25, "title": "the disc"}]
    assert export(nothing, "chapters", tmp_path / "n.json").notes[0].startswith("no sentence")


@pytest.mark.parametrize(
    ("entry", "content", "said"),
    [
        ('odd = "odd_one:ENTRY"', "ENTRY = 3", "is no Exporter"),
        ('odd = "odd_one:ENTRY"', "1 / 0", "cannot be imported: division by zero"),
        ('odd = "odd_one:NOTHING"', "", "cannot be imported"),
        ('odd = "odd_one:ENTRY"', "raise SystemExit", "cannot be imported"),
    ],
)
def test_a_broken_exporter_breaks_no_other(install, prediction, tmp_path, entry, content, said):
    install({"pyproject.toml": odd(entry), "odd_one.py": content})
    export(prediction, "srt", tmp_path / "x.srt")
    with pytest.raises(OutputError, match=said):
        export(prediction, "odd", tmp_path / "x")
    listed = CliRunner().invoke(app, ["export", "--to", "list"])
    assert listed.exit_code == 0 and said in listed.stdout and "matte" in listed.stdout


def test_ours_stand_against_a_name_taken_twice(install, prediction, tmp_path):
    content = "from momentvos.results.export import Exporter\nENTRY = Exporter('x', 'a:b', ('.x',))"
    install({"pyproject.toml": odd('srt = "odd_one:ENTRY"'), "odd_one.py": content})
    assert exporters()["srt"].suffixes == (".srt",)
