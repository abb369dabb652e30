"""Notebooks as pages of the site, and what the site adds to a page."""

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "docs").glob("*.ipynb"))


@pytest.fixture(scope="module")
def hook():
    spec = importlib.util.spec_from_file_location("site_pages", ROOT / "tools" / "site_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_page_has_all_cells_and_outputs_of_its_notebook(hook, path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    text = hook.markdown(notebook, path.name)
    assert text.startswith("# ") and f'href="../{path.name}" download' in text
    for cell in notebook["cells"]:
        first, *_ = "".join(cell["source"]).splitlines()
        assert first in text
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            shown = output.get("text") or data.get("text/html") or data.get("image/png")
            assert "".join(shown or data["text/plain"]).strip()[-200:] in text
    assert "<style" not in text


def test_links_to_notebooks_lead_to_their_pages(hook):
    text = "see [one](quickstart.ipynb), [two](../a_b.ipynb) and `x.ipynb`"
    assert hook.on_page_markdown(text) == "see [one](quickstart.md), [two](../a_b.md) and `x.ipynb`"


def test_short_code_stays_in_one_piece_and_pictures_are_linked(hook):
    html = '<p><code>--feather</code> <code>momentvos run clip.mp4 "the dog that jumps"</code></p>'
    made = hook.on_page_content(html)
    assert '<code class="short">--feather</code>' in made and "<code>momentvos run" in made
    picture = '<img alt="a" src="../images/a.webp" />'
    assert f'href="../images/a.webp">{picture}</a>' in hook.on_page_content(picture)
    assert hook.on_page_content('<img src="data:image/png;base64,A">').startswith("<img")
