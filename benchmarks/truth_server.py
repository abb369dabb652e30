"""A server that answers the questions of a selector from ground truth, or is at fault.

It speaks as an OpenAI-compatible endpoint does, and reads the texts of a question alone.
"""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from momentvos.evaluation.scenes import SceneSample
from momentvos.systems.tracks.crops import box_of
from momentvos.systems.tracks.detectors import Detection

FAULTS = ("lies", "slow", "broken", "busy", "dies")
LIES, BROKEN, BUSY, DEATH = 0.1, 0.2, 0.2, 40
LEAST = 0.3
"""Intersection over union of boxes from which on a candidate is an object."""
_LINE = re.compile(
    r"^(\d+): \w+ outline, best seen in frame (\d+) at \[(\d+), (\d+), (\d+), (\d+)\]$",
    re.MULTILINE,
)
_LABEL = re.compile(r"^Frame (\d+), ([\d.]+) s: $")
_SAID = re.compile(r'^Someone says: (".*")$', re.MULTILINE)


class TruthServer(ThreadingHTTPServer):
    """Answers questions about the objects of a scene over HTTP, from what it reads in the texts.

    fault: one of `FAULTS`, or "".
    """

    daemon_threads = True

    def __init__(self, fault: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fault, self.asked = fault, 0
        self.chance = random.Random(0)
        self.samples: dict[str, SceneSample] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def show(self, samples: Sequence[SceneSample]) -> None:
        """The expressions of the scene that is asked about, drawn."""
        self.samples = {one.sentence: one for one in samples}
        self.asked = 0

    def answer(self, texts: Sequence[str]) -> str:
        """What a model that knows everything says to a question."""
        said = _SAID.search(texts[-1])
        assert said is not None
        sample = self.samples[json.loads(said[1])]
        labels = [match for text in texts if (match := _LABEL.match(text))]
        frames = {int(one[1]): round(float(one[2]) * sample.fps) for one in labels}
        lie = self.fault == "lies" and self.chance.random() < LIES
        if "in these very frames" in texts[-1]:
            inside = [frame in sample.moment for frame in frames.values()]
            return "yes" if (2 * sum(inside) >= len(inside)) != lie else "no"
        meant = {
            int(line[1]): self._meant(
                sample, frames[int(line[2])], tuple(map(int, line.groups()[2:]))
            )
            for line in _LINE.finditer(texts[-1])
        }
        if "Does the sentence mean" in texts[-1]:
            return "yes" if meant[1] != lie else "no"
        if lie:
            wrong = self.chance.choice(sorted(meant))
            meant[wrong] = not meant[wrong]
        lists: dict[str, Any] = {"true": [], "false": [], "unknown": []}
        for number, value in meant.items():
            lists["true" if value else "false"].append(number)
        return json.dumps({**lists, "none": not lists["true"]})

    def _meant(self, sample: SceneSample, frame: int, box: tuple[int, ...]) -> bool:
        """Whether the object at a box, in thousandths of the frame, is a target."""
        ids = sample.drawing.ids[frame]
        mine = Detection(tuple(value * ids.shape[0] / 1000 for value in box), {"": 1.0})  # type: ignore[arg-type]
        overlaps = {
            int(number): Detection(tuple(map(float, box_of(ids == number))), {"": 1.0}).overlap(
                mine
            )  # type: ignore[arg-type]
            for number in np.unique(ids)
            if number
        }
        best = max(overlaps, key=overlaps.__getitem__, default=0)
        targets = {int(one.id) + 1 for one in sample.targets}
        return best in targets and overlaps[best] >= LEAST


class _Handler(BaseHTTPRequestHandler):
    server: TruthServer

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.server
        server.asked += 1
        fault, drawn = server.fault, server.chance.random()
        if fault == "dies" and server.asked > DEATH:
            self.close_connection = True
            return
        if fault == "busy" and drawn < BUSY:
            self._send(429, {"error": "busy"}, {"Retry-After": "0"})
            return
        if fault == "slow":
            time.sleep(0.2)
        content = asked["messages"][0]["content"]
        said = server.answer([part["text"] for part in content if part["type"] == "text"])
        if fault == "broken" and drawn < BROKEN:
            said = said[: len(said) // 2] + "{"
        choice: dict[str, Any] = {"message": {"role": "assistant", "content": said}}
        if asked.get("logprobs") and said in ("yes", "no"):
            other = "no" if said == "yes" else "yes"
            top = [{"token": said, "logprob": -0.1}, {"token": other, "logprob": -2.4}]
            choice["logprobs"] = {"content": [{"token": said, "top_logprobs": top}]}
        self._send(200, {"choices": [choice], "usage": {"total_tokens": 100}})

    def _send(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def serving(fault: str = "") -> Iterator[TruthServer]:
    """A server that answers until the block ends."""
    server = TruthServer(fault)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
