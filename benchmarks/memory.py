"""Peak memory of `momentvos run` on a long video against a short one of the same size.

python benchmarks/memory.py --frames 300 3000 [--json FILE]
python benchmarks/memory.py --frames 300 3000 --watch 20    # and what is resident on the way

Ends with exit code 1 where the ratio is above --bar.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from threading import Thread
from typing import Any

from momentvos.data.world import Scene, render, scene
from momentvos.media import VideoWriter

MIB = 1 << 20


def main() -> None:
    options = arguments()
    made = scene(options.seed, "test")
    sentence = next(one.sentence for one in made.expressions if one.targets)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        for length in options.frames:
            video = Path(folder) / f"{length}.mp4"
            write_video(video, made, length, options.size)
            peak, seconds = run(video, sentence, folder, options)
            row = {"frames": length, "peak MiB": peak / MIB, "frames/s": length / seconds}
            rows.append(row | {"model": options.model, "as published": options.no_selection})
            print(f"{length:6} frames  {peak / MIB:8.1f} MiB  {length / seconds:6.1f} frames/s")
    ratio = rows[-1]["peak MiB"] / rows[0]["peak MiB"]
    print(f"ratio {ratio:.3f}, at most {options.bar:.2f}")
    if options.json:
        from record import save

        rows[-1] |= {"ratio": ratio, "bar": options.bar}
        save(options.json, rows)
    sys.exit(ratio > options.bar)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="tgl-mini", help="name or folder")
    parser.add_argument("--frames", type=int, nargs=2, default=[300, 3000], help="short and long")
    parser.add_argument("--size", type=int, default=256, help="height and width in pixels")
    parser.add_argument("--seed", type=int, default=0, help="number of the scene")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--no-selection", action="store_true", help="the model as published")
    parser.add_argument("--moment", help="passed on, as `all`; by default the model finds it")
    parser.add_argument("--bar", type=float, default=1.10)
    parser.add_argument("--watch", type=float, help="print what is resident every so many seconds")
    parser.add_argument("--json", type=Path, help="also write it there")
    return parser.parse_args()


def write_video(path: Path, made: Scene, length: int, size: int) -> None:
    """Write the scene again and again, forwards and backwards, until it has `length` frames."""
    frames, _ = render(made, range(made.length), size)
    there_and_back = [*range(made.length), *range(made.length - 2, 0, -1)]
    with VideoWriter(path, (size, size), made.fps) as writer:
        for number in range(length):
            writer.write(frames[there_and_back[number % len(there_and_back)]])


def run(video: Path, sentence: str, folder: str, options: argparse.Namespace) -> tuple[int, float]:
    """Peak resident memory in bytes and seconds of one `momentvos run` of its own process."""
    command = [sys.executable, "-m", "momentvos", "run", str(video), sentence, "--quiet"]
    command += ["--model", options.model, "--device", options.device]
    command += ["-o", f"{folder}/out-{video.stem}"]
    command += ["--moment", options.moment] if options.moment else []
    command += ["--no-selection"] if options.no_selection else []
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    if options.watch:
        Thread(target=watch, args=(process.pid, options.watch), daemon=True).start()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"momentvos run ended with exit code {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return usage.ru_maxrss * unit, seconds


def watch(process: int, seconds: float) -> None:
    """Print what of a process is resident, and the most so far, until it ends."""
    start = time.perf_counter()
    while True:
        time.sleep(seconds)
        try:
            text = Path(f"/proc/{process}/status").read_text()
        except OSError:
            return
        fields = dict(line.split(":", 1) for line in text.splitlines())
        sizes = [fields.get(name, "").split() for name in ("VmRSS", "RssAnon", "VmHWM")]
        if not all(sizes):  # it has ended
            return
        now, anonymous, most = (int(size[0]) / 1024 for size in sizes)
        print(
            f"{time.perf_counter() - start:8.0f} s  {now:8.1f} MiB, {anonymous:.1f} of it no file, "
            f"at most {most:.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
