"""Our engine against the loops that others ship, on the same random weights and frames.

All go through the same clip in turn, frame by frame, in one process, so that a busy machine slows
them alike. Seconds are those of the processor, and the first frame, whose masks are given, counts.

python benchmarks/engine.py [--rows tiny@512x1 base+@512x1 tiny@512x8] [--frames 32]
                            [--modes float32 bfloat16] [--json outputs/bench/engine.json]
                            [--profile]
"""

import argparse
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

ROWS = {"tiny@512x1": 32, "base+@512x1": 32, "tiny@512x8": 16}
"""Size, side of the pictures and objects, and how many frames."""
PEERS = ("transformers", "sam2")


def main() -> None:
    options = _options()
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(options.threads)
    import torch
    from record import load, save, table

    torch.set_num_threads(options.threads)
    rows = load(options.json) if options.json else []
    for row in options.rows:
        before = {one["loop"] for one in rows if one["row"] == row}
        if before >= set(options.modes):
            print(table([one for one in rows if one["row"] == row]), flush=True)
            continue
        size, side, objects = re.fullmatch(r"(.+)@(\d+)x(\d+)", row).groups()
        frames = options.frames or ROWS.get(row, 16)
        rows += measured(size, int(side), int(objects), frames, options)
        print(table([one for one in rows if one["row"] == row]), flush=True)
        if options.json:
            save(options.json, rows)


def measured(
    size: str, side: int, objects: int, length: int, options: argparse.Namespace
) -> list[dict[str, Any]]:
    """One row per loop: seconds a frame, and how many times as fast as each peer."""
    import loops
    import torch

    sam = loops.model(size, side)
    frames, masks = loops.clip(side, length, objects)
    running = {"transformers": loops.transformers(sam)} if "transformers" in options.peers else {}
    if "sam2" in options.peers and (theirs := loops.sam2(sam, size)) is not None:
        running["sam2"] = theirs
    for mode in options.modes:
        running[mode] = loops.ours(loops.fast(sam, mode))
    if options.profile:
        _profile(running[options.modes[0]], frames, masks)
        return []
    iterators = {name: loop(frames, masks) for name, loop in running.items()}
    seconds = dict.fromkeys(running, 0.0)
    agree: dict[str, list[float]] = {name: [] for name in running}
    apart = dict.fromkeys(running, 0.0)
    for number in range(length):
        names = list(running)
        names = names[number % len(names) :] + names[: number % len(names)]
        logits = {}
        for name in names:
            start = time.process_time()
            logits[name] = next(iterators[name])
            seconds[name] += time.process_time() - start
        plain = logits[options.modes[0]]
        for name, one in logits.items():
            both, either = (plain > 0) & (one > 0), (plain > 0) | (one > 0)
            sums = both.flatten(1).sum(1).float(), either.flatten(1).sum(1).float()
            agree[name] += torch.where(sums[1] > 0, sums[0] / sums[1], 1.0).tolist()
            apart[name] = max(apart[name], (plain - one).abs().max().item())
        so_far = ", ".join(f"{name} {one / (number + 1):.2f} s" for name, one in seconds.items())
        print(f"{number + 1}/{length}: {so_far}", file=sys.stderr, flush=True)
    made = []
    for name in running:
        row = {"row": f"{size}@{side}x{objects}", "frames": length, "loop": name}
        row["CPU s/frame"] = seconds[name] / length
        for peer in PEERS:
            if peer in seconds:
                row[f"x {peer}"] = seconds[peer] / seconds[name]
        row["mask IoU"] = sum(agree[name]) / len(agree[name])
        row["largest difference"] = apart[name]
        made.append(row)
    return made


def _profile(loop: Any, frames: Any, masks: Any) -> None:
    """The dearest operators of frames with a full memory."""
    from torch.profiler import ProfilerActivity, profile

    walk = loop(frames, masks)
    for _ in range(len(frames) - 2):
        next(walk)
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as seen:
        next(walk)
        next(walk)
    print(seen.key_averages().table(sort_by="self_cpu_time_total", row_limit=25))
    grouped = seen.key_averages(group_by_input_shape=True)
    print(grouped.table(sort_by="self_cpu_time_total", row_limit=30, max_shapes_column_width=60))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", default=list(ROWS), help="SIZE@SIDExOBJECTS")
    parser.add_argument("--frames", type=int, help="of each row")
    parser.add_argument("--modes", nargs="+", default=["float32"], help="the first is compared to")
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=PEERS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, help="also write it there")
    parser.add_argument("--profile", action="store_true", help="where the first mode's time goes")
    return parser.parse_args()


if __name__ == "__main__":
    main()
