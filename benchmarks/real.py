"""Models side by side on real videos: pull, run, and a table of quality, seconds and memory.

python benchmarks/real.py --models tracks-cpu samwise-mevis --root /data/mevis --videos 10 --yes
python benchmarks/real.py --models tracks-cpu tracks-small --root my-videos -o real

ROOT is MeViS as it is published (its `valid_u`, or what --benchmark and --split name), or a folder
with `sentences.tsv`, videos and masks: `benchmarks/real_folder.py` says its layout. Public weights
are fetched first, after agreement. The same command goes on where it was stopped, and asks again
what has failed; a video that fails, or that ends its process, is a row with the reason.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from typing import Any

import real_folder

from momentvos.cli.output_paths import check_writable
from momentvos.cli.pull import ready
from momentvos.data.sample import Sample
from momentvos.errors import MomentVOSError
from momentvos.evaluation.benchmark import BenchmarkRun, Request
from momentvos.evaluation.metrics import key
from momentvos.evaluation.outcome import Outcome
from momentvos.evaluation.scores import WorldScore
from momentvos.evaluation.store import writing
from momentvos.results.text_file import save_json, save_text

MIB = 1 << 20
COSTS = "costs.jsonl"
SUMMARY = ("model", "J&F", "J", "F", "tIoU", "no target refused", "expressions", "failed",
           "s / video", "CPU s / video", "peak MiB", "GPU MiB")  # fmt: skip
ROW = ("video", "frames", "model", "J&F", "tIoU", "s", "CPU s", "peak MiB", "GPU MiB", "failed")


class Rest(BenchmarkRun):
    """A run without some videos: those that have been tried in this call. skip: their names."""

    skip: frozenset[str] = frozenset()

    @property
    def todo(self) -> list[Sequence[Sample]]:
        return [group for group in super().todo if group[0].video_id not in self.skip]


@dataclass
class Costs:
    """What a video took. seconds, cpu: of all its expressions. memory, gpu: largest, in bytes."""

    seconds: float = 0.0
    cpu: float = 0.0
    memory: int = 0
    gpu: int = 0

    def add(self, other: dict[str, float]) -> None:
        self.seconds += other["seconds"]
        self.cpu += other["cpu"]
        self.memory = max(self.memory, int(other["memory"]))
        self.gpu = max(self.gpu, int(other["gpu"]))


@dataclass
class Measured:
    """A model's answers, and what they took by video. error: why there are none."""

    model: str
    outcome: Outcome | None
    costs: dict[str, Costs] = field(default_factory=dict)
    error: str = ""


def main() -> int:
    options = arguments()
    real_folder.register()
    if options.child:
        return child(options)
    check_writable(options.out)
    options.out.mkdir(parents=True, exist_ok=True)
    measured = []
    for model in options.models:
        print(f"{model} ...", file=sys.stderr, flush=True)
        measured.append(measure(model, options))
    text = f"{summary(measured)}\n\n{by_video(measured)}"
    print(text)
    save_text(options.out / "results.md", text + "\n")
    save_json(options.out / "results.json", {one.model: to_json(one) for one in measured})
    whole = all(one.outcome is not None and not one.outcome.errors for one in measured)
    return 0 if whole else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="+", required=True, help="names, folders or hub ids")
    parser.add_argument("--root", type=Path, required=True, help="MeViS, or a folder with masks")
    parser.add_argument("--benchmark", help="mevis, folder, or another of `momentvos eval`")
    parser.add_argument("--split", help="of MeViS: valid_u unless you say otherwise")
    parser.add_argument("--videos", type=int, help="only the first so many")
    parser.add_argument("-o", "--out", type=Path, default=Path("real"), help="folder of the runs")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--yes", action="store_true", help="agree to downloads and licences")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--skip", nargs="*", default=[], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.benchmark is None:
        own = (options.root / real_folder.SENTENCES).is_file()
        options.benchmark = real_folder.NAME if own else "mevis"
    return options


