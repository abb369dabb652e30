"""Ctrl-C: exit code 130, nothing half-written, earlier results as they were."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from momentvos import Prediction

PROGRAM = [sys.executable, "-m", "momentvos"]


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("stage", ["grounding", "segmenting", "draw"])
def test_interrupted_at_any_stage(cli, clip, small_model, stage, monkeypatch):
    assert cli("run", clip, "the dog", "-o", "out", "--model", small_model).exit_code == 0
    before = contents(Path())

    def impatient(self, name, done, total):
        if name.startswith(stage):
            raise KeyboardInterrupt

    monkeypatch.setattr("momentvos.cli.activity.Activity.__call__", impatient)
    result = cli("run", clip, "a cat", "-o", "out", "--model", small_model)
    assert result.exit_code == 130, result.output
    assert contents(Path()) == before
    assert Prediction.load("out").sentence == "the dog"


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)],
)
def test_a_signal_to_the_real_program(write_clip, small_model, tmp_path, number, code):
    video = write_clip(tmp_path / "long.mp4", frames=1500)
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [*PROGRAM, "run", video, "the dog", "-o", "out", "--model", small_model],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=os.environ | {"OMP_NUM_THREADS": "1", "TERM": "xterm", "COLUMNS": "80"},
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # ignored in background jobs
    )
    os.close(theirs)
    said = b""
    while b"grounding" not in said:
        said += os.read(ours, 4096)
    running.send_signal(number)
    try:
        while chunk := os.read(ours, 4096):
            said += chunk
    except OSError:
        pass  # the other end is closed
    out, _ = running.communicate(timeout=60)
    assert running.returncode == code, said.decode()
    assert out == b"" and b"Traceback" not in said
    assert [entry.name for entry in tmp_path.iterdir()] == ["long.mp4"]


@pytest.mark.parametrize("moment", ["typer", "momentvos.cli.main", "/proc/self/cgroup"])
def test_ctrl_c_while_it_starts_is_no_fault(tmp_path, moment):
    """moment: a module that is about to be imported, or a file that is about to be read."""
    if moment.startswith("/") and not Path(moment).exists():
        pytest.skip("not Linux")
    code = f"""
import os, signal, sys
def interrupt(event, values):
    if event in ("import", "open") and str(values[0]) == {moment!r}:
        os.kill(os.getpid(), signal.SIGINT)
sys.addaudithook(interrupt)
from momentvos.__main__ import main
sys.argv = ["momentvos", "--version"]
main()
"""
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, b"", b"")
