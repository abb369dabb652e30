"""EdgeTAM beside SAM2.1 tiny, from the file to masks of the video's size, and where time goes.

Both track the same objects through the same frames in turn, with random weights of their true
sizes, as `sam2_table.py` does: a full memory, masks of 1280 x 720 pixels. What counts is "times as
fast", of CPU seconds. Which of the two tracks better cannot be seen here; `real.py` measures it.

python benchmarks/edgetam.py [--rows 512x1 512x4 1024x1] [--modes float32 bfloat16] [--rounds 2]
python benchmarks/edgetam.py --parts 512 1024       # encode, attend, decode, remember, each alone
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

PAIR = ("tiny", "edgetam")


def main() -> None:
    options = _options()
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    import torch
    from record import save, table

    torch.set_num_threads(options.threads)
    rows: list[dict[str, Any]] = []
    if options.parts:
        rows = [row for side in options.parts for row in parts(side)]
    else:
        for row in beside(options):
            rows.append(row)
            print(table([row]), flush=True)
    print(table(rows))
    if options.json:
        save(options.json, rows)


def beside(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """A row for each size of pictures, number of objects, and number format."""
    import sam2_table

    with tempfile.TemporaryDirectory() as folder:
        video = sam2_table._video(Path(folder) / "clip.mp4")
        for size, mode in product(options.rows, options.modes):
            side, objects = map(int, size.split("x"))
            seconds: dict[str, list[float]] = {name: [] for name in PAIR}
            for _ in range(options.rounds):
                for name in PAIR:
                    given = (name, side, objects, mode, "cpu", sam2_table.FRAMES)
                    seconds[name].append(sam2_table.measured(video, *given)["CPU s/frame"])
            row = {"pixels": side, "objects": objects, "mode": mode}
            row |= {f"{name}, CPU s/frame": min(seconds[name]) for name in PAIR}
            ratios = [one / other for one, other in zip(*seconds.values(), strict=True)]
            yield row | {"times as fast": statistics.median(ratios)}


def parts(side: int) -> Iterator[dict[str, Any]]:
    """CPU milliseconds of what is done for one object in a frame that reads a full memory."""
    for name in PAIR:
        yield {"model": name, "pixels": side} | _parts(name, side)


def _parts(name: str, side: int) -> dict[str, float]:
    import loops
    import torch

    from momentvos.sam2 import Prompt, attend, decode, encode, remember

    sam, frame = loops.model(name, side), torch.randn(1, 3, side, side)
    with torch.no_grad():
        features = encode(sam, frame)
        logits, score = torch.randn(1, side // 4, side // 4), torch.ones(1)
        memory = remember(sam, features.top, logits, score)
        memories, pointers = torch.stack([memory] * 7, 1), torch.randn(1, 16, 256)
        slots = torch.tensor([[-1, 0, 1, 2, 3, 4, 5]])
        return {
            "encode ms": _least(lambda: encode(sam, frame)),
            "attend ms": _least(lambda: attend(sam, features.top, memories, slots, pointers)),
            "decode ms": _least(lambda: decode(sam, features, Prompt(), multimask=True)),
            "remember ms": _least(lambda: remember(sam, features.top, logits, score)),
        }


def _least(part: Callable[[], Any]) -> float:
    """CPU milliseconds, the least of three times."""
    part()
    taken = []
    for _ in range(3):
        start = time.process_time()
        part()
        taken.append(time.process_time() - start)
    return 1000 * min(taken)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", default=["512x1", "512x4", "1024x1"])
    parser.add_argument("--modes", nargs="+", default=["float32"])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--parts", nargs="+", type=int, help="only this, at these sizes")
    parser.add_argument("--json", type=Path, help="also write it there")
    return parser.parse_args()


if __name__ == "__main__":
    main()
