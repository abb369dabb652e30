"""J&F of 854x480 masks, from run-lengths: ours beside the official DAVIS program.

    git clone https://github.com/davisvideochallenge/davis2017-evaluation
    pip install opencv-python-headless scikit-image
    python benchmarks/metrics.py davis2017-evaluation

Both score the same pairs in turn, in one process; the figures must agree to 1e-9. The official
program gets decoded masks, and the time of decoding counts, as it does for ours.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from pycocotools import mask as coco

from momentvos.evaluation.masks import score_rle

SIZE = (480, 854)


def pairs(count: int, seed: int = 0) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Run-lengths of wavy blobs, 6 to 27 % of the frame's height in radius, and shifted copies."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]

    def blob(top: float, left: float, radius: float, phase: float) -> dict[str, Any]:
        angle = np.arctan2(y - top, x - left)
        inside = np.hypot(y - top, x - left) < radius * (1 + 0.25 * np.sin(5 * angle + phase))
        found: dict[str, Any] = coco.encode(np.asfortranarray(inside.astype(np.uint8)))
        return found

    made = []
    for _ in range(count):
        place, radius = rng.uniform((100, 100), (380, 750)), rng.uniform(30, 130)
        moved = place + rng.uniform(-6, 6, 2)
        made.append((blob(*place, radius, 0.0), blob(*moved, radius * rng.uniform(0.9, 1.1), 0.3)))
    return made


def official(folder: Path) -> Callable[[Any, Any], tuple[float, float]]:
    """db_eval_iou and db_eval_boundary of the program in `folder`, on decoded masks."""
    np.bool = np.bool_  # type: ignore[assignment]  # removed from numpy since it was written
    sys.path.insert(0, str(folder))
    from davis2017.metrics import db_eval_boundary, db_eval_iou

    def score(truth: Any, prediction: Any) -> tuple[float, float]:
        one, other = coco.decode(truth)[None], coco.decode(prediction)[None]
        return float(db_eval_iou(one, other)[0]), float(db_eval_boundary(one, other)[0])

    return score


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="a checkout of davis2017-evaluation")
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    told = parser.parse_args()
    masks, theirs = pairs(told.pairs), official(told.folder)
    worst = max(
        abs(a - b) for pair in masks for a, b in zip(theirs(*pair), score_rle(*pair), strict=True)
    )
    seconds = {"official": 0.0, "ours": 0.0}
    for _ in range(told.rounds):
        for name, score in (("official", theirs), ("ours", score_rle)):
            start = perf_counter()
            for pair in masks:
                score(*pair)
            seconds[name] += perf_counter() - start
    for name, spent in seconds.items():
        print(f"{name:9} {1000 * spent / told.rounds / told.pairs:6.2f} ms a pair")
    print(f"ratio     {seconds['official'] / seconds['ours']:6.1f}")
    print(f"largest difference {worst:.1e}")


if __name__ == "__main__":
    main()
