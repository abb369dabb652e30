"""What the shell completes, and that it needs no PyTorch for it."""

import os
import subprocess
import sys

from momentvos.cli import complete


def names(items):
    return [one if isinstance(one, str) else one[0] for one in items]


def test_names_of_each_kind():
    assert "tgl-mini" in names(complete.models("tgl"))
    assert all(name.startswith("tgl") for name in names(complete.models("tgl")))
    assert "tracks-cpu" in names(complete.public("tracks"))
    assert "tgl-mini" not in names(complete.public(""))
    assert names(complete.grounders("qwen")) == ["qwen2.5-vl", "qwen3-vl"]
    assert "oracle+blip2" in names(complete.grounders("oracle+b"))
    assert names(complete.devices("c")) == ["cpu", "cuda"]
    assert "mevis" in names(complete.benchmarks("mev")) and "mevis" in names(complete.datasets("m"))
    assert complete.models("zzz") == []


def test_recipes_are_files_and_the_folders_on_the_way(tmp_path, monkeypatch):
    (tmp_path / "recipes" / "tgl").mkdir(parents=True)
    (tmp_path / "recipes" / "tgl" / "mini.yaml").touch()
    (tmp_path / "recipes" / "tgl" / "notes.txt").touch()
    monkeypatch.chdir(tmp_path)
    assert complete.recipes("re") == ["recipes/"]
    assert complete.recipes("recipes/tgl/") == ["recipes/tgl/mini.yaml"]
    assert complete.recipes("nowhere/x") == []


def test_the_shell_gets_them_without_pytorch():
    program = (
        "import sys\n"
        "sys.modules['torch'] = sys.modules['transformers'] = None\n"
        "sys.argv = ['momentvos']\n"
        "from momentvos.cli.main import main\n"
        "main()\n"
    )
    for words, expected in (
        ("momentvos run a.mp4 dog --model tgl", "tgl-mini"),
        ("momentvos run a.mp4 dog -g cli", "clip"),
        ("momentvos conf", "config"),
        ("momentvos run --dev", "--device"),
    ):
        asked = {
            "_MOMENTVOS_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
        }
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            env=os.environ | asked,
        )
        assert expected in done.stdout.split(), (words, done.stderr[-500:])


def test_the_script_of_a_shell_is_shown(cli, monkeypatch):
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    result = cli("--show-completion", "bash")
    assert result.exit_code == 0 and "COMPLETE=complete_bash" in result.stdout
