"""The guides' own examples, installed as packages: what the pages show is what is tested."""

import importlib
import json
import re
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from momentvos.cli.main import app
from momentvos.data import formats
from momentvos.data.formats import catalogue
from momentvos.errors import DataError, ModelError
from momentvos.grounding import GrounderEntry, grounders, parse
from momentvos.moment import Moment

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r'```\w+ title="([^"]+)"\n(.*?)```', re.DOTALL)


@pytest.fixture
def fresh():
    """No registry remembers what was installed, before and after."""

    def clear():
        grounders.cache_clear()
        catalogue.registered.cache_clear()
        importlib.invalidate_caches()

    clear()
    yield clear
    clear()
    for name in [one for one in sys.modules if one.startswith(("momentvos_", "odd_"))]:
        del sys.modules[name]


@pytest.fixture
def install(tmp_path, monkeypatch, fresh):
    """Write files, and the metadata that `pip install` would write; as if installed from now on."""

    def make(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        project = tomllib.loads(files["pyproject.toml"])["project"]
        known = tmp_path / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
        known.mkdir()
        (known / "METADATA").write_text(f"Name: {project['name']}\nVersion: {project['version']}\n")
        lines = [
            line
            for group, entries in project["entry-points"].items()
            for line in (f"[{group}]", *(f"{name} = {value}" for name, value in entries.items()))
        ]
        (known / "entry_points.txt").write_text("\n".join(lines) + "\n")
        monkeypatch.syspath_prepend(tmp_path)
        fresh()

    return make


def page(name):
    return dict(BLOCK.findall((DOCS / name).read_text(encoding="utf-8")))


def project(group, entry):
    return f'[project]\nname = "odd"\nversion = "0"\n[project.entry-points."{group}"]\n{entry}\n'


def test_a_grounder_as_the_guide_adds_it(install, tmp_path):
    files = page("add-a-grounder.md")
    with pytest.raises(ModelError, match="no grounder 'motion'"):
        parse("motion")
    install(files)
    assert isinstance(grounders()["motion"], GrounderEntry)
    assert "momentvos_motion.grounder" not in sys.modules, "the entry is light"
    assert str(parse("motion@0.3+clip:4")) == "motion@0.3+clip:4"
    with pytest.raises(ModelError, match="takes no '=x'"):
        parse("motion=x")
    theirs: dict = {}
    exec(files["tests/test_motion.py"], theirs)
    theirs["test_flashes_are_motion"]()

    clip = tmp_path / "clip"
    clip.mkdir()
    for frame in range(9):
        value = 255 if frame in (4, 6) else 0
        Image.new("RGB", (32, 24), (value, value, value)).save(clip / f"{frame:05d}.png")
    words = ["ground", clip, "a lamp", "-g", "motion+uniform:1", "--json", "-q"]
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["grounder"] == "motion+uniform:1" and answer["moment"] == [[6, 6]]


@pytest.mark.parametrize(
    ("entry", "content", "said"),
    [
        ('odd = "odd_one:ENTRY"', "ENTRY = 3", "is no GrounderEntry"),
        ('odd = "odd_one:ENTRY"', "import nothing_like_it", "cannot be imported"),
        (
            'Odd_One = "odd_one:ENTRY"',
            "from momentvos.grounding import GrounderEntry\nENTRY = GrounderEntry('', '')",
            "has a name with more than",
        ),
        ('clip = "momentvos.grounding.entries:CLIP"', "", "registered by two packages"),
    ],
)
def test_a_grounder_that_cannot_be_used_is_named(install, entry, content, said):
    files = {"pyproject.toml": project("momentvos.grounders", entry), "odd_one.py": content}
    install(files)
    with pytest.raises(ModelError, match=said):
        parse("all")


@pytest.fixture
def birds(tmp_path):
    """Two sentences about one video in the guide's layout, the second broken."""
    root = tmp_path / "birds"
    for folder in ("frames/a1", "masks/a1/0"):
        (root / folder).mkdir(parents=True)
    for frame in range(4):
        Image.new("RGB", (64, 48), (10 * frame, 0, 0)).save(root / f"frames/a1/{frame:05d}.png")
        mask = np.zeros((48, 64), np.uint8)
        mask[:12, : 16 * frame] = 255
        Image.fromarray(mask).save(root / f"masks/a1/0/{frame:05d}.png")
    line = {
        "video": "a1",
        "id": "0",
        "sentence": "the gull that lands",
        "fps": 8.0,
        "frames": 4,
        "size": [48, 64],
        "moment": [[1, 2]],
    }
    broken = line | {"id": "1", "moment": [[3, 1]]}
    (root / "train.jsonl").write_text(f"{json.dumps(line)}\n{json.dumps(broken)}\n")
    return root


def test_a_data_set_as_the_guide_adds_it(install, birds):
    with pytest.raises(DataError, match="no data set 'birds'"):
        formats.dataset("birds")
    install(page("add-a-data-set.md"))
    assert list(formats.datasets())[-1] == "birds"
    with pytest.raises(DataError, match=r"line 2/moment is no moment"):
        formats.open("birds", birds)
    broken = []
    (sample,) = formats.open("birds", birds, "train", broken.append)
    assert len(broken) == 1
    assert sample.frames([3, 0])[:, 0, 0, 0].tolist() == [30, 0]
    assert sample.masks([0, 2]).sum((2, 3)).tolist() == [[0, 12 * 32]]
    assert sample.moment == Moment([(1, 2)])

    runner = CliRunner()
    listed = runner.invoke(app, ["data", "list"])
    assert "birds" in listed.stdout and "CC BY 4.0" in listed.stdout
    checked = runner.invoke(app, ["data", "check", "birds", str(birds), "-q"])
    assert checked.exit_code == 1 and "1 broken" in checked.stdout, checked.output
    shown = birds / "shown.png"
    words = ["data", "show", "birds", birds, "a1/0", "--split", "train", "-o", shown]
    result = runner.invoke(app, [str(word) for word in words])
    assert result.exit_code == 0 and shown.stat().st_size > 1000, result.output


def test_a_grounder_can_learn_from_it(install, birds):
    from momentvos.grounding.recipe import GrounderData, samples

    install(page("add-a-data-set.md"))
    lines = (birds / "train.jsonl").read_text().splitlines()
    (birds / "train.jsonl").write_text(lines[0])
    assert len(samples(GrounderData("birds", str(birds)))) == 1


@pytest.mark.parametrize(
    ("entry", "content", "said"),
    [
        ('odd = "odd_one:DATA"', "DATA = 3", "is no Dataset of that name"),
        ('odd = "odd_one:DATA"', "1 / 0", "cannot be imported"),
        (
            'mevis = "odd_one:DATA"',
            "from momentvos.data.formats import dataset\n"
            "from momentvos.data.formats.catalogue import DATASETS\nDATA = DATASETS['mevis']",
            "has the name of another one",
        ),
    ],
)
def test_a_data_set_that_cannot_be_used_is_named(install, entry, content, said):
    files = {"pyproject.toml": project("momentvos.datasets", entry), "odd_one.py": content}
    install(files)
    with pytest.raises(DataError, match=said):
        formats.dataset("mevis")
