"""The server as its users feel it: scrubbing, the first mask, and fifty clients at once.

Scrubbing asks for frames of a 1080p video with a keyframe every 250 frames, in random order: those
that were not served before, beside what decoding each by itself costs in this process, the same
again, and steps back and forth from frames that are shown, with a pause for looking. Moment, first
mask and answer are timed from asking a server whose model is warm, about the sample video and
about one of four times its length. Fifty clients upload, ask, cancel and fetch for a minute:
statuses are counted, and memory is read at intervals, of the server and of its processes. It ends
with 1 where a client met an error other than 429, or the server's memory grew all the time.

python benchmarks/server.py [--only scrub,mask,crowd] [--frames 500] [--scrubs 40] [--clients 50]
                            [--seconds 60] [--model tgl-mini]
"""

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from threading import Thread

import av
import numpy as np
import psutil

from momentvos.media.video import Video
from momentvos.server.client import Client, ServerError

SAMPLE = Path(__file__).parents[1] / "samples" / "demo.mp4"
GROWTH = 1.25
"""Of the server's memory, after the first part of the minute: more is a leak."""
SENTENCE = "a turtle that is going left"


def main() -> None:
    options = _options()
    wanted, row = options.only.split(","), {"load of the machine before": os.getloadavg()}
    with tempfile.TemporaryDirectory() as folder:
        words = ["serve", "--data", f"{folder}/data", "--port", "0", "--device", "cpu"]
        words += ["--model", options.model]
        log = Path(folder) / "log"
        with log.open("wb") as file:
            command = [sys.executable, "-m", "momentvos", *words]
            process = subprocess.Popen(command, stderr=file)
        try:
            url = _address(process, log)
            with Client(url) as client:
                if "scrub" in wanted:
                    path = _write(Path(folder) / "large.mp4", options.frames)
                    row |= _scrub(client, path, options.scrubs)
                if "mask" in wanted:
                    row |= _first_mask(client, SAMPLE)
                    row |= _first_mask(client, _repeat(Path(folder) / "long.mp4", 4))
            if "crowd" in wanted:
                row |= _crowd(url, psutil.Process(process.pid), options.clients, options.seconds)
        except ServerError:
            print(process.poll(), log.read_text()[-3000:], file=sys.stderr)
            raise
        finally:
            process.terminate()
            process.wait()
    row["and after"] = os.getloadavg()
    print(json.dumps(row, indent=1))
    sys.exit(bool(row.get("faults")))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="scrub,mask,crowd")
    parser.add_argument("--model", default="tgl-mini")
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


def _repeat(path: Path, times: int) -> Path:
    """The sample forth and back, so many times."""
    frames = [frame.rgb for frame in Video.open(SAMPLE).frames()]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=8)
        stream.height, stream.width, stream.pix_fmt = *frames[0].shape[:2], "yuv420p"
        for number in range(times):
            for rgb in frames[:: -1 if number % 2 else 1]:
                out.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        out.mux(stream.encode(None))
    return path


def _address(process: subprocess.Popen, log: Path) -> str:
    while process.poll() is None:
        if found := re.search(r"http://\S+", log.read_text()):
            return found[0]
        time.sleep(0.1)
    raise SystemExit(f"the server did not start: {log.read_text()}")


