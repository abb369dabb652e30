"""J&F of 854x480 masks, from run-lengths: ours beside the official DAVIS program.

    git clone https://github.com/davisvideochallenge/davis2017-evaluation
    pip install opencv-python-headless scikit-image
    python benchmarks/metrics.py davis2017-evaluation

Both score the same pairs in one process; the scores must agree to 1e-9. The official program
gets decoded masks, and the time of decoding counts, as reading run-lengths does for ours. Ends with
exit code 1 where ours is less than --bar times as fast over all sizes together.
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
RADII = {"small": (10, 30), "middle": (30, 130), "large": (130, 300)}
"""Radius of the blobs in pixels; large ones reach over most of the frame."""


def pairs(count: int, radii: tuple[int, int], seed: int = 0) -> list[tuple[Any, Any]]:
    """Run-lengths of wavy blobs, and of copies that are moved, scaled and turned a little."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]

    def blob(top: float, left: float, radius: float, phase: float) -> Any:
        angle = np.arctan2(y - top, x - left)
        inside = np.hypot(y - top, x - left) < radius * (1 + 0.25 * np.sin(5 * angle + phase))
        return coco.encode(np.asfortranarray(inside.astype(np.uint8)))

    made = []
    for _ in range(count):
        place, radius = rng.uniform((100, 100), (380, 750)), rng.uniform(*radii)
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="a checkout of davis2017-evaluation")
    parser.add_argument("--pairs", type=int, default=20, help="of each size")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bar", type=float, default=10.0, help="at least as many times as fast")
    options = parser.parse_args()
    theirs = official(options.folder)
    print(f"{'masks':8} {'official':>11} {'ours':>8} {'ratio':>7}   largest difference")
    worst, total = 0.0, np.zeros(2)
    for name, radii in RADII.items():
        masks = pairs(options.pairs, radii)
        differences = [
            abs(a - b)
            for pair in masks
            for a, b in zip(theirs(*pair), score_rle(*pair), strict=True)
        ]
        worst = max(worst, *differences)
        spent = np.array([timed(score, masks, options.rounds) for score in (theirs, score_rle)])
        total += spent
        print(f"{name:8} {row(spent)}   {max(differences):.0e}")
    print(f"{'all':8} {row(total / len(RADII))}   {worst:.0e}; bar {options.bar:.0f}x and 1e-09")
    return int(total[0] < options.bar * total[1] or worst > 1e-9)


def timed(score: Callable[[Any, Any], Any], masks: list[tuple[Any, Any]], rounds: int) -> float:
    """Milliseconds a pair: for each the best of several rounds, to leave out other work."""
    best = np.full(len(masks), np.inf)
    for _ in range(rounds):
        for place, pair in enumerate(masks):
            start = perf_counter()
            score(*pair)
            best[place] = min(best[place], perf_counter() - start)
    return 1000 * float(best.mean())


def row(spent: Any) -> str:
    return f"{spent[0]:8.2f} ms {spent[1]:5.2f} ms {spent[0] / spent[1]:6.1f}x"


if __name__ == "__main__":
    sys.exit(main())
