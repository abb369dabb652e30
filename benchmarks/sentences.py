"""CPU seconds of many sentences about one video beside those of one.

Of each bundled model on the sample, and of a SAMWISE of the size `base` with random weights: there
with the number of frames that go through the stages that sentences share, and the least ratio that
sharing them allows (each sentence adds the rest of one sentence's seconds). One thread.

With other checkouts beside this one, the bundled models of each, with its own weights, take turns
in processes of their own.

python benchmarks/sentences.py [--models tgl-mini] [--no-base] [--runs 3] [--json FILE]
python benchmarks/sentences.py --no-base --beside /path/to/another/src
"""

import argparse
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import momentvos
from momentvos.media.arrays import ArrayVideo
from momentvos.systems.tgl import shared_cache, windowed
from momentvos.systems.tgl.model import TglModel
from momentvos.systems.tgl.presets import SAMWISE, tgl_config
from momentvos.text import train_tokenizer

HERE = Path(__file__).parents[1] / "src"
CLIP = Path(__file__).parents[1] / "samples" / "demo.mp4"
SENTENCES = (
    "a turtle that is sliding towards the left in the video",
    "all turtles trembling in place",
    "all turtles jumping up",
    "find a blue turtle that leaps into the air",
    "find the two blue turtles",
    "the only turtle which stops on the way",
    "the turtle jumping and then going left",
    "the dog that jumps",
)
"""All that MomentWorld says of the sample, and one about what is not there."""
MINIS = ("tgl-mini", "momentseg-mini", "vrshq-mini")
ALONE = """
import json, resource, sys
import torch
import momentvos
torch.set_num_threads(1)
name, clip, *sentences = sys.argv[1:]
model, video = momentvos.load(name, device="cpu"), momentvos.Video.open(clip)
model.segment(video, sentences[0])
taken = []
for asked in (sentences[:1], sentences):
    before = resource.getrusage(resource.RUSAGE_SELF)
    model.segment(video, asked)
    after = resource.getrusage(resource.RUSAGE_SELF)
    taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
print(json.dumps([momentvos.__file__, *taken]))
"""
"""What a process of any checkout does, in words that old ones know too."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="*", default=list(MINIS), help="bundled models")
    parser.add_argument("--no-base", action="store_true", help="leave out the size `base`")
    parser.add_argument("--size", type=int, default=512, help="side of the input of `base`")
    parser.add_argument("--frames", type=int, default=16, help="of the video of `base`")
    parser.add_argument("--runs", type=int, default=3, help="of a bundled model; the least counts")
    parser.add_argument("--beside", type=Path, nargs="*", default=[], help="src of other checkouts")
    parser.add_argument("--json", type=Path, help="write the rows there too")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows: list[dict[str, Any]] = []
    if options.beside:
        print("| model | checkout | s, one | s, all | all, this checkout / that |")
        print("| --- | --- | ---: | ---: | ---: |")
        for name in options.models:
            rows += _beside(name, options.beside, options.runs)
        print()
    else:
        rows = [_bundled(name, options.runs) for name in options.models]
    if not options.no_base:
        rows.append(_base(options.size, options.frames))
    _print([row for row in rows if "checkout" not in row])
    if options.json is not None:
        from record import save

        save(options.json, rows)


def _print(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    print("| model | sentences | s, one | s, all | all / one | least | shared passes / frames |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for row in rows:
        passes = "-" if row["passes"] is None else f"{row['passes']} / {row['frames']}"
        least = "-" if row["floor"] is None else f"{row['floor']:.2f}"
        print(
            f"| {row['model']} | {row['sentences']} | {row['one']:.2f} | {row['all']:.2f} | "
            f"{row['all'] / row['one']:.2f} | {least} | {passes} |"
        )


def _beside(name: str, others: list[Path], runs: int) -> list[dict[str, Any]]:
    """A bundled model of this checkout, then of others: print and return the least seconds."""
    taken: dict[Path, list[tuple[float, float]]] = {src: [] for src in (HERE, *others)}
    for _ in range(runs):
        for src, seconds in taken.items():
            seconds.append(_alone(src, name))
    least = {src: tuple(map(min, zip(*seconds, strict=True))) for src, seconds in taken.items()}
    rows = []
    for src, (one, every) in least.items():
        checkout, ratio = "this one" if src == HERE else str(src), least[HERE][1] / every
        print(f"| {name} | {checkout} | {one:.2f} | {every:.2f} | {ratio:.2f} |", flush=True)
        row = {"model": name, "checkout": checkout, "sentences": len(SENTENCES)}
        rows.append(row | {"one": one, "all": every, "this / that": ratio})
    return rows


def _alone(src: Path, name: str) -> tuple[float, float]:
    """CPU seconds of one sentence and of all, in a process of another checkout."""
    setting = {"PYTHONPATH": str(src), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [sys.executable, "-c", ALONE, name, str(CLIP), *SENTENCES],
        env=os.environ | setting,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    file, one, every = json.loads(done.stdout.splitlines()[-1])
    if not Path(file).resolve().is_relative_to(src.resolve()):
        sys.exit(f"{src} has no package momentvos: {file} was measured")
    return one, every


def _bundled(name: str, runs: int) -> dict[str, Any]:
    model = momentvos.load(name, device="cpu")
    video = momentvos.Video.open(CLIP)
    model.segment(video, SENTENCES[0])
    one = min(_seconds(lambda: model.segment(video, [SENTENCES[0]])) for _ in range(runs))
    every = min(_seconds(lambda: model.segment(video, SENTENCES)) for _ in range(runs))
    return _row(name, len(SENTENCES), one, every, len(video), None)


def _base(size: int, frames: int) -> dict[str, Any]:
    """Four sentences, none of which has a target, for weights are random; no frame is left out."""
    torch.manual_seed(0)
    config = tgl_config("base", **SAMWISE, presence_threshold=0.0, gate=False)
    model = TglModel(_sized(config, size)).eval()
    model.tokenizer = train_tokenizer(SENTENCES, 400, 64)
    pixels = np.random.default_rng(0).integers(0, 256, (frames, size, size, 3), dtype=np.uint8)
    video = ArrayVideo(pixels, 8.0)
    model.segment(ArrayVideo(pixels[:2], 8.0), SENTENCES[0])
    with _Watched() as watched:
        one = _seconds(lambda: model.segment(video, [SENTENCES[0]]))
    share = watched.seconds / one
    with _Watched() as watched:
        every = _seconds(lambda: model.segment(video, SENTENCES[:4]))
    row = _row(f"SAMWISE base, {size}", 4, one, every, frames, watched.frames)
    return row | {"floor": 4 - 3 * share}


class _Watched:
    """What sentences share: seconds in it, and frames that went through its first stages."""

    def __init__(self) -> None:
        self.seconds, self.frames = 0.0, 0

    def __enter__(self) -> "_Watched":
        self._stages, self._windows = shared_cache.shared_features, windowed.encode_windows

        def stages(model: Any, pixels: torch.Tensor) -> Any:
            self.frames += len(pixels)
            return self._timed(self._stages, model, pixels)

        def windows(*given: Any) -> Any:
            return self._timed(self._windows, *given)

        shared_cache.shared_features, windowed.encode_windows = stages, windows
        return self

    def __exit__(self, *_: object) -> None:
        shared_cache.shared_features, windowed.encode_windows = self._stages, self._windows

    def _timed(self, work: Callable[..., Any], *given: Any) -> Any:
        made: list[Any] = []
        self.seconds += _seconds(lambda: made.append(work(*given)))
        return made[0]


def _sized(config: Any, size: int) -> Any:
    """The same architecture for squares of another side."""
    from momentvos.sam2.sizes import at_size

    config.sam_config = at_size(config.sam_config, size)
    return config


def _seconds(work: Callable[[], Any]) -> float:
    before = resource.getrusage(resource.RUSAGE_SELF)
    work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _row(
    model: str, sentences: int, one: float, every: float, frames: int, passes: int | None
) -> dict[str, Any]:
    return {
        "model": model,
        "sentences": sentences,
        "one": one,
        "all": every,
        "frames": frames,
        "passes": passes,
        "floor": None,
    }


if __name__ == "__main__":
    main()
