"""The notebooks of docs/: they run, and are stored with outputs that are small."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "docs").glob("*.ipynb"))
nbformat = pytest.importorskip("nbformat")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_with_its_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(NOTEBOOKS) >= 2 and len(code) >= 5
    assert all(cell.execution_count for cell in code)
    outputs = [output for cell in code for output in cell.outputs]
    assert not any(output.output_type == "error" for output in outputs)
    assert path.stat().st_size < 1_000_000
    shown = [output.data.get("text/html", "") for output in outputs if "data" in output]
    assert any("data:image/jpeg;base64," in html for html in shown)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_says_the_same(path, tmp_path):
    spec = importlib.util.spec_from_file_location("tool", ROOT / "tools" / "run_notebooks.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    fresh, stored = tool.executed(path, tmp_path), nbformat.read(path, as_version=4)
    for new, old in zip(fresh.cells, stored.cells, strict=True):
        if new.cell_type == "code":
            assert _kinds(new) == _kinds(old), new.source
            assert _printed(new) == _printed(old), new.source


def _kinds(cell):
    return [sorted(output.get("data", {"stream": ""})) for output in cell.outputs]


def _printed(cell):
    return [output.text for output in cell.outputs if output.output_type == "stream"]
