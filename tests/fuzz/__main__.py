"""Mutate what each door reads, for a bounded time, and print a table of how the cases ended.

python -m tests.fuzz [--minutes M] [--cases N] [--seed S] [--keep FOLDER] [DOOR...]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.cases import Tally, fuzz
from tests.fuzz.doors import DOORS


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz",
        description=__doc__.splitlines()[0],
        epilog=f"doors: {', '.join(DOORS)}",
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="for all doors together")
    parser.add_argument("--cases", type=int, default=100, help="mutated files of each door")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same files")
    parser.add_argument("--keep", type=Path, help="folder for the files that ended badly")
    parser.add_argument("doors", nargs="*", metavar="DOOR", help="by default all of them")
    asked = parser.parse_args()
    if unknown := set(asked.doors) - set(DOORS):
        parser.error(f"there is no door {', '.join(sorted(unknown))}; choose {', '.join(DOORS)}")
    if asked.keep is not None:
        asked.keep.mkdir(parents=True, exist_ok=True)
    os.environ.update(HF_HUB_OFFLINE="1", OMP_NUM_THREADS="1")
    end = time.monotonic() + 60 * asked.minutes
    names = asked.doors or list(DOORS)
    print(Tally.HEAD, flush=True)
    whole = Tally("all")
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(names):
            share = (end - time.monotonic()) / (len(names) - number)
            place = Path(folder) / name
            place.mkdir()
            tally = fuzz(name, DOORS[name], asked.cases, asked.seed, share, place, asked.keep)
            print(tally, flush=True)
            whole.add(tally)
    print(whole)
    return int(whole.bad > 0)


if __name__ == "__main__":
    sys.exit(main())
