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
    ("momentseg-mini", None),
    ("vrshq-mini", None),
)
"""Models with sides of their pixels; None: what they were trained at."""
ENGINES = (("edgetam", 512), ("edgetam", 1024), ("tiny", 512), ("base+", 512), ("tiny", 1024))
HERE = Path(__file__).parent


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
    for size, side in ENGINES if options.engines or not options.minis else ():
        seconds, memory = engine(size, side)
        _row(f"engine, {size}", side, seconds, frames, memory)


def mini(model: str, side: int | None) -> tuple[float, float]:
    """Seconds a frame with decoding, and bytes."""
    words = ["-m", "momentvos", "estimate", "--model", model, "--device", "cpu", "-q", "--json"]
    made = json.loads(_said([*words, *(["--resolution", str(side)] if side else [])]))
    rates = made["measured"]["rates"]
    return rates["decode"] + rates["first"], made["measured"]["peak_memory"]


def engine(size: str, side: int) -> tuple[float, float]:
    """Seconds a frame with decoding, and bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows.json")
        words = [str(HERE / "sam2_table.py"), "--sizes", size, "--sides", str(side)]
        _said([*words, "--objects", "1", "--modes", "float32", "--json", str(path)])
        (row,) = json.loads(path.read_text())["rows"]
    return row["CPU s/frame"], row["peak GiB so far"] * (1 << 30)


def _said(words: list[str]) -> str:
    alone = os.environ | {"OMP_NUM_THREADS": "1"}
    made = subprocess.run([sys.executable, *words], env=alone, stdout=subprocess.PIPE, text=True)
    if made.returncode:
        sys.exit("It failed: see above.")
    return made.stdout


def _row(model: str, side: int | None, seconds: float, frames: float, memory: float) -> None:
    shown = f"{side or 'its own'} | {seconds:.3g} | {seconds * frames:.3g} | {memory / 1e6:,.0f}"
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
