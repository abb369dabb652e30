"""How many frames a second exporters write: 1,000 frames of 1280 x 720 with a moving object.

python benchmarks/export.py [--frames 1000] [--formats matte alpha ...]

The object takes an eighth of the picture. Formats that read the video include its decoding. Beside
the time on the clock stands that of the processors, which other programs lengthen less.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from momentvos import Moment, Prediction
from momentvos.masklet import Masklet
from momentvos.media import Video, VideoWriter
from momentvos.results.export import Options, export, exporters

SIZE = (720, 1280)
BAR = {"matte": 60.0}
"""Frames a second that a format must reach on two cores."""
PIXELS = ("matte", "alpha", "alpha-webm", "cutout")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--frames", type=int, default=1000)
    options.add_argument("--formats", nargs="+", default=[n for n in exporters() if n != "rerun"])
    given = options.parse_args()
    worst = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prediction = make(folder / "clip.mp4", given.frames)
        for to in given.formats:
            cases = [(to, folder / to, Options())]
            if to == "matte":
                cases.append((f"{to} .mkv", folder / "matte.mkv", Options()))
            if to in PIXELS:
                soft = Options(feather=4, grow=2)
                cases.append((f"{to} --feather 4 --grow 2", folder / f"{to}-soft", soft))
            for title, out, chosen in cases:
                start, busy = time.perf_counter(), time.process_time()
                written = export(prediction, to, out, chosen)
                rate = given.frames / (time.perf_counter() - start)
                least = given.frames / (time.process_time() - busy)
                bar = BAR.get(to)
                worst |= bar is not None and rate < bar
                megabytes = sum(map(size, written.paths)) / 1e6
                said = "" if bar is None else f"  bar {bar:.0f}"
                speed = f"{rate:9.0f} frames/s {least:9.0f} a CPU second"
                print(f"{title:<32} {speed} {megabytes:9.1f} MB{said}", flush=True)
    return int(worst)


def size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(one.stat().st_size for one in files if one.is_file())


def make(path: Path, frames: int) -> Prediction:
    """A prediction with an uneven blob that moves, about a video of noise that moves too."""
    height, width = SIZE
    random = np.random.default_rng(0)
    ground = random.integers(0, 256, (height // 8, width // 4, 3), np.uint8)
    ground = ground.repeat(8, 0).repeat(8, 1)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    masklet = Masklet(SIZE)
    with VideoWriter(path, SIZE, 25) as writer:
        for frame in range(frames):
            left = frame * 3 % width
            writer.write(np.ascontiguousarray(ground[:, left : left + width]))
            centre = width / 2 + width / 4 * np.sin(frame / 40)
            angle = np.arctan2(y - height / 2, x - centre)
            reach = 180 + 20 * np.sin(7 * angle + frame / 5)
            masklet.set(frame, np.hypot(y - height / 2, x - centre) < reach)
    video = Video.open(path)
    flags = (1.0,) * frames
    moment = Moment([(0, frames // 2)])
    seconds = tuple(moment.seconds(video.times, video.durations))
    return Prediction(
        video.facts, "the blob", "none", True, 1.0, moment, seconds, flags, flags, masklet
    )


if __name__ == "__main__":
    sys.exit(main())