def _scrub(client: Client, path: Path, count: int) -> dict:
    video = client.upload(path)
    chosen = random.Random(0).sample(range(video["frames"]), min(3 * count, video["frames"]))
    opened = Video.open(path)
    rows: dict[str, list[float]] = {}

    def ask(name: str, number: int, form: str = "jpeg", width: int | None = 960) -> None:
        seconds = _timed(lambda: client.frame(video["id"], number, form, width))
        rows.setdefault(name, []).append(seconds)

    client.frame(video["id"], chosen[0], "jpeg", 960)  # the process that reads has started
    parts = chosen[1:count], chosen[count : 2 * count], chosen[2 * count :]
    for number in parts[0]:
        rows.setdefault("decoding alone", []).append(_timed(lambda: list(opened.read([number]))))  # noqa: B023
        ask("new frame, jpeg 960", number)
    for number in parts[1]:
        ask("new frame, webp 960", number, "webp")
    for number in parts[2]:
        ask("new frame, jpeg 480", number, "jpeg", 480)
    for number in parts[0] * 3:
        ask("same frame, jpeg 960", number)
    for number in parts[0][:5]:
        for step in (1, -1):
            client.frame(video["id"], number, "jpeg", 720)
            for k in range(1, 12):
                time.sleep(0.2)
                if 0 <= number + k * step < video["frames"]:
                    ask(
                        f"step {'on' if step > 0 else 'back'}, jpeg 720",
                        number + k * step,
                        "jpeg",
                        720,
                    )
    return {f"{name}, ms": _quantiles(values) for name, values in rows.items()}


def _first_mask(client: Client, path: Path) -> dict:
    video = client.upload(path)
    client.wait(client.ask(client.upload(SAMPLE)["id"], SENTENCE)["id"])  # the model is warm
    times: dict[str, float] = {}
    start = time.perf_counter()
    job = client.ask(video["id"], SENTENCE)
    for state in client.follow(job["id"]):
        seconds = round(time.perf_counter() - start, 2)
        for one in state["previews"]:
            if one["moment"]:
                times.setdefault("moment", seconds)
            if one["masks"] and "mask" not in times:
                client.masks(job["id"], 0, one["masks"][0][0], one["masks"][0][0] + 1)
                times["mask"] = round(time.perf_counter() - start, 2)
        if state["answers"]:
            times.setdefault("answer", seconds)
    return {f"after asking about {video['frames']} frames, s": times}


def _crowd(url: str, process: psutil.Process, clients: int, seconds: float) -> dict:
    statuses: Counter = Counter()
    with Client(url) as client:  # models are loaded, and have answered once
        client.wait(client.ask(client.upload(SAMPLE)["id"], SENTENCE)["id"])
    end = time.monotonic() + seconds
    threads = [Thread(target=_use, args=(url, end, statuses, k)) for k in range(clients)]
    memory = [_memory(process)]
    for thread in threads:
        thread.start()
    while time.monotonic() < end:
        time.sleep(max(min(seconds / 6, end - time.monotonic()), 0))
        memory.append(_memory(process))
    for thread in threads:
        thread.join()
    with Client(url) as client:  # nothing waits any more
        for job in client._json("GET", "/api/jobs?limit=1000"):
            if job["state"] in ("queued", "running"):
                client.cancel(job["id"])
    time.sleep(2)
    memory.append(_memory(process))
    faults = [f"status {one}" for one in statuses if one not in ("ok", "429")]
    if memory[-1]["server"] > memory[1]["server"] * GROWTH:
        faults.append("the server's memory grew")
    return {
        "faults": faults,
        "clients": clients,
        "answers by status": dict(sorted(statuses.items())),
        "memory before, every sixth, and after, MiB": {
            name: [one[name] for one in memory] for name in memory[-1]
        },
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


def _memory(process: psutil.Process) -> dict[str, int]:
    """Resident MiB of the server, of the processes that compute, and of those that decode."""
    made = {"server": process.memory_info().rss >> 20, "computing": 0, "decoding": 0}
    for one in process.children(recursive=True):
        with suppress(psutil.Error):
            kind = "computing" if "worker_process" in " ".join(one.cmdline()) else "decoding"
            made[kind] += one.memory_info().rss >> 20
    return made


def _timed(function) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def _quantiles(values: list[float]) -> dict:
    cuts = statistics.quantiles(values, n=20)
    return {"p50": round(cuts[9] * 1000, 1), "p95": round(cuts[18] * 1000, 1)}


if __name__ == "__main__":
    main()
