"""How fast MomentWorld is drawn on one core: `python benchmarks/render_world.py [SCENES]`.

Per size: milliseconds for a clip of 8 frames of a scene that was never drawn before (ground and
drawings prepared on the way), mean, median and 95th percentile over scenes. The bar is 25 ms at
256 x 256. Deciding a scene (objects, motions, sentences; no drawing) is timed too.
"""

import sys
import time

import numpy as np

from momentvos.data.world import render, scene

BAR_MS = 25.0
CLIP = list(range(0, 32, 4))


def timed(function):
    start = time.process_time()
    result = function()
    return result, (time.process_time() - start) * 1e3


def line(name, times):
    mean, median, late = np.mean(times), np.median(times), np.percentile(times, 95)
    print(f"{name:<28}{mean:8.1f} ms mean {median:8.1f} ms median {late:8.1f} ms p95")
    return mean


def main(count=60):
    render(scene(10**6), CLIP)
    made = [timed(lambda seed=seed: scene(seed)) for seed in range(count)]
    line("decide a scene", [spent for _, spent in made])
    reached = 0.0
    for size in (128, 256):
        drawn = [timed(lambda s=s, size=size: render(s, CLIP, size))[1] for s, _ in made]
        reached = line(f"draw 8 frames of {size} x {size}", drawn)
    print(f"bar: {BAR_MS:.0f} ms at 256 x 256: {'met' if reached < BAR_MS else 'MISSED'}")
    return reached < BAR_MS


if __name__ == "__main__":
    sys.exit(0 if main(*map(int, sys.argv[1:2])) else 1)
