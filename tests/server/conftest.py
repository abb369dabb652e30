"""Servers of the tests: in a thread with a real socket, or as the program in its own process."""

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import av
import numpy as np
import pytest

from momentvos.http_client import client as http_client

WAIT = 300.0
"""Seconds that anything may take on a busy machine."""


def write_clip(path: Path, frames: int = 6, size=(64, 48), rate: int = 8, seed: int = 0) -> Path:
    """A bright square that moves over noise; seed: makes its bytes others."""
    noise = np.random.default_rng(seed)
    with av.open(str(path), "w", format="mp4") as out:
        stream = out.add_stream("libx264", rate=rate, options={"crf": "10", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(frames):
            rgb = noise.integers(60, 90, (size[1], size[0], 3)).astype(np.uint8)
            left = 2 * number % (size[0] - 20)
            rgb[14:30, left : left + 16] = (220, 40, 40)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        out.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """A clip of six frames."""
    return write_clip(tmp_path_factory.mktemp("clips") / "clip.mp4")


@pytest.fixture
def make_clip(tmp_path):
    """Write a clip: make_clip(frames=..., size=..., seed=...) -> path."""
    return lambda name="clip.mp4", **how: write_clip(tmp_path / name, **how)


@pytest.fixture(scope="session")
def model_folder(tiny, tmp_path_factory):
    """The smallest model, with random weights, as a folder."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    tiny().save_pretrained(folder)
    return folder


@cache
def _session():
    """One client for all: to make one takes longer than a request."""
    return http_client(WAIT, follow=False)


class Web:
    """Calls of a server at an address."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url
        self.headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    def __call__(self, method: str, path: str, headers=None, **how):
        sent = self.headers | (headers or {})
        http = _session()
        http.cookies.clear()  # nobody is logged in by what another client was sent
        return http.request(method, self.url + path, headers=sent, **how)

    def get(self, path: str, **how):
        return self("GET", path, **how)

    def post(self, path: str, **how):
        return self("POST", path, **how)

    def upload(self, path: Path, name: str = "clip.mp4") -> str:
        """Id of an uploaded video."""
        answer = self.post("/api/videos", params={"name": name}, content=path.read_bytes())
        assert answer.status_code in (200, 201), answer.text
        return answer.json()["id"]

    def ask(self, video: str, *asks, **more) -> str:
        """Id of a new job."""
        asked = [{"sentence": one} if isinstance(one, str) else one for one in asks]
        answer = self.post("/api/jobs", json={"video": video, "asks": asked} | more)
        assert answer.status_code == 202, answer.text
        return answer.json()["id"]

    def job(self, job: str) -> dict:
        return self.get(f"/api/jobs/{job}").json()

    def until(self, job: str, *states: str, progress: bool = False) -> dict:
        """The job once it is in one of some states, or has progress."""
        return wait_for(lambda: self._in(job, states, progress), f"{job} in {states}")

    def _in(self, job: str, states, progress: bool):
        shown = self.job(job)
        return shown if shown["state"] in states or (progress and shown["progress"]) else None


def wait_for(look, what: str, seconds: float = WAIT):
    """What `look` gives once it gives something."""
    end = monotonic() + seconds
    while monotonic() < end:
        found = look()
        if found:
            return found
        sleep(0.05)
    raise AssertionError(f"waited {seconds} s for {what}")


@contextmanager
def threaded(settings, devices: bool = False, rooms=()):
    """A server in a thread; without devices jobs wait for ever."""
    import uvicorn

    from momentvos.server.app import create_app
    from momentvos.server.serve import configured, listen

    with listen("127.0.0.1", 0) as listener:
        app = create_app(settings)
        for add in rooms:
            add(app)
        if not devices:
            app.state.service.devices.clear()
        config = configured(app)
        config.timeout_graceful_shutdown = 1
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        web = Web(f"http://127.0.0.1:{listener.getsockname()[1]}", settings.token)
        web.service = app.state.service
        try:
            wait_for(lambda: server.started or not thread.is_alive(), "the server")
            yield web
        finally:
            server.should_exit = True
            thread.join(WAIT)


def changed(settings, limits: dict | None = None, devices: bool = False, rooms=(), **changes):
    """A server in a thread, of settings with changes; without devices its jobs wait for ever."""
    limits = replace(settings.limits, **(limits or {}))
    return threaded(replace(settings, limits=limits, **changes), devices, rooms)


def settings_in(folder: Path):
    """Settings of a server in a folder."""
    pytest.importorskip("fastapi", reason="the extra `web` is not installed")
    from momentvos.server.settings import Settings

    return Settings(folder / "data", devices=("cpu",), threads=1)


@pytest.fixture
def settings(tmp_path):
    """Settings of a server in the test's own folder."""
    return settings_in(tmp_path)


@pytest.fixture
def serve(settings):
    """Run a server in the test's own folder: `with serve(limits=..., token=...) as web`."""
    return partial(changed, settings)


@pytest.fixture(scope="session")
def waiting(tmp_path_factory):
    """The same in a new folder each time, for several tests."""
    return lambda **changes: changed(settings_in(tmp_path_factory.mktemp("server")), **changes)


@pytest.fixture(scope="session", name="Web")
def web_class():
    """Calls of a server: Web(url)."""
    return Web


class Program(Web):
    """The program, started as a user does; its log lies in `data`."""

    def __init__(self, data: Path, *words: str, port: int = 0) -> None:
        super().__init__("")
        data.mkdir(parents=True, exist_ok=True)
        self.data, self._words = data, words
        self._log = data.parent / f"{data.name}.log"
        self.start(port)

    def start(self, port: int = 0) -> None:
        """Start it, and wait until it listens."""
        words = ("serve", "--data", self.data, "--port", port, "--device", "cpu", *self._words)
        command = [sys.executable, "-m", "momentvos", *map(str, words)]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                command, stderr=log, stdout=log, cwd=self.data, env=environment
            )
        found = wait_for(self._address, "the program to listen")
        self.url = found[0]

    def _address(self):
        assert self.process.poll() is None, self.log()
        return re.findall(r"http://\S+", self.log())

    def log(self) -> str:
        """What it has printed."""
        return self._log.read_text()

    def events(self, name: str) -> list[dict]:
        """Events of a name in its log."""
        lines = [line for line in self.log().splitlines() if line.startswith("{")]
        return [event for event in map(json.loads, lines) if event["event"] == name]

    def worker(self) -> int:
        """Number of the process that computes."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        for pid in _descendants(self.process.pid) if children.exists() else ():
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            if b"worker_process" in words:
                return pid
        raise AssertionError("no process computes")

    def end(self, number: int = signal.SIGTERM) -> int:
        """End it by a signal."""
        self.process.send_signal(number)
        return self.process.wait(WAIT)


def _descendants(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *_descendants(int(child))]
    return found


@pytest.fixture
def program(tmp_path, model_folder):
    """Start the program: program("--queue", 3) -> Program; it is ended with the test."""
    pytest.importorskip("fastapi", reason="the extra `web` is not installed")
    started = []

    def start(*words, data: Path | None = None) -> Program:
        made = Program(data or tmp_path / "data", "--model", model_folder, *words)
        started.append(made)
        return made

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


@pytest.fixture(scope="session")
def answering(tmp_path_factory, model_folder):
    """A server in a thread whose device computes with the smallest model; one for all tests."""
    pytest.importorskip("fastapi", reason="the extra `web` is not installed")
    from momentvos.server.settings import Settings

    data = tmp_path_factory.mktemp("server") / "data"
    made = Settings(data, (str(model_folder),), ("cpu",), threads=1)
    with threaded(made, devices=True) as web:
        yield web
