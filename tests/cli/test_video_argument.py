"""VIDEO as a pipe and as an address, through the whole program."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from momentvos.cli.main import app
from momentvos.cli.video_argument import VideoArgument


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder of temporary files, which must be empty afterwards."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def piped(tmp_path, monkeypatch):
    """Call the program with bytes on its standard input."""
    monkeypatch.chdir(tmp_path)
    return lambda content, *words: CliRunner().invoke(app, [*map(str, words)], input=content)


@pytest.fixture
def server(clip, monkeypatch):
    """A server of the clip's folder; its address."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)

    class Quiet(SimpleHTTPRequestHandler):
        """Files, without a log."""

        def log_message(self, *_):
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(clip.parent)))
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    made.server_close()


KINDS = {
    "mkv": ("matroska", "libx264", "yuv420p"),
    "ts": ("mpegts", "libx264", "yuv420p"),
    "mjpeg": ("mjpeg", "mjpeg", "yuvj420p"),
    "y4m": ("yuv4mpegpipe", "wrapped_avframe", "yuv420p"),
    "webm": ("webm", "libvpx", "yuv420p"),
    "mp4": ("mp4", "libx264", "yuv420p"),
    "h264": ("h264", "libx264", "yuv420p"),
    "gif": ("gif", "gif", "rgb8"),
}


def stream(tmp_path, kind, frames=12):
    """A video of a kind as bytes, as a program would write it into a pipe."""
    import av
    import numpy as np

    path, (form, codec, pixels) = tmp_path / f"made.{kind}", KINDS[kind]
    with av.open(str(path), "w", format=form) as out:
        made = out.add_stream(codec, rate=8)
        made.width, made.height, made.pix_fmt = 64, 48, pixels
        for number in range(frames):
            rgb = np.full((48, 64, 3), 20 * number, np.uint8)
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=pixels)
            out.mux(made.encode(frame))
        out.mux(made.encode(None))
    content = path.read_bytes()
    path.unlink()
    return content


@pytest.mark.parametrize("kind", KINDS)
def test_a_pipe_of_any_kind_is_a_video(piped, temporary, tmp_path, kind):
    content = stream(tmp_path, kind)
    result = piped(content, "ground", "-", "a dog", "-g", "3:5", "--json", "-q")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["moment"] == [[3, 5]] and len(found["relevance"]) == 12


def test_a_pipe_is_answered_and_drawn(piped, temporary, clip, small_model):
    result = piped(clip.read_bytes(), "run", "-", "the dog", "--model", small_model)
    assert result.exit_code == 0, result.output
    folder = Path("stdin_momentvos")
    assert (folder / "overlay.mp4").is_file()
    assert json.loads((folder / "prediction.json").read_text())["video"]["path"] == "stdin"
    assert "into a temporary file" in result.stderr


@pytest.mark.parametrize(
    ("content", "words", "why"),
    [
        (b"", (), "The pipe is empty"),
        (b"no video at all\n" * 99, (), "'stdin' is not a video"),
        (bytes(5000), ("--input-limit", "4kB"), "The pipe has more than 4 kB"),
        (b"x", ("--input-limit", "much"), "'much' is no size"),
    ],
)
def test_what_is_wrong_with_a_pipe(piped, temporary, content, words, why):
    result = piped(content, "run", "-", "the dog", "-q", *words)
    assert result.exit_code == 2 and why in result.stderr
    assert result.stderr.count("\n") == 1 and str(temporary) not in result.stderr


