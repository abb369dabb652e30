"""A recipe's global batch and learning rate on so many GPUs, as its first lines have them.

python tools/global_batch.py recipes/momentseg/paper-3b.yaml --gpus 8 64

While the GPUs divide the recipe's micro-batches, the run is the same with any number of them.
Beyond, a step has the next number of micro-batches that they divide, and the learning rate grows
with the square root of the batch: the scaling rule of Adam (Malladi et al., 2022,
https://arxiv.org/abs/2205.10782). Steps of an epoch become fewer by themselves.
"""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

from momentvos.training.options import StageOptions
from momentvos.training.recipe import load


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--gpus", type=int, nargs="+", default=[8, 64])
    parser.add_argument("--set", action="append", default=[], help="KEY=VALUE of the recipe")
    options = parser.parse_args()
    for stage in load(options.recipe, options.set).stages:
        print("\n".join(table(stage, options.gpus)))


def table(stage: StageOptions, gpus: Sequence[int]) -> list[str]:
    """Lines of a comment."""
    videos = {part.data.videos for part in stage.mixture or (stage,)}
    if len(videos) > 1:
        raise SystemExit(f"The parts of '{stage.name}' have different numbers of videos.")
    (each,) = videos
    base = stage.micro_batches or stage.accumulate
    lines = [f"# {stage.name}: GPUs  micro_batches  of each GPU  x videos  global batch        lr"]
    for count in gpus:
        size = math.ceil(base / count) * count
        rate = stage.optimiser.lr * math.sqrt(size / base)
        lines.append(
            f"# {'':{len(stage.name)}}  {count:4}  {size:13}  {size // count:11}  {each:8}  "
            f"{size * each:12}  {rate:8.2e}"
        )
    return lines


if __name__ == "__main__":
    main()
