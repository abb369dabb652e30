"""Time and memory of `tracks-cpu` at its true sizes, with random weights.

export OMP_WAIT_POLICY=PASSIVE OMP_NUM_THREADS=2            # as the command has it; two threads
python benchmarks/tracks_cpu.py                             # 10 s of 720p, 3 objects
python benchmarks/tracks_cpu.py --sentences 8               # of one noun, selector apart
python benchmarks/tracks_cpu.py --videos bigbuckbunny.mp4 bikes.mp4 carphone_pristine.mp4

The preset of the catalogue runs on random weights of its own classes and sizes, loaded the ordinary
way; nothing of the product is replaced (`tracks_weights.py` says how random weights come to have
objects). What an answer means is nothing; what it takes is the same. Making and loading the weights
is not counted in time; loading is in memory.

CPU seconds are those of all threads: one thread alone would take so long, two at best half of it.
They stand beside the seconds on the clock because those depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
import tracks_weights

import momentvos
from momentvos.cli.malloc import map_large_blocks
from momentvos.media import Video, VideoWriter
from momentvos.results.prediction import Prediction
from momentvos.systems.tracks.model import TracksModel
from momentvos.systems.tracks.tracker import Tracker

FPS = 24.0
NOUNS = ("red", "green", "blue", "left", "right", "large", "small", "slow")


class Stages:
    """Seconds by stage of a run, on the clock and of all threads."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = defaultdict(float)
        self.cpu: dict[str, float] = defaultdict(float)
        self.peak: dict[str, int] = {}
        self.name, self.last = "opening", self._now()

    def __call__(self, stage: str, done: int, of: int) -> None:
        """See `momentvos.systems.session.Progress`."""
        stage = stage.split()[0] if stage.startswith(("selecting", "segmenting")) else stage
        now = self._now()
        owner = stage if done else self.name
        self.wall[owner] += now[0] - self.last[0]
        self.cpu[owner] += now[1] - self.last[1]
        self.peak[owner] = peak()
        self.name, self.last = stage, now

    @staticmethod
    def _now() -> tuple[float, float]:
        return time.perf_counter(), time.process_time()

    def total(self, *, selector: bool = True) -> tuple[float, float]:
        """Seconds on the clock and of all threads, with the selector's or without."""
        return tuple(
            sum(value for name, value in one.items() if selector or name != "selecting")
            for one in (self.wall, self.cpu)
        )  # type: ignore[return-value]

    def __str__(self) -> str:
        rows = (
            f"    {name}: {self.wall[name]:.0f} s, {self.cpu[name]:.0f} s of CPU, by then at most "
            f"{self.peak[name] / 1e9:.2f} GB"
            for name in self.wall
        )
        return "\n".join(rows)


def write_video(path: Path, seconds: float, size: tuple[int, int]) -> None:
    """Three squares that move over a pattern."""
    height, width = size
    rows, columns = np.mgrid[:height, :width]
    ground = np.stack([columns % 256, rows % 256, (rows + columns) % 97 * 2], -1).astype(np.uint8)
    side = height // 5
    with VideoWriter(path, size, FPS) as writer:
        for number in range(round(seconds * FPS)):
            rgb = ground.copy()
            for place, colour in enumerate([(220, 30, 30), (30, 220, 30), (30, 30, 220)]):
                top = height // 12 + place * height * 3 // 10
                left = abs(number * (4 + 2 * place) % (2 * (width - side)) - (width - side))
                rgb[top : top + side, left : left + side] = colour
            writer.write(rgb)


def check(answer: Prediction, video: Video) -> None:
    """Raise AssertionError for an answer that does not fit its video."""
    length = len(video)
    assert answer.masklet.size == video.size
    assert all(frame < length for frame in answer.masklet.frames())
    assert len(answer.relevance) == len(answer.scores) == length
    assert not answer.moment or answer.moment.frames()[-1] < length
    assert answer.found == bool(answer.moment)
    json.dumps(answer.to_json())


def measure(model: TracksModel, path: Path, sentences: list[str]) -> Stages:
    """Answer sentences about a video; print what it took."""
    stages, tracked = Stages(), list[Any]()
    link = Tracker._link

    def watched(self: Tracker, *given: Any) -> Any:
        tracked.extend(made := link(self, *given))
        return made

    Tracker._link = watched  # type: ignore[method-assign]
    try:
        video = Video.open(path)
        answers = model.segment(video, sentences, progress=stages)
        stages("segmenting", 1, 1)
        for answer in answers:
            check(answer, video)
    finally:
        Tracker._link = link  # type: ignore[method-assign]
    size = video.size
    print(f"{path.name}: {len(video)} frames of {size[1]} x {size[0]}, {len(sentences)} sentences")
    for one in tracked:
        keys, frames = len(one.prompts), len(one.frames)
        print(f"    object {one.number}: detected in {keys} frames, tracked in {frames}")
    masks = [len(answer.masklet) for answer in answers]
    wall, cpu = stages.total()
    print(f"    masks in {masks} frames\n{stages}")
    print(f"    all: {wall:.0f} s, {cpu:.0f} s of CPU, at most {peak() / 1e9:.2f} GB", flush=True)
    return stages


def peak() -> int:
    """Bytes of memory that this process has taken at most."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="folder for the weights; kept, 2.4 GB")
    parser.add_argument("--seconds", type=float, default=10.0, help="of the made video")
    parser.add_argument("--height", type=int, default=720, help="of the made video")
    parser.add_argument("--sentences", type=int, default=1, choices=range(1, len(NOUNS) + 1))
    parser.add_argument("--videos", type=Path, nargs="*", default=[], help="in place of a made one")
    options = parser.parse_args()
    map_large_blocks()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / "made.mp4"
        if not options.videos:
            write_video(made, options.seconds, (options.height, options.height * 16 // 9))
        paths = options.videos or [made]
        folder = options.model or Path(scratch) / "model"
        maker = [sys.executable, tracks_weights.__file__, str(folder), str(paths[0])]
        if not (folder / "config.json").is_file():  # in a process whose memory is not counted
            subprocess.run(maker, check=True)
        model = momentvos.load(folder, device="cpu")
        assert isinstance(model, TracksModel)
        print(f"loaded: {peak() / 1e9:.2f} GB, {torch.get_num_threads()} threads", flush=True)
        for path in paths:
            one = measure(model, path, ["the red square"])
            if options.sentences > 1:
                many = [f"the {word} square" for word in NOUNS[: options.sentences]]
                more = measure(model, path, many)
                pairs = zip(more.total(selector=False), one.total(selector=False), strict=True)
                wall, cpu = (several / single for several, single in pairs)
                print(f"    {len(many)} sentences, selector aside: {wall:.2f} x, CPU {cpu:.2f} x")


if __name__ == "__main__":
    main()