def test_an_interrupted_pipe_leaves_nothing(piped, temporary, clip, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("momentvos.media.Video.open", interrupt)
    assert piped(clip.read_bytes(), "run", "-", "the dog", "-q").exit_code == 130


def test_a_terminal_is_no_pipe(monkeypatch):
    from momentvos.errors import VideoError

    class Terminal:
        """A stream that says it is one."""

        def isatty(self):
            return True

    monkeypatch.setattr("sys.stdin", Terminal())
    with pytest.raises(VideoError, match="from a pipe, and there is none"):
        VideoArgument("-").check()


def test_an_address_needs_the_flag(cli, server):
    result = cli("run", f"{server}/clip.mp4?key=secret", "the dog")
    assert result.exit_code == 2 and "--allow-url" in result.stderr
    assert "secret" not in result.stderr
    assert "--allow-private-url" in cli("run", f"{server}/clip.mp4", "x", "--allow-url").stderr
    assert "is not read" in cli("run", "rtsp://a/b", "x", "--allow-url").stderr


def test_an_address_is_fetched_answered_and_named(cli, server, temporary, small_model):
    words = ("the dog", "--allow-private-url", "--model", small_model)
    result = cli("run", f"{server}/clip.mp4?key=secret", *words)
    assert result.exit_code == 0, result.output
    text = Path("clip_momentvos/prediction.json").read_text()
    assert json.loads(text)["video"]["path"] == f"{server}/clip.mp4" and "secret" not in text
    assert Path("clip_momentvos/overlay.mp4").is_file()
    assert f"Fetching {server}/clip.mp4" in result.stderr


def test_an_address_of_the_environment(cli, server, temporary, monkeypatch):
    monkeypatch.setenv("MOMENTVOS_ALLOW_PRIVATE_URL", "1")
    result = cli("ground", f"{server}/clip.mp4", "a dog", "-g", "all", "--json")
    assert result.exit_code == 0 and json.loads(result.stdout)["moment"] == [[0, 11]]
    missing = cli("ground", f"{server}/nothing.mp4", "a dog", "-g", "all")
    assert missing.exit_code == 2 and "HTTP 404" in missing.stderr


def test_ctrl_c_while_a_pipe_is_read_removes_the_file(tmp_path):
    """The real program, whose pipe never ends."""
    import signal
    import time

    folder = tmp_path / "temporary"
    folder.mkdir()
    running = subprocess.Popen(
        [sys.executable, "-m", "momentvos", "run", "-", "the dog"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(folder)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    running.stdin.write(b"x" * 100)
    running.stdin.flush()
    assert b"Reading the video from a pipe" in running.stderr.readline()
    deadline = time.monotonic() + 20
    while not list(folder.rglob("stdin")) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert list(folder.rglob("stdin"))
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130 and b"Traceback" not in said
    assert list(folder.iterdir()) == []


def test_an_object_of_a_store_is_answered_as_the_file_is(
    cli, bucket, secret, clip, small_model, temporary
):
    from momentvos.object_store import write

    write(f"{bucket}/in/a clip.mp4", clip.read_bytes())
    words = ("the dog", "--model", small_model)
    made = cli("run", f"{bucket}/in/a clip.mp4", *words)
    assert made.exit_code == 0, made.output
    local = cli("run", clip, *words, "-o", "local")
    assert local.exit_code == 0, local.output
    folder = Path("a clip_momentvos")
    found, wanted = (
        json.loads((one / "prediction.json").read_text()) for one in (folder, Path("local"))
    )
    assert found["video"].pop("path") == f"{bucket}/in/a clip.mp4" and wanted["video"].pop("path")
    assert found == wanted
    assert (folder / "overlay.mp4").is_file()
    assert secret not in made.output

    ground = cli("ground", f"{bucket}/in/a clip.mp4", "a dog", "-g", "3:5", "--json", "-q")
    assert ground.exit_code == 0 and json.loads(ground.stdout)["moment"] == [[3, 5]]
    file = cli("ground", f"file://{clip}", "a dog", "-g", "3:5", "--json", "-q")
    assert file.exit_code == 0 and json.loads(file.stdout)["moment"] == [[3, 5]]


def test_what_is_wrong_with_an_object_is_one_sentence(cli, bucket, clip, temporary):
    from momentvos.object_store import write

    write(f"{bucket}/in/b.mp4", clip.read_bytes())
    write(f"{bucket}/in/text.mp4", b"no video at all\n" * 99)
    for url, words, why in [
        (f"{bucket}/in/none.mp4", (), "does not exist; check the address."),
        (f"{bucket}/in", (), "is a folder; give an object in it."),
        (f"{bucket}/in/text.mp4", (), "in/text.mp4' is not a video"),
        (f"{bucket}/in/b.mp4", ("--input-limit", "1kB"), "has more than 1 kB; --input-limit"),
        (f"{bucket}/in/b.mp4", ("--stream",), "--stream reads a pipe or a file"),
        ("s3://key:hunter2@bucket/a.mp4", (), "user or a password"),
        ("file://host/a.mp4", (), "three slashes"),
    ]:
        made = cli("run", url, "the dog", "-q", *words)
        assert made.exit_code == 2 and why in made.stderr, made.output
        assert made.stderr.count("\n") == 1 and "hunter2" not in made.stderr


def test_a_store_without_its_package_is_named_before_anything_is_loaded(cli, monkeypatch):
    monkeypatch.setattr("momentvos.object_store.find_spec", lambda name: None)
    for scheme, package in (("s3", "s3fs"), ("gs", "gcsfs")):
        made = cli("run", f"{scheme}://bucket/a.mp4", "the dog")
        assert made.exit_code == 2
        assert f"{scheme}:// needs {package}: install it with pip" in made.stderr
        assert f"'momentvos[{scheme}]'" in made.stderr
