"""Seconds and main memory of a clip, by model and resolution, each in a process of its own.

The bundled models answer one sentence, as `momentvos estimate` measures it on the sample. Of public
weights it is their engine that follows one object (`sam2_table.py`, with random weights, which cost
what trained ones do). Seconds are those of a processor in one thread, so that other work counts
little.

python benchmarks/clip_cost.py [--seconds 8] [--fps 8] [--minis] [--engines]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

MINIS = (
    ("tgl-mini", 128),
    ("tgl-mini", 192),
    ("tgl-mini", 256),
    ("momentseg-mini", 192),
    ("vrshq-mini", 192),
)
"""Models with sides of their pixels; all three were trained at 192."""
ENGINES = (("edgetam", 512), ("edgetam", 1024), ("tiny", 512), ("base+", 512))
HERE = Path(__file__).parent
VIDEO = "import sys; from pathlib import Path; import sam2_table as t; t._video(Path(sys.argv[1]))"
ROW = """
import json, sys
from pathlib import Path
import torch
from sam2_table import FRAMES, measured
torch.set_num_threads(1)
video, size, side = sys.argv[1:]
print(json.dumps(measured(Path(video), size, int(side), 1, "float32", "cpu", FRAMES)))
"""
"""Programs of processes of their own, so that the peak is the engine's."""


def main() -> None:
    options = _options()
    frames = options.seconds * options.fps
    print(
        f"| model | pixels | CPU s a frame | CPU s a clip of {frames:g} frames | MB at the peak |"
    )
    print("| --- | ---: | ---: | ---: | ---: |", flush=True)
    for model, side in MINIS if options.minis or not options.engines else ():
        seconds, memory = mini(model, side)
        _row(model, side, seconds, frames, memory)
    if options.minis and not options.engines:
        return
    with tempfile.TemporaryDirectory() as folder:
        video = str(Path(folder, "clip.mp4"))
        _said(["-c", VIDEO, video])
        for size, side in ENGINES:
            row = json.loads(_said(["-c", ROW, video, size, str(side)]))
            memory = row["peak GiB so far"] * (1 << 30)
            _row(f"engine, {size}", side, row["CPU s/frame"], frames, memory)


def mini(model: str, side: int) -> tuple[float, float]:
    """Seconds a frame with decoding, and bytes."""
    words = ["-m", "momentvos", "estimate", "--model", model, "--device", "cpu", "-q", "--json"]
    made = json.loads(_said([*words, "--resolution", str(side)]))
    rates = made["measured"]["rates"]
    return rates["decode"] + rates["first"], made["measured"]["peak_memory"]


def _said(words: list[str]) -> str:
    alone = os.environ | {"OMP_NUM_THREADS": "1"}
    made = subprocess.run(
        [sys.executable, *words], env=alone, stdout=subprocess.PIPE, text=True, cwd=HERE
    )
    if made.returncode:
        sys.exit("It failed: see above.")
    return made.stdout


def _row(model: str, side: int, seconds: float, frames: float, memory: float) -> None:
    shown = f"{side} | {seconds:.3g} | {seconds * frames:.3g} | {memory / 1e6:,.0f}"
    print(f"| {model} | {shown} |", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=8.0, help="of a clip")
    parser.add_argument("--fps", type=float, default=8.0, help="frames a second of a clip")
    parser.add_argument("--minis", action="store_true", help="the bundled models alone")
    parser.add_argument("--engines", action="store_true", help="the engines alone")
    return parser.parse_args()


if __name__ == "__main__":
    main()
