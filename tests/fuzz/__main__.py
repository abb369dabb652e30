"""`python -m tests.fuzz [--cases N] [--seed S] [DOOR...]`: mutate what each door reads."""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.fuzz import fork, mutate
from tests.fuzz.doors import DOORS, Door


def fuzz(name: str, door: Door, cases: int, seed: int, keep: Path | None) -> Counter[str]:
    """Run the cases of a door; print each bad end of another kind once."""
    ends: Counter[str] = Counter()
    seen: set[str] = set()
    with tempfile.TemporaryDirectory() as place:
        sound = Path(place) / "sound"
        sound.mkdir()
        door.make(sound)
        door.use(_copy(sound, Path(place) / "warm"))
        files = [(one, mutate.STRUCTURED) for one in door.files]
        files += [(one, mutate.BYTES) for one in door.plain]
        for number in range(cases):
            rng = random.Random(f"{name}/{seed}/{number}")
            file, mutators = rng.choice(files)
            how = rng.choice(mutators)
            case = _copy(sound, Path(place) / "case")
            content = how((case / file).read_bytes(), rng)
            (case / file).unlink()
            (case / file).write_bytes(content)
            begun = time.monotonic()
            end = fork.run(lambda case=case: door.use(case), door.seconds)
            ends[end.kind] += 1
            kind = f"{end.kind} {end.text.split(' at ')[-1][:80]}"
            if not end.good and kind not in seen:
                seen.add(kind)
                print(
                    f"{name} {number} {how.__name__} {file} {time.monotonic() - begun:.1f} s: "
                    f"{end.kind} {end.text}",
                    flush=True,
                )
                if keep is not None:
                    kept = keep / f"{name}-{seed}-{number}-{Path(file).name}"
                    kept.write_bytes(content)
    return ends


def _copy(sound: Path, to: Path) -> Path:
    """A copy; files are linked, so whoever changes one removes it first."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(sound, to, copy_function=lambda a, b: Path(b).hardlink_to(a))
    return to


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for the files that failed")
    parser.add_argument("doors", nargs="*", choices=[*DOORS, []], default=[])
    asked = parser.parse_args()
    if asked.keep is not None:
        asked.keep.mkdir(parents=True, exist_ok=True)
    bad = 0
    for name in asked.doors or DOORS:
        ends = fuzz(name, DOORS[name], asked.cases, asked.seed, asked.keep)
        print(name, dict(ends), flush=True)
        bad += ends["fault"] + ends["killed"]
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
