"""A server on this machine that speaks the APIs of the places that weights come from."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

COMMIT = "c0ffee00" * 5
FORM = """<html><title>Virus scan warning</title><form id="download-form" action="/download">
<input type="hidden" name="id" value="{id}"><input type="hidden" name="export" value="download">
<input type="hidden" name="confirm" value="t"><input type="hidden" name="uuid" value="u-1">
<input type="submit" value="Download anyway"></form></html>"""


class Place:
    """What the server holds, how it misbehaves, and what it was asked for.

    files: by repository ("owner/name" or a drive's id), by name, bytes. lies: by name, a checksum
    that is told instead of the true one. cut: by name, bytes after which a connection ends, once.
    forbidden: repositories that answer 403. sent: by name, bytes that left.
    """

    def __init__(self):
        self.files, self.lies, self.cut = {}, {}, {}
        self.forbidden, self.sent, self.requests = set(), Counter(), Counter()
        self.ranges, self.block, self.delay = True, 1 << 16, 0.0
        self.page = FORM
        self.lock = threading.Lock()

    def folder(self, repository, path):
        """Offer every file of a folder."""
        self.files[repository] = {
            str(file.relative_to(path)): file.read_bytes()
            for file in sorted(path.rglob("*"))
            if file.is_file()
        }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        place, url = self.server.place, urlsplit(self.path)
        path, query = unquote(url.path), parse_qs(url.query)
        with place.lock:
            place.requests[path] += 1
        if path.startswith("/api/v1/models/"):
            self._modelscope(path, query)
        elif path.startswith("/api/models/"):
            self._hub(path)
        elif path == "/download":
            self._drive(query)
        elif "/resolve/" in path:
            repository, _, rest = path[1:].partition("/resolve/")
            name = rest.partition("/")[2]
            if repository in place.forbidden:
                self._json({"error": "gated"}, 403)
            else:
                self._redirect(f"/cdn/{repository}?name={name}")
        elif path.startswith("/cdn/"):
            self._file(path.removeprefix("/cdn/"), query["name"][0])
        else:
            self._file("web", path[1:])

    def _hub(self, path):
        place = self.server.place
        repository, _, _ = path.removeprefix("/api/models/").partition("/revision/")
        if repository not in place.files:
            self._json({"error": "Repository not found"}, 404, "RepoNotFound")
            return
        siblings = []
        for name, content in place.files[repository].items():
            one = {"rfilename": name, "size": len(content)}
            blob = hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
            one["blobId"] = place.lies.get(name, blob)
            if len(content) > 4000:
                true = hashlib.sha256(content).hexdigest()
                told = place.lies.get(name, true)
                one["lfs"] = {"sha256": told, "size": len(content), "pointerSize": 134}
            siblings.append(one)
        self._json({"id": repository, "sha": COMMIT, "siblings": siblings, "tags": []})

    def _modelscope(self, path, query):
        place = self.server.place
        repository, _, tail = path.removeprefix("/api/v1/models/").partition("/repo")
        if repository not in place.files:
            self._json({"Code": 404, "Success": False}, 404)
        elif tail == "/files":
            listed = [{"Path": "folder", "Type": "tree"}]
            for name, content in place.files[repository].items():
                true = hashlib.sha256(content).hexdigest()
                told = place.lies.get(name, true)
                listed.append({"Path": name, "Type": "blob", "Size": len(content), "Sha256": told})
            self._json({"Code": 200, "Data": {"Files": listed}})
        else:
            self._file(repository, query["FilePath"][0])

    def _drive(self, query):
        if "confirm" in query:
            self._file("drive", query["id"][0])
        else:
            page = self.server.place.page.format(id=query["id"][0]).encode()
            self._answer(200, {"Content-Type": "text/html; charset=utf-8"}, page)

    def _file(self, repository, name):
        place = self.server.place
        content = place.files.get(repository, {}).get(name)
        if content is None:
            self._json({"error": "no such file"}, 404)
            return
        asked, start = self.headers.get("Range"), 0
        if asked and place.ranges:
            start = int(asked.removeprefix("bytes=").partition("-")[0])
            if start >= len(content):
                self._answer(416, {"Content-Range": f"bytes */{len(content)}"}, b"")
                return
        self.send_response(206 if start else 200)
        if start:
            span = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.send_header("Content-Range", span)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        end = len(content)
        if name in place.cut:
            end = min(end, start + place.cut.pop(name))
        for first in range(start, end, place.block):
            part = content[first : min(first + place.block, end)]
            try:
                self.wfile.write(part)
            except OSError:
                return
            with place.lock:
                place.sent[name] += len(part)
            if place.delay:
                threading.Event().wait(place.delay)
        if end < len(content):
            self.close_connection = True
            self.connection.shutdown(1)

    def _redirect(self, where):
        self._answer(302, {"Location": where}, b"")

    def _json(self, values, status=200, code=None):
        headers = {"Content-Type": "application/json"} | ({"X-Error-Code": code} if code else {})
        self._answer(status, headers, json.dumps(values).encode())

    def _answer(self, status, headers, body):
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A model as `save_pretrained` writes it, in several files."""
    import torch

    from momentvos.systems.tgl.model import TglModel
    from momentvos.systems.tgl.presets import tgl_config
    from momentvos.text import train_tokenizer

    torch.manual_seed(0)
    config = tgl_config("mini", presence_threshold=0.0, selection=None, gate=False)
    model = TglModel(config)
    model.tokenizer = train_tokenizer(["the dog that jumps, then turns back", "two cats"])
    path = tmp_path_factory.mktemp("hub") / "tiny"
    model.save_pretrained(path, max_shard_size="8MB")
    assert len(list(path.glob("*.safetensors"))) > 1
    return path


@pytest.fixture
def clip(tmp_path):
    """Three frames of noise, 64 x 64."""
    import numpy as np
    from PIL import Image

    path = tmp_path / "frames"
    path.mkdir()
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path / f"{number:05}.png")
    return path


