"""Circles of imports: those that run are found, those for type checkers alone are not."""

import runpy
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "check_imports.py"
FILES = {
    "__init__.py": "",
    "one.py": "import typing\nif typing.TYPE_CHECKING:\n    from {0}.two import B\n",
    "two.py": "from {0}.one import A\nB = 2\n",
    "three.py": "from {0} import four\n",
    "four.py": "def late():\n    from {0}.three import C\n",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Write a package of these files and return its name."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name, files):
        (tmp_path / name).mkdir()
        for file, text in files.items():
            (tmp_path / name / file).write_text(text.format(name))
        return name

    return write


@pytest.fixture
def main():
    return runpy.run_path(str(TOOL))["main"]


def test_an_import_inside_a_function_closes_a_circle(main, package, capsys):
    name = package("circular_package", FILES)
    assert main(name) == 1
    assert f"in a circle: {name}.four, {name}.three" in capsys.readouterr().out


def test_a_type_only_import_closes_none(main, package, capsys):
    files = {file: text for file, text in FILES.items() if file != "four.py"}
    assert main(package("straight_package", files | {"three.py": ""})) == 0
    assert "no circle" in capsys.readouterr().out


def test_there_is_none_here(main):
    assert main("momentvos") == 0
