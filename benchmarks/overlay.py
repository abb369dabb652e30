"""Measure overlays: frames a second of each style, drawing alone and from file to file.

python benchmarks/overlay.py --frames 1000

The video is made here: a textured ground that pans, 1280 x 720, with an object of a tenth of the
picture, inside its moment in six of ten frames. Columns: drawing alone; decoding, drawing and
encoding (`overlay.mp4`); all that `Prediction.save` writes, with a mask per frame. In brackets
milliseconds of processor a frame, which other programs on the machine change less than the rate.
"""

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from momentvos import Masklet, Moment, Prediction, Video
from momentvos.media import VideoWriter
from momentvos.results.overlay import Overlay
from momentvos.results.styles import STYLES
from momentvos.results.together import save_together

WIDTH, HEIGHT, FPS = 1280, 720, 25
RADIUS = 172
"""Of the object, in pixels; its outline has waves."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--styles", nargs="+", default=list(STYLES), choices=list(STYLES))
    options = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print(f"{options.frames} frames of {WIDTH} x {HEIGHT}, frames a second\n")
    print("| style | drawing | decode, draw, encode | save |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        video, masks = film(folder / "clip.mp4", options.frames)
        prediction = answer(video, masks)
        for style in options.styles:
            writes = (
                lambda s=style: save_together([prediction], folder / s, video, s),
                lambda s=style: prediction.save(folder / f"{s}-all", video, style=s),
            )
            columns = [drawing(prediction, video, style)]
            columns += [measured(len(video), write) for write in writes]
            print(f"| {style} | " + " | ".join(columns) + " |", flush=True)


def film(path: Path, length: int) -> tuple[Video, list[np.ndarray]]:
    """A video, and the object's masks of its first 50 frames, after which they repeat."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (12, 40, 3), np.uint8)
    ground = Image.fromarray(coarse).resize((4 * WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    grain = rng.integers(-6, 7, (HEIGHT, 4 * WIDTH, 1))
    canvas = np.clip(np.asarray(ground, np.int16) + grain, 0, 255).astype(np.uint8)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    masks = []
    for step in range(50):
        centre = WIDTH / 2 + 300 * np.cos(step * np.pi / 25), HEIGHT / 2
        angle = np.arctan2(y - centre[1], x - centre[0])
        reach = RADIUS * (1 + 0.1 * np.sin(9 * angle + step / 4))
        masks.append(np.hypot(x - centre[0], y - centre[1]) < reach)
    with VideoWriter(path, (HEIGHT, WIDTH), FPS) as writer:
        for frame in range(length):
            left = round((1 - np.cos(frame / 80)) * WIDTH)
            picture = canvas[:, left : left + WIDTH].copy()
            picture[masks[frame % 50]] = (200, 120, 60)
            writer.write(picture)
    return Video.open(path), masks


def answer(video: Video, masks: list[np.ndarray]) -> Prediction:
    masklet = Masklet(video.size)
    for frame in range(len(video)):
        masklet.set(frame, masks[frame % len(masks)])
    moment = Moment([(len(video) // 5, len(video) * 4 // 5 - 1)])
    ones = (1.0,) * len(video)
    seconds = tuple(moment.seconds(video.times, video.durations))
    return Prediction(
        video.facts, "the blob that goes round", "truth", True, 1.0, moment, seconds, ones, ones,
        masklet,
    )  # fmt: skip


def drawing(prediction: Prediction, video: Video, style: str) -> str:
    """`Overlay.draw` alone, on every tenth frame."""
    overlay = Overlay(prediction, style, video=video)
    shown = [(frame.index, frame.rgb) for frame in video.read(range(0, len(video), 10))]
    masks = [prediction.masklet.get(index) for index, _ in shown]
    overlay.draw(shown[0][1], masks[0], 0)

    def draw() -> None:
        for _ in range(5):
            for (index, rgb), mask in zip(shown, masks, strict=True):
                overlay.draw(rgb, mask, index)

    return measured(5 * len(shown), draw)


def measured(frames: int, work: Callable[[], object]) -> str:
    """Frames a second, and milliseconds of processor a frame."""
    start, used = time.perf_counter(), time.process_time()
    work()
    spent = 1000 * (time.process_time() - used) / frames
    return f"{frames / (time.perf_counter() - start):.0f} ({spent:.1f})"


if __name__ == "__main__":
    main()
