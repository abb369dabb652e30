"""Frames a second, delay and peak memory of a stream, short and long.

python benchmarks/stream.py --frames 300 3000

Every length is a process of its own that pushes a scene of MomentWorld there and back. Ends with
exit code 1 where the long stream's peak is more than --bar times the short one's, or an answer came
later than was stated.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

MIB = 1 << 20


def main() -> None:
    options = arguments()
    if options.child:
        print(json.dumps(streamed(options, options.frames[0])))
        return
    rows = [child(options, length) for length in options.frames]
    print("| frames | frames/s | delay, stated | delay, largest | peak memory |")
    print("|---|---|---|---|---|")
    for row in rows:
        stated = f"{row['stated']} frames ({row['stated'] / row['fps']:.2f} s)"
        peak = f"{row['peak'] / MIB:.0f} MiB"
        shown = (row["frames"], f"{row['rate']:.1f}", stated, row["late"], peak)
        print(f"| {' | '.join(map(str, shown))} |")
    ratio = rows[-1]["peak"] / rows[0]["peak"]
    late = any(row["late"] > row["stated"] for row in rows)
    print(f"peak memory {ratio:.3f} x, at most {options.bar:.2f}")
    if options.out is not None:
        options.out.write_text(json.dumps({"command": sys.argv, "rows": rows}, indent=1) + "\n")
    sys.exit(ratio > options.bar or late)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="tgl-mini", help="name or folder")
    parser.add_argument("--frames", type=int, nargs="+", default=[300, 3000], help="lengths")
    parser.add_argument("--size", type=int, default=256, help="height and width in pixels")
    parser.add_argument("--sentences", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0, help="number of the scene")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--bar", type=float, default=1.05)
    parser.add_argument("--out", type=Path, help="file for the figures, as JSON")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def child(options: argparse.Namespace, length: int) -> dict[str, Any]:
    """The figures of one length, measured in a process of its own."""
    command = [sys.executable, __file__, "--child", "--frames", str(length)]
    for name in ("model", "size", "sentences", "seed", "device"):
        command += [f"--{name}", str(getattr(options, name))]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def streamed(options: argparse.Namespace, length: int) -> dict[str, Any]:
    """Push `length` frames, and close the stream."""
    import momentvos
    from momentvos.cli.malloc import map_large_blocks, trimmed
    from momentvos.data.world import render, scene

    map_large_blocks()
    made = scene(options.seed, "test")
    frames, _ = render(made, range(made.length), options.size)
    there_and_back = [*range(made.length), *range(made.length - 2, 0, -1)]
    asked = [one.sentence for one in made.expressions if one.targets][: options.sentences]
    model, late, updates = momentvos.load(options.model, options.device), 0, 0
    stream = model.stream(asked, fps=made.fps)
    stated, push = stream.delay, trimmed(stream.push)
    begun = time.perf_counter()
    for number in range(length):
        for update in push(frames[there_and_back[number % len(there_and_back)]]):
            late, updates = max(late, update.delay), updates + 1
    updates += len(stream.finish())
    seconds = time.perf_counter() - begun
    stream.close()
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "frames": length,
        "sentences": len(asked),
        "updates": updates,
        "fps": made.fps,
        "rate": length / seconds,
        "stated": stated,
        "late": late,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit,
    }


if __name__ == "__main__":
    main()
