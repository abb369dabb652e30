"""Photographs of pages, and what does not fit on them; without Chromium, one sentence."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

TOOLS = Path(__file__).parents[2] / "tools"
PAGE = """<!doctype html><meta name="viewport" content="width=device-width"><main>
<p style="width:900px">a wide line</p><img src="gone.png"><pre><code style="display:block;
width:300px;overflow:auto">{}</code></pre><div style="height:2500px"></div></main>"""


@pytest.fixture
def look(monkeypatch):
    """The tool, as it imports its neighbour."""
    monkeypatch.syspath_prepend(TOOLS)
    import look_at_pages

    yield look_at_pages
    for name in ("look_at_pages", "chromium"):
        sys.modules.pop(name, None)


def run(*words, **environment):
    command = [sys.executable, TOOLS / "look_at_pages.py", *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment or None)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"PATH": "/nowhere"}, "No Chromium or Chrome is on the path. Install one"),
        ({"PATH": "/nowhere", "CHROMIUM": "/nowhere/chrome"}, "CHROMIUM=/nowhere/chrome is no"),
    ],
)
def test_no_browser_is_one_sentence(tmp_path, environment, said):
    (tmp_path / "page.html").write_text("<p>")
    done = run(tmp_path / "page.html", "-o", tmp_path / "out", **environment)
    assert done.returncode == 1 and done.stdout == ""
    assert said in done.stderr and len(done.stderr.splitlines()) == 1


def test_pages_of_a_folder_have_names(look, tmp_path):
    for name in ("index.html", "cli/index.html", "tutorials/film/index.html", "404.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("<p>")
    alone = [tmp_path / "404.html", tmp_path / "cli" / "index.html"]
    names = [name for name, _ in look.found([tmp_path, *alone])]
    assert names == ["404", "cli", "index", "tutorials-film", "404", "cli"]


def test_a_tall_picture_becomes_columns(look):
    tall = Image.new("RGB", (100, 4000))
    tall.putpixel((0, 1800), (255, 0, 0))
    made = look.columns(tall)
    assert made.size == (3 * 100 + 2 * 12, 1800)
    assert made.getpixel((112, 0)) == (255, 0, 0) and made.getpixel((323, 1799)) == (255,) * 3
    low = Image.new("RGB", (100, 900))
    assert look.columns(low) is low


@pytest.mark.skipif(
    not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    reason="needs Chromium",
)
@pytest.mark.slow
def test_what_does_not_fit_is_listed(tmp_path):
    (tmp_path / "bad.html").write_text(PAGE.format("x" * 200))
    done = run(tmp_path / "bad.html", "-o", tmp_path / "out")
    assert done.returncode == 1, done.stderr
    desktop, _, phone = done.stdout.partition("bad-390.png")
    assert "missing picture" in desktop and "cut off by" in desktop
    assert "scrolls sideways" not in desktop and "scrolls sideways" in phone
    assert Image.open(tmp_path / "out" / "bad-1280.png").size == (2 * 1280 + 12, 1800)

    (tmp_path / "good.html").write_text(PAGE[: PAGE.index("<main>")] + "<p>short")
    done = run(tmp_path / "good.html", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stdout
