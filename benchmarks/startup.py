"""How long `momentvos --help` takes, as a user feels it: whole processes, the median of several.

python benchmarks/startup.py [--runs 15]
"""

import argparse
import statistics
import subprocess
import sys
import time

BAR = 0.5


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--runs", type=int, default=15, help="processes per command")
    runs = options.parse_args().runs
    worst = 0.0
    for words in (["--help"], ["--version"], ["run", "--help"]):
        seconds = statistics.median(_seconds(words) for _ in range(runs))
        worst = max(worst, seconds)
        print(f"momentvos {' '.join(words):<12} {seconds * 1000:6.0f} ms")
    print(f"bar {BAR * 1000:.0f} ms")
    return int(worst >= BAR)


def _seconds(words: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "momentvos", *words], check=True, capture_output=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