@pytest.fixture
def tiny():
    """The catalogue's entry of `folder`, as the place has it under lab/tiny."""
    return {
        "sources": {
            "weights": {
                "address": "hf:lab/tiny",
                "size": 12_000_000,
                "files": ["*.json", "*.safetensors", "*.txt"],
            }
        }
    }


@pytest.fixture
def place():
    """A running server: `place.url`, and what a `Place` has."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.place = made = Place()
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def environment(place, tmp_path):
    """Variables of a process that sees this server in place of the world."""
    return {
        "MOMENTVOS_HOME": str(tmp_path / "home"),
        "HF_ENDPOINT": place.url,
        "HF_HOME": str(tmp_path / "hf"),
        "MODELSCOPE_ENDPOINT": place.url,
        "MOMENTVOS_DRIVE_ENDPOINT": place.url,
        "OMP_NUM_THREADS": "1",
        "NO_PROXY": "127.0.0.1",
    }


@pytest.fixture
def program(environment, tmp_path):
    """Call the program in a process of its own."""

    def call(*words, **more):
        return subprocess.run(
            [sys.executable, "-m", "momentvos", *map(str, words)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=os.environ | environment | more,
            stdin=subprocess.DEVNULL,
            timeout=300,
        )

    return call


@pytest.fixture
def cli(environment, monkeypatch, tmp_path):
    """Call the program in this process, with a home of its own."""
    from typer.testing import CliRunner

    from momentvos.cli.main import app

    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MOMENTVOS_YES", raising=False)
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(app, list(words))


@pytest.fixture
def catalogue(tmp_path):
    """Write the user's own catalogue: names and their entries."""

    def write(models, parts=None):
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        common = {"licence": "MIT", "memory": "1 GB", "domain": "sprites", "verified": "here"}
        given = {
            name: {"title": name, "system": "tgl"} | common | one for name, one in models.items()
        }
        text = json.dumps({"models": given, "parts": parts or {}})
        (home / "catalogue.yaml").write_text(text)
        return home

    return write
