"""The tracks system with one role after the other played by ground truth, on MomentWorld.

python benchmarks/tracks.py --videos 8
python benchmarks/tracks.py --videos 8 --row truth --faults lies broken busy dies

What the pipeline itself loses: objects come from their true masks on keyframes, SAM2 of tgl-mini
tracks them, and a server on this machine answers the selector's questions from ground truth, as any
OpenAI-compatible endpoint would over HTTP. Further rows swap one role; `--faults` let the server
lie in 10 % of its answers, be slow, send broken JSON in 20 %, be busy (429) in 20 %, or die.
"""

from __future__ import annotations

import argparse
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
from numpy.typing import NDArray

import momentvos
from momentvos.evaluation.scenes import SceneSample, WorldSource
from momentvos.evaluation.score import score
from momentvos.evaluation.scores import WorldScore
from momentvos.mllm.endpoint import Endpoint
from momentvos.systems.tracks.config import TracksConfig
from momentvos.systems.tracks.crops import box_of
from momentvos.systems.tracks.detectors import Detection
from momentvos.systems.tracks.model import TracksModel
from momentvos.systems.tracks.parts import Parts
from momentvos.systems.tracks.selectors.chat import ChatPart
from momentvos.systems.tracks.selectors.trained import TrainedPart
from momentvos.systems.tracks.words import ANYTHING, Words

FAULTS = ("lies", "slow", "broken", "busy", "dies")
ROWS = ("truth", "existence", "trained", "sparse")
LIES, BROKEN, BUSY, DEATH = 0.1, 0.2, 0.2, 40
WINDOW = 0.5
"""Seconds of the windows in which it is asked whether the sentence holds."""
LEAST = 0.3
"""Intersection over union of boxes from which on a candidate is an object."""
_LINE = re.compile(
    r"^(\d+): \w+ outline, best seen in frame (\d+) at \[(\d+), (\d+), (\d+), (\d+)\]$",
    re.MULTILINE,
)
_LABEL = re.compile(r"^Frame (\d+), ([\d.]+) s: $")
_SAID = re.compile(r'^Someone says: (".*")$', re.MULTILINE)


class Anything:
    """Words: no noun is needed where the detector knows every object."""

    notes = ()

    def __call__(self, sentence: str) -> Words:
        return Words(ANYTHING)


class TruthDetector:
    """Detects every object of a scene by its true mask."""

    def __init__(self) -> None:
        self._ids: dict[bytes, NDArray[Any]] = {}

    def show(self, frames: NDArray[Any], ids: NDArray[Any]) -> None:
        """The scene that is asked about: RGB [T, H, W, 3] and object numbers [T, H, W], 0: none."""
        self._ids = {rgb.tobytes(): row for rgb, row in zip(frames, ids, strict=True)}

    def __call__(
        self, frames: Sequence[NDArray[np.uint8]], phrases: Sequence[str]
    ) -> list[list[Detection]]:
        found = []
        for rgb in frames:
            ids = self._ids[rgb.tobytes()]
            masks = [ids == number for number in np.unique(ids) if number]
            boxes = [tuple(map(float, box_of(mask))) for mask in masks]
            scores = {phrases[0]: 1.0}
            found.append(
                [Detection(box, scores, mask) for box, mask in zip(boxes, masks, strict=True)]
            )
        return found


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


def build(row: str, detector: TruthDetector, url: str, keyframes: float = 0.5) -> TracksModel:
    """The tracks system of a row of the table.

    keyframes: seconds from one frame that the detector sees to the next.
    """
    tgl = momentvos.load("tgl-mini", device="cpu")
    chat = Endpoint(url, "truth", most_tokens=10**9, pause=lambda wait: time.sleep(min(wait, 0.05)))
    selector = TrainedPart(tgl) if row == "trained" else ChatPart(chat, WINDOW)
    config = TracksConfig(
        tracker={"kind": "sam2", "single_mask": True},
        moment={"kind": "existence" if row == "existence" else "auto"},
        rate=8.0,
        guided_radius=tgl.config.guided_radius,
        keyframe_seconds=100.0 if row == "sparse" else keyframes,
        domain="MomentWorld, by ground truth",
    )
    return TracksModel(config, Parts(Anything(), detector, tgl.sam, selector))


def measure(row: str, fault: str, options: argparse.Namespace) -> tuple[WorldScore, int]:
    """Scores of a row, and how many answers came with a note."""
    detector, rows, noted, begun = TruthDetector(), [], 0, time.perf_counter()
    with serving(fault) as server:
        model = build(row, detector, server.url, options.keyframes)
        for group in WorldSource(options.seed, options.size).videos("test", options.videos):
            video = group[0].video()
            detector.show(group[0].drawing.frames, group[0].drawing.ids)
            server.show(group)
            server.asked = 0
            answers = model.segment(video, [one.sentence for one in group])
            noted += sum(any(_fault(note) for note in one.notes) for one in answers)
            rows += [score(*pair, extra=False) for pair in zip(group, answers, strict=True)]
    seconds = time.perf_counter() - begun
    return WorldScore(tuple(rows), len(rows), 32 * options.videos, seconds), noted


def _fault(note: str) -> bool:
    """Whether a note says that a question had no answer."""
    return "language model" in note or "nobody judged" in note


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=int, default=8)
    parser.add_argument("--seed", type=int, default=5000)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--keyframes", type=float, default=0.5, help="seconds between them")
    parser.add_argument("--row", nargs="*", choices=ROWS, default=["truth"])
    parser.add_argument("--faults", nargs="*", choices=FAULTS, default=[])
    options = parser.parse_args()
    print(f"{'row':<12}{'server':<9}J&F   tIoU   refused  missed  noted  expressions  s")
    for row in options.row:
        for fault in ("", *options.faults):
            made, noted = measure(row, fault, options)
            print(
                f"{row:<12}{fault or 'truth':<9}{100 * made.jf:5.1f} {made.tiou:6.3f} "
                f"{100 * made.refused:7.1f} {100 * made.missed:7.1f} {noted:6} {made.expected:11} "
                f"{made.seconds:6.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
