"""The program as a whole: help, version, exit codes, and how quickly it can answer."""

import subprocess
import sys

import pytest

import momentvos
from momentvos.cli.main import app
from momentvos.errors import MomentVOSError

VERBS = ["run", "models", "train", "eval", "world"]


def test_help_names_every_verb(cli):
    result = cli("--help")
    assert result.exit_code == 0
    for verb in VERBS:
        assert f"\n  {verb} " in result.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(cli, verb):
    result = cli(verb, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.stdout and "--help" in result.stdout


def test_help_loads_nothing_heavy():
    code = (
        "import sys\n"
        "from momentvos.cli.main import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'av', 'numpy', 'matplotlib', 'PIL', 'yaml'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_version(cli):
    result = cli("--version")
    assert (result.exit_code, result.stdout) == (0, f"momentvos {momentvos.__version__}\n")


def test_runs_as_a_module(program):
    assert program("--version").stdout == f"momentvos {momentvos.__version__}\n"


@pytest.mark.parametrize("words", [["jump"], ["run", "--frobnicate"], ["run"], ["run", "a.mp4"]])
def test_wrong_usage_exits_2_with_one_explanation(cli, words):
    result = cli(*words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Usage:" in result.stderr and "Error:" in result.stderr


def test_our_errors_become_one_sentence_and_exit_2(cli, monkeypatch):
    def fail(_):
        raise MomentVOSError("The thing is missing; bring it.")

    monkeypatch.setattr("momentvos.cli.run.check_writable", fail)
    result = cli("run", "clip.mp4", "the dog")
    assert result.exit_code == 2
    assert result.stderr == "Error: The thing is missing; bring it.\n"


def test_interruption_exits_130_with_one_line(cli, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("momentvos.cli.run.check_writable", interrupt)
    result = cli("run", "clip.mp4", "the dog")
    assert result.exit_code == 130
    assert result.stderr.count("\n") == 1


def test_our_own_mistakes_keep_their_traceback(cli, monkeypatch):
    def fail(_):
        raise ZeroDivisionError

    monkeypatch.setattr("momentvos.cli.run.check_writable", fail)
    assert isinstance(cli("run", "clip.mp4", "the dog").exception, ZeroDivisionError)


def test_a_closed_pipe_is_quiet():
    command = f"{sys.executable} -m momentvos --help | true"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert done.stderr == ""


def test_app_is_what_the_script_runs():
    assert app.info.name == "momentvos"
