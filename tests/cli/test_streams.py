"""What the terminal cannot show becomes ASCII, and an output that fails is one sentence."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX shells and devices")


@pytest.fixture
def shell(tmp_path):
    """Run a line in which `momentvos` is the program: shell(line, encoding) -> (code, out, err)."""

    def shell(line, encoding=None, **environment):
        program = f"momentvos() {{ '{sys.executable}' -m momentvos \"$@\"; }}; set -o pipefail; "
        known = os.environ | environment
        known.pop("PYTHONIOENCODING", None)
        if encoding is not None:
            known["PYTHONIOENCODING"] = encoding
        done = subprocess.run(
            ["bash", "-c", program + line], capture_output=True, cwd=tmp_path, env=known
        )
        return done.returncode, done.stdout, done.stderr

    return shell


FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")


@FULL
@pytest.mark.parametrize("words", ["models", "models --json", "run --help"])
def test_a_full_disk_is_one_sentence(shell, words):
    code, _, said = shell(f"momentvos {words} > /dev/full")
    assert code == 2
    assert said == b"Error: the output cannot be written: No space left on device.\n"


@FULL
def test_without_any_output_only_the_code_is_left(shell):
    assert shell("momentvos models > /dev/full 2> /dev/full") == (2, b"", b"")
    assert shell("momentvos run none.mp4 'the dog' 2> /dev/full") == (2, b"", b"")


def test_a_reader_that_leaves_is_no_fault(shell):
    _, out, said = shell("momentvos models | head -1")
    assert out == b"here:\n" and said == b""
    assert shell("momentvos models | true")[1:] == (b"", b"")


def test_closed_streams(shell):
    assert shell("momentvos models >&-")[2] == b""
    assert shell("momentvos run none.mp4 'the dog' 2>&-")[:2] == (2, b"")


@pytest.mark.parametrize("encoding", ["ascii", "latin1", "cp1252", "utf-8"])
def test_file_names_of_any_bytes_are_printed(shell, encoding):
    name = "clip…–狗\U0001f415".encode() + b"\xff.mp4"
    line = f"momentvos run '{os.fsdecode(name)}' 'the dog'"
    code, out, said = shell(line, encoding)
    assert (code, out) == (2, b"")
    text = said.decode(encoding)
    assert "\\xff.mp4' does not exist" in text and text.count("\n") == 1
    if encoding in ("ascii", "latin1"):
        assert "clip...-\\u72d7\\U0001f415\\xff" in text and text.isascii()
    if encoding == "utf-8":
        assert "clip…–狗\U0001f415\\xff" in text


@pytest.mark.parametrize("encoding", ["ascii", "latin1"])
def test_help_and_lists_are_printed_in_any_encoding(shell, encoding):
    for words in ("run --help", "models"):
        code, out, said = shell(f"momentvos {words}", encoding)
        assert (code, said) == (0, b"") and out.decode(encoding)


def test_the_plain_locale(shell):
    plain = {"LC_ALL": "C", "LANG": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    code, _, said = shell("momentvos run 'no…é.mp4' 'the dog'", **plain)
    assert code == 2 and said.isascii() and b"Traceback" not in said


@pytest.mark.parametrize(
    "encoding",
    ["ascii", *(pytest.param(one, marks=pytest.mark.slow) for one in ("latin1", "utf-8"))],
)
def test_answers_are_printed_in_any_encoding(shell, clip, small_model, encoding):
    sentence = "the café … – “dog” 狗"
    line = f"momentvos run {clip} '{sentence}' --model {small_model} -q"
    code, out, said = shell(line, encoding, OMP_NUM_THREADS="1")
    assert code == 0, said
    wanted = {
        "ascii": '"the cafe ... - "dog" \\u72d7"',
        "latin1": '"the café ... - "dog" \\u72d7"',
        "utf-8": f"“{sentence}”",
    }
    assert wanted[encoding] in out.decode(encoding)
    if encoding != "latin1":
        return  # JSON is the same in all
    code, out, said = shell(f"{line} --json", encoding, OMP_NUM_THREADS="1")
    assert json.loads(out)["sentence"] == sentence, said


@pytest.mark.parametrize(
    "words",
    [
        "run circle 'the dog'",
        "run circle/a.mp4 'the dog' -o circle",
        "run a.mp4 'the dog' -o circle/out",
        "ground circle 'the dog'",
        "ground a.mp4 'the dog' -o circle",
        "train circle",
        "ablate circle",
        "world make circle/out --videos 1",
        "world make circle --videos 1",
        "eval world --root circle",
        "eval world -o circle/out.json",
        "eval mevis --root circle",
        "eval score circle --root circle --benchmark mevis",
        "data check mevis circle",
        "convert weights circle",
        "convert sam2 circle out",
        "run a.mp4 'the dog' --model circle",
        "run a.mp4 'the dog' --model ./circle/m",
    ],
)
def test_a_circle_of_links_is_one_sentence(cli, clip, tmp_path, words):
    import shlex

    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "a.mp4").symlink_to(clip)
    result = cli(*shlex.split(words))
    assert result.exit_code == 2, (result.output, result.exception)
    assert "Error: " in result.stderr or "Error:" in result.stderr
    assert isinstance(result.exception, SystemExit)
