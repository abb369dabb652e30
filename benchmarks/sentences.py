"""CPU seconds of many sentences about one video beside those of one.

Of each bundled model on the sample, and of a SAMWISE of the size `base` with random weights: there
with the number of frames that go through the stages that sentences share, and the least ratio that
sharing them allows (each sentence adds the rest of one sentence's seconds). One thread.

python benchmarks/sentences.py [--models tgl-mini] [--no-base] [--runs 3] [--json FILE]
"""

import argparse
import json
import resource
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="*", default=list(MINIS), help="bundled models")
    parser.add_argument("--no-base", action="store_true", help="leave out the size `base`")
    parser.add_argument("--size", type=int, default=512, help="side of the input of `base`")
    parser.add_argument("--frames", type=int, default=16, help="of the video of `base`")
    parser.add_argument("--runs", type=int, default=3, help="of a bundled model; the least counts")
    parser.add_argument("--json", type=Path, help="write the rows there too")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = [_bundled(name, options.runs) for name in options.models]
    if not options.no_base:
        rows.append(_base(options.size, options.frames))
    print("| model | sentences | s, one | s, all | all / one | least | shared passes / frames |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for row in rows:
        passes = "-" if row["passes"] is None else f"{row['passes']} / {row['frames']}"
        least = "-" if row["floor"] is None else f"{row['floor']:.2f}"
        print(
            f"| {row['model']} | {row['sentences']} | {row['one']:.2f} | {row['all']:.2f} | "
            f"{row['all'] / row['one']:.2f} | {least} | {passes} |"
        )
    if options.json is not None:
        options.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


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
