"""CPU seconds of a training step of `mini`, beside those of another checkout.

A whole command of few steps is taken from one of more, so that loading and saving do not count.
Checkouts take turns. One thread.

python benchmarks/training_step.py [--beside /path/to/another/src] [--steps 2 10] [--runs 3]
                                   [--json FILE]
python benchmarks/training_step.py --profile [--steps 2 8]    # where the time of later steps goes
"""

import argparse
import contextlib
import io
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[1] / "src"
RECIPE = """\
seed: 1
precision: {precision}
checkpoint: 1000
model: {{preset: mini}}
stages:
  - name: video
    steps: {steps}
    data: {{source: world, size: 128, videos: 1, expressions: 4, workers: 0}}
    clip: {{sampler: window, frames: 16, segment: 10, inside: 8, negatives: 0.3}}
    losses: {{size: 64, object_score: 0.2, relevance: 0.5}}
    optimiser: {{lr: 1.0e-4, weight_decay: 0.05, clip: 1.0}}
"""

KINDS = {
    "linear layers": ("aten::mm", "aten::addmm", "aten::bmm", "aten::mv"),
    "attention, softmax among it": ("aten::_scaled_dot_product",),
    "convolutions": ("aten::mkldnn_convolution", "aten::convolution_backward", "aten::_slow_conv"),
    "GELU": ("aten::gelu",),
    "copies, sums, fills and joins": (
        "aten::copy_",
        "aten::add",
        "aten::sum",
        "aten::fill_",
        "aten::cat",
    ),
    "norms": ("aten::native_layer_norm", "aten::native_group_norm"),
    "rendering videos": ("enumerate(DataLoader)",),
}
"""What PyTorch's operators are, by how their names begin; all others are the rest."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--beside", type=Path, nargs="*", default=[], help="src of other checkouts")
    parser.add_argument("--precision", nargs="+", default=["fp32"], help="fp32, bf16")
    parser.add_argument("--steps", type=int, nargs=2, default=[2, 10], help="few and more")
    parser.add_argument("--runs", type=int, default=3, help="of each; the least counts")
    parser.add_argument("--profile", action="store_true", help="where the time of a step goes")
    parser.add_argument("--json", type=Path, help="also write it there")
    options = parser.parse_args()
    few, more = options.steps
    if options.profile:
        _profile(few, more, options.precision[0])
        return
    ways = [(src, kind) for src in (HERE, *options.beside) for kind in options.precision]
    taken: dict[tuple[Path, str, int], list[float]] = {}
    for _ in range(options.runs):
        for src, kind in ways:
            for steps in (few, more):
                taken.setdefault((src, kind, steps), []).append(_run(src, kind, steps))
    # Of each length the least by itself: the least of differences would be of an unlucky short run.
    least = {way: (min(taken[*way, more]) - min(taken[*way, few])) / (more - few) for way in ways}
    print("| checkout | precision | CPU s a step | x the first |")
    print("| --- | --- | ---: | ---: |")
    first, rows = least[ways[0]], []
    for (src, kind), seconds in least.items():
        name = "this one" if src == HERE else src
        print(f"| {name} | {kind} | {seconds:.2f} | {seconds / first:.2f} |")
        row = {"checkout": str(name), "precision": kind, "CPU s a step": seconds}
        rows.append(row | {"x the first": seconds / first})
    if options.json:
        from record import save

        save(options.json, rows)


def _run(src: Path, precision: str, steps: int) -> float:
    """CPU seconds of a whole command."""
    with tempfile.TemporaryDirectory() as folder:
        recipe = Path(folder, "recipe.yaml")
        recipe.write_text(RECIPE.format(precision=precision, steps=steps))
        run = [sys.executable, "-m", "momentvos", "train"]
        command = [*run, str(recipe), "--output", f"{folder}/out"]
        setting = {"PYTHONPATH": str(src), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            command,
            env=os.environ | setting,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _profile(first: int, last: int, precision: str) -> None:
    """Shares of what a step's seconds go to, after the first ones."""
    import torch
    from torch.profiler import ProfilerActivity, profile

    from momentvos.cli.main import main as momentvos
    from momentvos.training import loop

    torch.set_num_threads(1)
    before, done = loop._Run._step, 0
    seen = profile(activities=[ProfilerActivity.CPU])

    def step(run: Any, *given: Any) -> float:
        nonlocal done
        if done == first:
            # What the profiler writes down would else take memory that the steps left.
            kept = [torch.ones(1 << 18) for _ in range(1500)]
            kept.clear()
            seen.start()
        norm = before(run, *given)
        done += 1
        if done == last:
            seen.stop()
        return norm

    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        recipe = Path(folder, "recipe.yaml")
        recipe.write_text(RECIPE.format(precision=precision, steps=last))
        stack.callback(setattr, loop._Run, "_step", before)
        loop._Run._step = step
        stack.callback(setattr, sys, "argv", sys.argv)
        sys.argv = ["momentvos", "train", str(recipe), "--output", f"{folder}/out"]
        stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
        stack.enter_context(contextlib.suppress(SystemExit))
        momentvos()
    spent = dict.fromkeys((*KINDS, "the rest"), 0.0)
    for one in seen.key_averages():
        kinds = (kind for kind, names in KINDS.items() if one.key.startswith(names))
        spent[next(kinds, "the rest")] += one.self_cpu_time_total
    whole = sum(spent.values())
    print("| of a training step | share |\n| --- | ---: |")
    for kind, microseconds in spent.items():
        print(f"| {kind} | {100 * microseconds / whole:.0f} % |")


if __name__ == "__main__":
    main()
