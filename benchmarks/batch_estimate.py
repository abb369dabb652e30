"""`momentvos estimate` beside real runs of `momentvos batch`.

With --real: short clips of MomentWorld are answered by one process and by several. Compared are
processor seconds, which other work on the machine does not count in: of all processes, and of the
one that has most, which is how long the run would take if each had a core to itself.

With --devices: processes whose device is a clock (they wait as long as a clip is to take) have
their lines written by the real driver of a batch. Compared are the seconds from the clip by which
each process can have had one to the last.

With --nodes: the same clocks as actors of two Ray nodes of this machine (`ray start`), from when
all of them have answered a clip. What Ray needs until then is a column of its own, and no part of
the simulation.

python benchmarks/batch_estimate.py [--real] [--devices] [--nodes] [--clips 12] [--frames 12]
        [--workers 1 2] [--model tgl-mini]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from momentvos.batch import Answer, Ask, Options, Query, Worker, run
from momentvos.batch.cost import Cost
from momentvos.batch.simulation import Cluster, simulate

SENTENCE = "the dog that jumps"
PROGRAM = [sys.executable, "-m", "momentvos"]
ALONE = os.environ | {"OMP_NUM_THREADS": "1"}
DEVICES = ((1, 1.0, 8), (4, 1.0, 32), (8, 1.0, 64), (2, 0.0, 1000), (4, 0.0, 1000))
"""Processes, seconds of a clip, and clips."""
ACTORS = ((1, 4.0, 40), (2, 4.0, 60))
"""Actors of each of two nodes, seconds of a clip, and clips."""
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Clock(Worker):
    """A worker whose device takes so many seconds for a clip, whatever is asked.

    meeting: folder in which so many workers wait for each other before they begin; None: they do
    not wait. Notes say which process has answered.
    """

    seconds: float = 0.0
    meeting: Path | None = None
    count: int = 1

    def setup(self) -> None:
        """Wait until all are there."""
        if self.meeting is None:
            return
        (self.meeting / str(os.getpid())).touch()
        while len(list(self.meeting.iterdir())) < self.count:
            time.sleep(0.01)

    def answers(self, query: Query) -> Iterator[Answer]:
        """Wait, then answer."""
        time.sleep(self.seconds)
        who = (str(os.getpid()),)
        for ask in query.asks:
            yield Answer(ask.id, query.name, ask.sentence, "found", notes=who)


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        if options.real:
            real(Path(folder), options)
        if options.devices:
            devices(Path(folder))
        if options.nodes:
            ray_nodes(Path(folder))


def real(folder: Path, options: argparse.Namespace) -> None:
    """Estimate from the first clip, then run."""
    clips = folder / "clips"
    _render(clips, options.clips, options.frames)
    words = ["estimate", clips / "00.mp4", SENTENCE, "--model", options.model, "--device", "cpu"]
    words += ["--clips", options.clips, "--devices", ",".join(map(str, options.workers)), "-q"]
    estimated = subprocess.run(
        [*PROGRAM, *map(str, words), "--json"], env=ALONE, capture_output=True, check=True
    )
    made = json.loads(estimated.stdout)
    cost = Cost(**{name: made["clip"][name] for name in Cost.__slots__})
    print(f"one clip: {cost}", flush=True)
    print(
        "| processes | of all: estimated | used | of the longest: estimated | used | by the clock |"
    )
    print("| ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
    for count in options.workers:
        cluster = Cluster(count, count, cores=count, on_cores=True)
        longest = simulate(replace(cost, record=0.0, conclude=0.0), options.clips, cluster)
        both = count * cost.load + options.clips * (cost.decode + cost.model)
        used, seconds = _run(clips, folder / f"out-{count}", options.model, count)
        print(
            f"| {count} | {both:.1f} | {sum(used):.1f} | {longest.seconds:.1f} | {max(used):.1f} "
            f"| {seconds:.0f} |",
            flush=True,
        )


def devices(folder: Path) -> None:
    """Runs with clocks for devices, beside the simulation with a line's measured seconds."""
    print("| processes | seconds a clip | clips | a line | estimated | taken | driver busy |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
    for number, (count, seconds, clips) in enumerate(DEVICES):
        line = _line(folder / f"line-{number}")
        ends = _ends(folder / f"clock-{number}", count, seconds, clips)
        line = min(line, _line(folder / f"line-{number}-after"))
        cluster = Cluster(count, count, cores=count)
        cost = Cost(model=seconds, record=line)
        made = simulate(cost, clips, cluster)
        first = simulate(cost, count, cluster).seconds
        print(
            f"| {count} | {seconds:g} | {clips} | {1e3 * line:.2f} ms | {made.seconds - first:.2f} "
            f"| {ends[-1] - ends[0]:.2f} | {100 * made.busy['driver']:.0f} % |",
            flush=True,
        )


def ray_nodes(folder: Path) -> None:
    """Runs on two Ray nodes of this machine with clocks for devices, beside the simulation."""
    sys.path.insert(0, str(ROOT))
    from tests.ray_nodes import nodes

    print("| nodes x actors | seconds a clip | clips | all at work | left | estimated | taken |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
    for number, (each, seconds, clips) in enumerate(ACTORS):
        sockets = folder / f"r{number}"
        sockets.mkdir()
        with nodes(sockets) as cluster:
            for _ in range(2):
                cluster.start(each)
            begun = time.perf_counter()
            ends, who = _by_ray(folder / f"ray-{number}", cluster.address, seconds, clips)
        first = {process: who.index(process) for process in who}
        if len(first) != 2 * each:
            sys.exit(f"Of {2 * each} actors {len(first)} have answered.")
        row = max(first.values())
        left = clips - 1 - row
        cost = Cost(model=seconds, record=_line(folder / f"line-ray-{number}"))
        made = simulate(cost, left, Cluster(2 * each, each, cores=each))
        print(
            f"| 2 x {each} | {seconds:g} | {clips} | {ends[row] - begun:.1f} | {left} "
            f"| {made.seconds:.1f} | {ends[-1] - ends[row]:.1f} |",
            flush=True,
        )


def _by_ray(
    folder: Path, address: str, seconds: float, clips: int
) -> tuple[list[float], list[str]]:
    """When each clip was done, and by which process."""
    queries = [Query(f"/{n}.mp4", f"{n}.mp4", (Ask(f"clip-{n}", SENTENCE),)) for n in range(clips)]
    ends: list[float] = []
    worker = Clock(device="cpu", save="none", threads=1, seconds=seconds)
    options = Options(engine="ray", address=address)
    run(worker, queries, folder, options, lambda *_: ends.append(time.perf_counter()))
    lines = (folder / "manifest.jsonl").read_text().splitlines()
    return ends[1:], [json.loads(line)["notes"][0] for line in lines]


def _ends(folder: Path, count: int, seconds: float, clips: int) -> list[float]:
    """When each clip was done, from the one on by which every process has had one."""
    meeting = folder.with_suffix(".meeting")
    meeting.mkdir()
    queries = [Query(f"/{n}.mp4", f"{n}.mp4", (Ask(f"clip-{n}", SENTENCE),)) for n in range(clips)]
    ends: list[float] = []
    worker = Clock(
        device="cpu", save="none", threads=1, seconds=seconds, meeting=meeting, count=count
    )
    run(
        worker, queries, folder, Options(workers=count), lambda *_: ends.append(time.perf_counter())
    )
    return ends[count:]


def _line(folder: Path) -> float:
    """Seconds of the driver a line, now."""
    from momentvos.batch.measure import driven

    line = Answer("clip", "clip.mp4", SENTENCE, "found")
    return driven(Worker(device="cpu", save="none"), line, folder)[0]


def _run(clips: Path, out: Path, model: str, count: int) -> tuple[list[float], float]:
    """Processor seconds of each process that worked, and seconds of the clock."""
    words = ["batch", clips, "-s", SENTENCE, "-o", out, "--model", model, "--device", "cpu"]
    words += ["--workers", count, "--threads", 1, "-q"]
    used: dict[int, float] = {}
    start = time.perf_counter()
    running = subprocess.Popen([*PROGRAM, *map(str, words)], env=ALONE, stdout=subprocess.DEVNULL)
    while running.poll() is None:
        with suppress(psutil.Error):
            for one in psutil.Process(running.pid).children(recursive=True):
                times = one.cpu_times()
                used[one.pid] = times.user + times.system
        time.sleep(0.05)
    if running.returncode:
        sys.exit("The batch failed: see above.")
    return sorted(used.values())[-count:], time.perf_counter() - start


def _render(folder: Path, clips: int, frames: int) -> None:
    from momentvos.data.world import render, scene
    from momentvos.media import VideoWriter

    folder.mkdir()
    for number in range(clips):
        made = scene(number, "test")
        rgb, _ = render(made, range(frames), 256)
        with VideoWriter(folder / f"{number:02}.mp4", (256, 256), made.fps) as writer:
            for frame in rgb:
                writer.write(frame)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--real", action="store_true", help="processes that compute")
    parser.add_argument("--devices", action="store_true", help="processes that wait")
    parser.add_argument("--nodes", action="store_true", help="actors that wait, on two Ray nodes")
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--frames", type=int, default=12, help="of a clip")
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--model", default="tgl-mini")
    return parser.parse_args()


if __name__ == "__main__":
    main()
