"""Seconds a frame of each stage of `run`, for the weights of its estimate (`cli/time_left.py`).

python benchmarks/life.py [--models tgl-mini momentseg-mini vrshq-mini] [--size 640 360]
"""

import argparse
import tempfile
from collections import defaultdict
from pathlib import Path
from time import perf_counter

import numpy as np
import torch

import momentvos
from momentvos.media.arrays import ArrayVideo

CLIP = Path(__file__).parents[1] / "samples" / "demo.mp4"
SENTENCE = "the dog that jumps"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--models", nargs="+", default=["tgl-mini"])
    options.add_argument("--size", type=int, nargs=2, default=[640, 360], help="width, height")
    given = options.parse_args()
    torch.set_num_threads(1)
    video = _scaled(*given.size)
    for name in given.models:
        model = momentvos.load(name, device="cpu")
        stages: dict[str, list[float]] = defaultdict(list)
        clock = perf_counter()

        def note(stage: str, done: int, total: int, stages=stages) -> None:
            stages[stage.split(" ")[0]].append(perf_counter())

        prediction = model.segment(video, SENTENCE, progress=note)
        note("drawing", 0, len(video))
        with tempfile.TemporaryDirectory() as folder:
            prediction.save(folder, video, lambda done, total: note("drawing", done, total))
        for stage, times in stages.items():
            seconds = times[-1] - clock
            clock = times[-1]
            print(f"{name:16} {stage:12} {1000 * seconds / len(video):7.1f} ms a frame")


def _scaled(width: int, height: int) -> ArrayVideo:
    from PIL import Image

    opened = momentvos.Video.open(CLIP)
    frames = [
        np.asarray(Image.fromarray(frame.rgb).resize((width, height))) for frame in opened.frames()
    ]
    return ArrayVideo(np.stack(frames), opened.fps)


if __name__ == "__main__":
    main()
