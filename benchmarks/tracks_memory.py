"""Peak memory of the tracks system on a long video against a short one.

python benchmarks/tracks_memory.py 300 3000
python benchmarks/tracks_memory.py 300 --sentences 8    # their time against that of one

One process for each length; frames are made when they are read, SAM2 is tiny with random weights,
and a detector that knows three moving squares brings their masks.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import Sam2VideoModel

from momentvos.cli.malloc import map_large_blocks
from momentvos.media.arrays import ArrayVideo
from momentvos.media.video import Video
from momentvos.sam2.sizes import at_size, sam_mini
from momentvos.systems.tracks.config import TracksConfig
from momentvos.systems.tracks.detectors import Detection
from momentvos.systems.tracks.model import TracksModel
from momentvos.systems.tracks.parts import Parts
from momentvos.systems.tracks.words import RuleReader

WORDS = ("moving", "small", "red", "green", "blue", "bright", "slow", "flat")
SIZE, FPS, OBJECTS, SIDE = (180, 320), 24.0, 3, 40


def frame(number: int) -> NDArray[np.uint8]:
    """Frame `number`, whose first pixels hold its number."""
    rgb = np.full((*SIZE, 3), 60, np.uint8)
    for place, mask in enumerate(masks(number)):
        rgb[mask] = [(220, 40, 40), (40, 220, 40), (40, 40, 220)][place]
    rgb[0, 0] = number % 256, number // 256, 0
    return rgb


def masks(number: int) -> list[NDArray[np.bool_]]:
    """Masks of the squares, which move from side to side."""
    made = []
    for place in range(OBJECTS):
        mask = np.zeros(SIZE, dtype=bool)
        left = abs((number * (place + 1)) % (2 * (SIZE[1] - SIDE)) - (SIZE[1] - SIDE))
        mask[10 + 55 * place : 10 + 55 * place + SIDE, left : left + SIDE] = True
        made.append(mask)
    return made


class Source:
    """Frames that are made when they are read."""

    has_audio = False
    pixel_aspect = Fraction(1)
    notes: Sequence[str] = ()

    def __init__(self, length: int) -> None:
        self.size, self.fps, self.time_base = SIZE, FPS, 1 / Fraction(FPS)
        self.times = [number / FPS for number in range(length)]
        self.durations = [1 / FPS] * length
        self.clock = ArrayVideo(np.zeros((1, 2, 2, 3), np.uint8), FPS).clock

    def read(self, indices: Iterable[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        for number in indices:
            yield number, frame(number)


class Detector:
    """Knows where the squares are."""

    def __call__(
        self, frames: Sequence[NDArray[np.uint8]], phrases: Sequence[str]
    ) -> list[list[Detection]]:
        found = []
        for rgb in frames:
            known = masks(int(rgb[0, 0, 0]) + 256 * int(rgb[0, 0, 1]))
            rows = [np.nonzero(mask) for mask in known]
            found.append(
                [
                    Detection(
                        (float(x.min()), float(y.min()), float(x.max()) + 1, float(y.max()) + 1),
                        {phrases[0]: 1.0},
                        mask,
                    )
                    for mask, (y, x) in zip(known, rows, strict=True)
                ]
            )
        return found


class Everything:
    """A selector that takes every track."""

    counts, context, notes, words, grounder_share = True, 0, (), None, 0.0

    def open(self, video: Any, trace: Any, device: Any) -> Everything:
        return self

    def __call__(
        self, sentence: str, tracks: Sequence[Mapping[int, Any]], frames: Sequence[int]
    ) -> list[dict[int, float]]:
        return [dict.fromkeys(one, 3.0) for one in tracks]

    def pool(self, log_odds: Sequence[float]) -> float:
        return 3.0

    present = pool

    def relevance(self, *_: Any) -> None:
        return None

    def ground(self, sentences: Sequence[str]) -> Sequence[Any]:
        return ()


def build() -> TracksModel:
    """The system of the roles above."""
    map_large_blocks()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    sam = Sam2VideoModel(at_size(sam_mini(), 128)).eval()
    config = TracksConfig(tracker={"kind": "sam2", "single_mask": True}, gate=False)
    return TracksModel(config, Parts(RuleReader(), Detector(), sam, Everything()))  # type: ignore[arg-type]


def made(length: int) -> Video:
    """The video of so many frames."""
    return Video(Path("made"), Source(length))  # type: ignore[arg-type]


def measure(length: int) -> None:
    """Print the peak memory of this process, and what was answered."""
    answer = build().segment(made(length), "the squares")
    print(f"{length} frames: {peak():.0f} MiB at most, masks in {len(answer.masklet)}")


def peak() -> float:
    """Most memory of this process, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def compare(length: int, count: int) -> None:
    """Print the CPU seconds of several sentences against those of one."""
    model, seconds = build(), []
    model.segment(made(24), "the squares")
    for sentences in (["the squares"], [f"the {one} squares" for one in WORDS[:count]]):
        begun = time.process_time()
        answers = model.segment(made(length), sentences)
        assert all(len(one.masklet) == length for one in answers)
        seconds.append(time.process_time() - begun)
    one, several = seconds
    print(
        f"{length} frames: {one:.1f} s of CPU for one sentence, {several:.1f} s for {count}: "
        f"{several / one:.2f} x"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("frames", type=int, nargs="*", default=[300, 3000])
    parser.add_argument(
        "--sentences", type=int, choices=range(2, 9), help="so many against one, in place of memory"
    )
    options = parser.parse_args()
    if options.sentences:
        compare(options.frames[0], options.sentences)
    elif len(options.frames) == 1:
        measure(options.frames[0])
    else:
        for length in options.frames:
            subprocess.run([sys.executable, __file__, str(length)], check=True)


if __name__ == "__main__":
    main()
