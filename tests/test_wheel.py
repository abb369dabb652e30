"""The wheel alone, in a folder that is no clone: it brings the demo, recipes, schemas and types."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ROOT]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode and "hatchling" in done.stderr:
        pytest.skip("hatchling is not here and cannot be fetched")
    assert done.returncode == 0, done.stderr
    (made,) = folder.glob("*.whl")
    return made


@pytest.mark.slow
def test_the_wheel_carries_what_the_commands_need(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    files = "momentvos/packaged_files/"
    for name in ("recipes/tgl/quickstart.yaml", "samples/demo.mp4", "samples/demo.txt"):
        assert files + name in names
    for name in ("prediction", "grounding", "results"):
        assert f"{files}schemas/{name}.schema.json" in names
    assert "momentvos/py.typed" in names
    page = ROOT / "src" / "momentvos" / "server" / "page"
    parts = [path.name for path in page.iterdir()]
    assert "index.html" in parts
    assert {f"momentvos/server/page/{name}" for name in parts} <= set(names)
    recipes = {str(path.relative_to(ROOT)) for path in (ROOT / "recipes").rglob("*.yaml")}
    assert {files + name for name in recipes} <= set(names)


@pytest.mark.slow
def test_the_demo_runs_from_the_wheel_alone(wheel, tmp_path):
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    path = os.pathsep.join([str(site), sysconfig.get_paths()["purelib"]])
    environment = {**os.environ, "PYTHONPATH": path}

    def run(*words):
        command = [sys.executable, *words]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        ).stdout

    assert run("-c", "import momentvos; print(momentvos.__file__)").startswith(str(site))
    assert "overlay.mp4" in run("-m", "momentvos", "demo", "-q")
    assert (tmp_path / "momentvos-demo" / "overlay.mp4").exists()
    assert "tgl/quickstart" in run("-m", "momentvos", "recipes")
    words = ("-m", "momentvos", "train", "tgl/quickstart", "--set", "stages.prompt.steps=0")
    run(*words, "-o", "untrained")
    assert (tmp_path / "untrained" / "last" / "model.safetensors").exists()
