"""The server as its users feel it: scrubbing, the first answer, and fifty clients at once.

Scrubbing asks for frames of a 1080p video with a keyframe every 250 frames, in random order: those
that were not served before, beside what decoding each by itself costs in this process, and then
the same again. The first answer is timed from asking about the sample video. Fifty clients upload,
ask, cancel and fetch for a minute: statuses are counted, and memory of all processes of the server
is read before and after.

python benchmarks/server.py [--frames 500] [--scrubs 40] [--clients 50] [--seconds 60]
"""

import argparse
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from threading import Thread

import av
import numpy as np
import psutil

from momentvos.media.video import Video
from momentvos.server.client import Client, ServerError

SAMPLE = Path(__file__).parents[1] / "samples" / "demo.mp4"
SENTENCE = "a turtle that is going left"


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        path = _write(Path(folder) / "long.mp4", options.frames)
        words = ["serve", "--data", f"{folder}/data", "--port", "0", "--device", "cpu"]
        process = subprocess.Popen(
            [sys.executable, "-m", "momentvos", *words],
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            url = _address(process)
            Thread(target=process.stderr.read, daemon=True).start()  # or its pipe fills
            with Client(url) as client:
                row = _scrub(client, path, options.scrubs)
                row |= _first_answer(client)
            row |= _crowd(url, psutil.Process(process.pid), options.clients, options.seconds)
        finally:
            process.terminate()
            process.wait()
    print(json.dumps(row, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=500)
    parser.add_argument("--scrubs", type=int, default=40)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    return parser.parse_args()


def _write(path: Path, frames: int) -> Path:
    noise = np.random.default_rng(0).integers(0, 60, (1080, 1920, 3)).astype(np.uint8)
    with av.open(str(path), "w") as out:
        options = {"g": "250", "keyint_min": "250", "sc_threshold": "0", "preset": "veryfast"}
        stream = out.add_stream("libx264", rate=30, options=options)
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        for number in range(frames):
            rgb = np.roll(noise, number, axis=1)
            rgb[400:600, (7 * number) % 1700 :][:, :200] = (200, 40, 40)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        out.mux(stream.encode(None))
    return path


def _address(process: subprocess.Popen) -> str:
    for line in process.stderr:
        if found := re.search(r"http://\S+", line):
            return found[0]
    raise SystemExit("the server did not start")


def _scrub(client: Client, path: Path, count: int) -> dict:
    video = client.upload(path)
    chosen = random.Random(0).sample(range(video["frames"]), min(count, video["frames"]))
    opened = Video.open(path)
    decoded, first, again = [], [], []
    client.frame(video["id"], chosen[0], "webp", 960)  # the process that reads has started
    for number in chosen[1:]:
        decoded.append(_timed(lambda: list(opened.read([number]))))  # noqa: B023
        first.append(_timed(lambda: client.frame(video["id"], number, "webp", 960)))  # noqa: B023
    for number in chosen[1:] * 3:
        again.append(_timed(lambda: client.frame(video["id"], number, "webp", 960)))  # noqa: B023
    rows = {"decoding alone": decoded, "new frame": first, "same frame": again}
    return {f"{name}, ms": _quantiles(values) for name, values in rows.items()}


def _first_answer(client: Client) -> dict:
    video = client.upload(SAMPLE)
    while True:  # until the models are loaded
        job = client.ask(video["id"], SENTENCE)
        client.wait(job["id"])
        start = time.perf_counter()
        job = client.ask(video["id"], SENTENCE)
        for state in client.follow(job["id"]):
            if state["answers"]:
                client.masks(job["id"], 0, 0, 1)
                return {"first mask after asking, s": round(time.perf_counter() - start, 2)}


def _crowd(url: str, process: psutil.Process, clients: int, seconds: float) -> dict:
    statuses: Counter = Counter()
    before = _memory(process)
    end = time.monotonic() + seconds
    threads = [Thread(target=_use, args=(url, end, statuses, k)) for k in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Client(url) as client:  # nothing waits any more
        for job in client._json("GET", "/api/jobs?limit=1000"):
            if job["state"] in ("queued", "running"):
                client.cancel(job["id"])
    return {
        "clients": clients,
        "answers by status": dict(sorted(statuses.items())),
        "memory before and after, MiB": [before, _memory(process)],
    }


def _use(url: str, end: float, statuses: Counter, seed: int) -> None:
    """One client: it asks, follows for a while, looks at frames, and cancels."""
    drawn = random.Random(seed)

    def call(function, *arguments):
        try:
            made = function(*arguments)
        except ServerError as error:
            statuses[str(error.status)] += 1
            time.sleep(min(error.after or 0.1, 1.0))
            return None
        statuses["ok"] += 1
        return made

    with Client(url) as client:
        video = None
        while video is None and time.monotonic() < end:
            video = call(client.upload, SAMPLE)
        while time.monotonic() < end:
            job = call(client.ask, video["id"], SENTENCE)
            for _ in range(10):
                call(client.frame, video["id"], drawn.randrange(32), "webp", 128)
            if job is not None:
                call(client.job, job["id"])
                call(client.cancel, job["id"])


def _memory(process: psutil.Process) -> int:
    every = [process, *process.children(recursive=True)]
    return sum(one.memory_info().rss for one in every) >> 20


def _timed(function) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def _quantiles(values: list[float]) -> dict:
    cuts = statistics.quantiles(values, n=20)
    return {"p50": round(cuts[9] * 1000, 1), "p95": round(cuts[18] * 1000, 1)}


if __name__ == "__main__":
    main()
