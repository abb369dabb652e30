"""``momentvos run - --stream``: lines as they come, results at the end, Ctrl-C in between."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from momentvos import Prediction
from momentvos.cli.main import app

PROGRAM = [sys.executable, "-m", "momentvos"]


@pytest.fixture
def piped(tmp_path, monkeypatch):
    """Call the program with bytes on its standard input."""
    monkeypatch.chdir(tmp_path)
    return lambda content, *words: CliRunner().invoke(app, [*map(str, words)], input=content)


@pytest.fixture(scope="module")
def quick_model(tiny, tmp_path_factory) -> Path:
    """A folder with the smallest model."""
    folder = tmp_path_factory.mktemp("models") / "quick"
    tiny().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def pipe(write_clip, tmp_path_factory) -> bytes:
    return write_clip(tmp_path_factory.mktemp("pipe") / "clip.mkv").read_bytes()


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_for_each_frame_and_sentence(piped, pipe, quick_model):
    asked = ("run", "-", "the dog", "a cat", "--stream", "--jsonl", "--model", quick_model)
    result = piped(pipe, *asked)
    assert result.exit_code == 0, result.stderr
    found = lines(result.stdout)
    assert [(one["frame"], one["name"]) for one in found] == [
        (frame, name) for frame in range(12) for name in ("the dog", "a cat")
    ]
    assert found[6]["time"] == 0.375 and found[6]["moment"] == [[0, 3]] and found[6]["open"]
    assert "at most 1 frame (0.12 s at 8 frames/s) after" in result.stderr
    assert list(Path().iterdir()) == []  # nothing is written without -o


def test_results_are_those_of_the_whole_video(piped, pipe, quick_model):
    result = piped(pipe, "run", "-", "the dog", "--stream", "--model", quick_model)
    assert result.exit_code == 0, result.stderr
    folder = Path("stdin_momentvos")
    assert sorted(one.name for one in folder.iterdir()) == [
        "masks", "prediction.json", "timeline.png",
    ]  # fmt: skip
    assert "stdin_momentvos/prediction.json" in result.stdout and "overlay" not in result.stdout
    streamed = Prediction.load(folder)
    assert piped(pipe, "run", "-", "the dog", "-o", "whole", "--model", quick_model).exit_code == 0
    whole = Prediction.load("whole")
    assert streamed.moment == whole.moment and streamed.seconds == whole.seconds
    for frame in range(12):
        assert (streamed.masklet.get(frame) == whole.masklet.get(frame)).mean() > 0.999


def test_the_model_is_loaded_as_it_was_asked_for(piped, pipe, quick_model):
    asked = ("run", "-", "the dog", "--stream", "--jsonl", "--model", quick_model)
    result = piped(pipe, *asked, "--resolution", "63")
    assert result.exit_code == 2 and "63" in result.stderr
    assert piped(pipe, *asked, "--dtype", "bfloat16").exit_code == 0


def test_lines_and_a_folder_together(piped, pipe, quick_model):
    asked = ("--stream", "--jsonl", "--model", quick_model, "-q", "-o", "out")
    result = piped(pipe, "run", "-", "the dog", *asked)
    assert result.exit_code == 0 and result.stderr == ""
    found, stored = lines(result.stdout), Prediction.load("out")
    assert len(found) == stored.video.length == 12
    assert [one["relevance"] for one in found] == list(stored.relevance)


def test_a_file_is_streamed_too_and_its_overlay_drawn(cli, write_clip, tmp_path, quick_model):
    clip = write_clip(tmp_path / "clip.mp4")
    result = cli("run", clip, "the dog", "--stream", "-o", "out", "--model", quick_model)
    assert result.exit_code == 0, result.stderr
    assert Path("out/overlay.mp4").is_file() and "overlay  out/overlay.mp4" in result.stdout


@pytest.mark.parametrize(
    ("content", "words", "why"),
    [
        (b"", ("--stream",), "is empty"),
        (b"no video at all\n" * 99, ("--stream",), "video"),
        (b"", ("--jsonl",), "add --stream"),
        (b"", ("--stream", "--moment", "3:5"), "--moment needs the whole video"),
        (b"", ("--stream", "--sample-rate", "4"), "--sample-rate needs the whole video"),
        (b"", ("--stream", "--export", "coco"), "--export needs the whole video"),
        (b"", ("--stream", "--json"), "--json needs the whole video"),
        (b"", ("--stream", "-g", "all"), "--grounder needs the whole video"),
    ],
)
def test_what_does_not_go_is_said(piped, content, words, why):
    result = piped(content, "run", "-", "the dog", *words)
    assert result.exit_code == 2 and why in result.stderr and "Traceback" not in result.output


def test_a_missing_file_and_a_system_that_cannot(piped, pipe):
    result = piped(b"", "run", "missing.mkv", "the dog", "--stream")
    assert result.exit_code == 2 and "cannot be streamed" in result.stderr
    result = piped(pipe, "run", "-", "the dog", "--stream", "--model", "vrshq-mini")
    assert result.exit_code == 2 and "cannot stream a sentence" in result.stderr


def test_a_pipe_that_breaks_off_ends_the_stream(piped, quick_model):
    asked = ("run", "-", "the dog", "--stream", "--jsonl", "--model", quick_model, "-q")
    result = piped(b"".join(camera(12))[:-5000], *asked)  # the last picture but one ends it
    assert result.exit_code == 0, result.output
    assert len(lines(result.stdout)) == 10


def camera(frames):
    """An endless camera as raw pictures: the header of Y4M, and a picture at a time."""
    yield b"YUV4MPEG2 W64 H48 F8:1 Ip A1:1 C420jpeg\n"
    for number in range(frames):
        grey = np.full(64 * 48 * 3 // 2, 128, np.uint8)
        grey[: 64 * 48] = 10 * (number % 20)
        yield b"FRAME\n" + grey.tobytes()


def started(quick_model, folder, *words):
    return subprocess.Popen(
        [*PROGRAM, "run", "-", "the dog", "--stream", "--jsonl", "--model", quick_model, *words],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def wait_for_handlers(running):
    """Wait until the program handles signals, which Linux tells; elsewhere for 3 seconds."""
    status = Path(f"/proc/{running.pid}/status")
    if not status.exists():
        time.sleep(3)
        return
    bit = 1 << (signal.SIGTERM - 1)
    while not int(re.search(r"^SigCgt:\s*(\w+)", status.read_text(), re.M)[1], 16) & bit:
        assert running.poll() is None
        time.sleep(0.05)


def test_ctrl_c_ends_an_endless_stream_with_what_is_there(quick_model, tmp_path):
    running = started(quick_model, tmp_path, "-o", "out")
    for block in camera(9):
        running.stdin.write(block)
    running.stdin.flush()
    said = [json.loads(running.stdout.readline()) for _ in range(8)]  # while the pipe is open
    running.send_signal(signal.SIGINT)
    rest, errors = running.communicate(timeout=60)
    assert running.returncode == 0, errors
    said += lines(rest.decode())
    count = Prediction.load(tmp_path / "out").video.length
    assert count in (8, 9)  # whether the ninth had been taken when it came
    assert f"Stopped after {count} frames".encode() in errors and b"Traceback" not in errors
    assert [one["frame"] for one in said] == list(range(count))


def test_ctrl_c_before_the_first_byte_is_an_end_and_no_answer(quick_model, tmp_path):
    running = started(quick_model, tmp_path, "-o", "out")
    running.stdin.flush()  # open, and silent
    wait_for_handlers(running)
    running.send_signal(signal.SIGINT)
    printed, errors = running.communicate(timeout=60)
    assert running.returncode in (130, -signal.SIGINT) and printed == b"", errors
    assert b"Traceback" not in errors and not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_reader_that_goes_ends_it_quietly(quick_model, tmp_path):
    running = started(quick_model, tmp_path)
    running.stdout.close()
    try:
        for block in camera(40):
            running.stdin.write(block)
        running.stdin.close()
    except BrokenPipeError:
        pass
    running.stdin = None
    errors = running.stderr.read()
    running.wait(60)
    assert b"Traceback" not in errors and b"Error" not in errors
