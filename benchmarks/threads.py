"""What threads and their way of waiting cost: the demo on this machine, idle and busy.

Busy means that one other program computes on each core. Time is that of the clock, and what the
program takes of the processor.

python benchmarks/threads.py [--model tgl-mini] [--runs 1] [--threads 1 2]
                             [--json FILE]
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

CLIP = str(Path(__file__).parents[1] / "samples" / "demo.mp4")
SENTENCE = Path(CLIP).with_suffix(".txt").read_text("utf-8").strip()
"""The sample's own, as `momentvos demo` asks it: one about nothing would skip the tracking."""
SPIN = "while True: sum(range(10**6))"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--model", default="tgl-mini")
    options.add_argument("--runs", type=int, default=1, help="processes per line")
    options.add_argument("--threads", type=int, nargs="+", default=[1, os.cpu_count() or 1])
    options.add_argument("--busy-only", action="store_true", help="leave out the idle machine")
    options.add_argument("--json", type=Path, help="also write it there")
    given = options.parse_args()
    rows: list[dict[str, object]] = []
    print("| machine | threads | they wait | seconds | of the processor |")
    print("| --- | ---: | --- | ---: | ---: |")
    for busy in (True,) if given.busy_only else (False, True):
        for threads in given.threads:
            for policy in ("PASSIVE", "ACTIVE") if threads > 1 else ("PASSIVE",):
                runs = [_run(given.model, threads, policy, busy) for _ in range(given.runs)]
                seconds, used = (statistics.median(one) for one in zip(*runs, strict=True))
                wait = "asleep" if policy == "PASSIVE" else "spinning"
                print(
                    f"| {'busy' if busy else 'idle'} | {threads} | {wait} | {seconds:.0f} | "
                    f"{used:.0f} |",
                    flush=True,
                )
                row = {"machine": "busy" if busy else "idle", "threads": threads, "they wait": wait}
                rows.append(row | {"seconds": seconds, "of the processor": used})
    if given.json:
        from record import save

        save(given.json, rows)


def _run(model: str, threads: int, policy: str, busy: bool) -> tuple[float, float]:
    environment = os.environ | {"OMP_WAIT_POLICY": policy}
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        for _ in range(os.cpu_count() or 1 if busy else 0):
            other = subprocess.Popen([sys.executable, "-c", SPIN])
            stack.callback(other.wait)
            stack.callback(other.kill)
        start = time.perf_counter()
        words = ["run", CLIP, SENTENCE, "-o", folder, "--model", model, "-q"]
        running = subprocess.Popen(
            [sys.executable, "-m", "momentvos", *words, "--threads", str(threads)],
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(running.pid, 0)
        seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"momentvos ended with {status}")
    return seconds, _used(usage)


def _used(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