def run_of(model: str, options: argparse.Namespace) -> Rest:
    """The run of a model, in a folder of its own."""
    made = Rest(
        Request(
            benchmark=options.benchmark,
            root=options.root,
            model=model,
            out=options.out / model.strip("./").replace("/", "--"),
            split=options.split,
            device=options.device,
            videos=options.videos,
        )
    )
    made.skip = frozenset(options.skip)
    return made


def measure(model: str, options: argparse.Namespace) -> Measured:
    """Let child processes answer until every video has been tried."""
    try:
        ready(model, options.yes, quiet=False)
        run = run_of(model, options)
    except MomentVOSError as error:
        return Measured(model, None, error=str(error))
    tried: list[str] = []
    while run.todo:
        code, said, started = answer(model, options, run, tried)
        run.store.refresh()
        tried += started
        if code and said is not None:  # a model that cannot be loaded fails every time
            return Measured(model, None, error=said)
        if code in (-2, 130):
            raise KeyboardInterrupt
        if not code:
            break
        if not started:
            return Measured(model, None, error=ended(code))
        note_death(run, started[-1], ended(code))
        run.skip = frozenset(tried)
    return Measured(model, run.conclude(), costs_of(run.request.out))


def answer(
    model: str, options: argparse.Namespace, run: Rest, tried: Sequence[str]
) -> tuple[int, str | None, list[str]]:
    """One child process: its exit code, an error that is of no video, videos that it began."""
    command = [sys.executable, __file__, "--child", "--models", model, "--root", options.root]
    command += ["--benchmark", options.benchmark, "-o", options.out, "--device", options.device]
    command += ["--split", options.split] if options.split else []
    command += ["--videos", options.videos] if options.videos else []
    command += ["--skip", *tried]
    process = subprocess.Popen([str(one) for one in command], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said, started = None, []
    with (run.request.out / COSTS).open("a", encoding="utf-8") as costs:
        for line in process.stdout:
            told = json.loads(line)
            said = told.get("error", said)
            if "begins" in told:
                started.append(told["begins"])
                print(f"  {told['begins']}", file=sys.stderr, flush=True)
            elif "costs" in told:
                costs.write(line)
    return process.wait(), said, started


def child(options: argparse.Namespace) -> int:
    """Answer what is left, and tell of each video that begins and of what each has cost."""
    import momentvos
    from momentvos.cli.malloc import map_large_blocks

    map_large_blocks()
    model = options.models[0]
    try:
        run = run_of(model, options)
        loaded = momentvos.load(model, device=options.device) if run.todo else None
    except MomentVOSError as error:
        tell(error=str(error))
        return 2
    watch = Watch(run.todo)
    run.answer(lambda: loaded, watch)
    return 0


class Watch:
    """A report of `BenchmarkRun.answer` that tells when videos begin and what they have cost."""

    def __init__(self, groups: Sequence[Sequence[Sample]]) -> None:
        self._names = [group[0].video_id for group in groups]
        self._begins = [0, *accumulate(map(len, groups))]
        self._place, self._wall, self._cpu = -1, 0.0, 0.0

    def __call__(self, done: int, total: int) -> None:
        place = bisect_right(self._begins, done) - 1
        if place == self._place:
            return
        memory, gpu = peaks()
        wall, cpu = time.perf_counter(), time.process_time()
        if self._place >= 0:
            spent = Costs(wall - self._wall, cpu - self._cpu, memory, gpu)
            tell(video=self._names[self._place], costs=vars(spent))
        self._place, self._wall, self._cpu = place, wall, cpu
        if place < len(self._names):
            tell(begins=self._names[place])


def tell(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


def peaks() -> tuple[int, int]:
    """Most resident bytes and most bytes on a GPU since the last call.

    Without Linux's /proc the first is the most since the process began.
    """
    import resource

    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    memory *= 1 if sys.platform == "darwin" else 1024
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        memory = next(int(one.split()[1]) * 1024 for one in lines if one.startswith("VmHWM"))
        Path("/proc/self/clear_refs").write_text("5")
    except (OSError, StopIteration):
        pass
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return memory, 0
    gpu = int(torch.cuda.max_memory_allocated())
    torch.cuda.reset_peak_memory_stats()
    return memory, gpu


def ended(code: int) -> str:
    """Why a process ended."""
    if code == -9:
        return "its process was killed, as systems do where memory runs out"
    return f"its process ended by signal {-code}" if code < 0 else f"its process ended with {code}"


def note_death(run: Rest, video: str, reason: str) -> None:
    """Keep the unanswered expressions of a video as failed."""
    with writing(run.request.out, run.request.shard.name) as writer:
        for sample in run.samples:
            if sample.video_id == video and not run.store.done(key(sample)):
                names = dict(zip(("video", "expression"), key(sample), strict=True))
                nothing = {"seconds": 0.0, "scores": None, "prediction": None}
                writer.append({**names, "error": reason, **nothing})
    run.store.refresh()


def costs_of(folder: Path) -> dict[str, Costs]:
    """By video, what all calls together have taken."""
    made: dict[str, Costs] = {}
    path = folder / COSTS
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        told = json.loads(line)
        made.setdefault(told["video"], Costs()).add(told["costs"])
    return made


def summary(measured: Iterable[Measured]) -> str:
    """A row for each model."""
    rows = []
    for one in measured:
        if one.outcome is None:
            rows.append([one.model, f"failed: {one.error}", *[""] * (len(SUMMARY) - 2)])
            continue
        score, count = one.outcome.score, max(len(one.costs), 1)
        whole = Costs()
        for cost in one.costs.values():
            whole.add(vars(cost))
        each = replace(whole, seconds=whole.seconds / count, cpu=whole.cpu / count)
        figures = [percent(score.jf), percent(score.j), percent(score.f), tiou(one.outcome, score)]
        counts = [percent(score.refused), f"{score.scored} / {score.expected}"]
        rows.append([one.model, *figures, *counts, str(len(one.outcome.errors)), *cells(each)])
    return markdown(SUMMARY, rows)


def by_video(measured: Iterable[Measured]) -> str:
    """A row for each video and model."""
    rows = []
    for one in measured:
        groups: dict[str, list[Sample]] = {}
        for sample in () if one.outcome is None else one.outcome.samples:
            groups.setdefault(sample.video_id, []).append(sample)
        for video, samples in groups.items():
            assert one.outcome is not None
            score = one.outcome.of(samples)
            errors = [one.outcome.errors[key(s)] for s in samples if key(s) in one.outcome.errors]
            reason = f"{len(errors)} of {len(samples)}: {errors[0]}" if errors else ""
            quality = [percent(score.jf), tiou(one.outcome, score)]
            spent = cells(one.costs.get(video, Costs()))
            rows.append([video, str(samples[0].length), one.model, *quality, *spent, reason])
    return markdown(ROW, rows)


def cells(costs: Costs) -> list[str]:
    figures = [f"{costs.seconds:.1f}", f"{costs.cpu:.1f}", f"{costs.memory / MIB:.0f}"]
    return [*(figures if costs.memory else "---"), f"{costs.gpu / MIB:.0f}" if costs.gpu else "-"]


def percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def tiou(outcome: Outcome, score: WorldScore) -> str:
    """Mean tIoU of the expressions whose moment is known."""
    known = {key(one) for one in outcome.samples if one.timed}
    values = [one.tiou for one in score.targets if (one.video, one.expression) in known]
    there = [value for value in values if value is not None]
    return f"{sum(there) / len(there):.3f}" if there else "-"


def to_json(one: Measured) -> dict[str, Any]:
    if one.outcome is None:
        return {"error": one.error}
    costs = {video: vars(cost) for video, cost in one.costs.items()}
    return {**one.outcome.to_json(), "costs": costs}


def markdown(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "/") for cell in line) + " |" for line in lines
    )


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MomentVOSError as problem:
        print(f"Error: {problem}", file=sys.stderr)
        sys.exit(2)
