"""The bundled model on MomentWorld, beside what it could reach and what needs no model.

python benchmarks/tgl_mini.py --videos 200 --json outputs/tgl-mini.json

Rows: moments by TAM, the same where each frame decides alone (no track selection), and then with
the decoder's masks as they are (no guided filter either), the model as published (frames of M+ read
memory as well), oracle moments, all frames, the trivial rule (perfect masks of every object of the
named category, at all times) and the same model without training. With --no-selection: the first
row, and the model as published beside it.
"""

import argparse
import os
import platform
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from published import row_name

from momentvos.data.world.version import VERSIONS
from momentvos.evaluation.report import table
from momentvos.evaluation.scores import WorldScore, join
from momentvos.results.text_file import save_json

ROWS = {
    "tam": "moments by TAM",
    "alone": "moments by TAM, no track selection",
    "plain": "moments by TAM, no track selection, no guided filter",
    "published": "as published",
    "oracle": "oracle moments",
    "all": "all frames",
    "rule": "trivial rule: all of the named category",
    "untrained": "untrained, moments by TAM",
}
OFF = {
    "alone": (("selection", None),),
    "plain": (("selection", None), ("guided_radius", 0)),
}
SHARD = 5


def main() -> None:
    options = arguments()
    videos = range(options.seed, options.seed + options.videos)
    jobs = [
        (
            row,
            options.model,
            options.split,
            part[0],
            len(part),
            options.size,
            options.device,
            options.world,
        )
        for row in options.rows
        for part in (videos[at : at + SHARD] for at in range(0, len(videos), SHARD))
    ]
    parts: dict[str, list[WorldScore]] = {row: [] for row in options.rows}
    with ProcessPoolExecutor(
        options.workers, get_context("spawn"), limit_threads, (options.workers,)
    ) as pool:
        for number, (job, score) in enumerate(zip(jobs, pool.map(shard, jobs), strict=True)):
            parts[job[0]].append(score)
            print(f"\r{number + 1} of {len(jobs)} parts", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    scores = {row: join(parts[row]) for row in options.rows}
    place = f"MomentWorld {options.world} {options.split}"
    print(f"{options.model} on {place}, {options.videos} videos\n")
    names = ROWS | {"published": row_name(options.model)}
    print(table({names[row]: score for row, score in scores.items()}))
    for row, score in scores.items():
        if score.jf_error is not None:
            print(f"\nStandard error of J&F over videos, {names[row]}: {100 * score.jf_error:.1f}")
    for row, score in scores.items():
        if row != "rule":
            print(f"\nBy kind of expression, {names[row]}:\n")
            print(table(score.kinds()))
    if options.json:
        save_json(
            options.json,
            {
                **{name: value for name, value in vars(options).items() if name != "json"},
                "machine": machine(),
                "results": {row: score.to_json() for row, score in scores.items()},
            },
        )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="tgl-mini", help="name or folder")
    parser.add_argument("--split", default="test")
    parser.add_argument("--world", default="v1", choices=list(VERSIONS), help="version")
    parser.add_argument("--videos", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0, help="number of the first video")
    parser.add_argument("--size", type=int, default=256, help="height and width in pixels")
    parser.add_argument("--rows", nargs="+", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--no-selection", action="store_true", help="only with it and as published")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--json", type=Path, help="also write every expression's metrics here")
    options = parser.parse_args()
    if options.no_selection:
        options.rows = ["tam", "published"]
    return options


def limit_threads(workers: int) -> None:
    import torch

    torch.set_num_threads(max(1, torch.get_num_threads() // workers))


def shard(job: tuple[str, str, str, int, int, int, str, str]) -> WorldScore:
    from momentvos.evaluation.world import evaluate_category_rule, evaluate_world

    row, name, split, seed, videos, size, device, world = job
    if row == "rule":
        return evaluate_category_rule(split, videos, seed, size, world=world)
    model = load(name, device, trained=row != "untrained", off=OFF.get(row, ()))
    moments = row if row in ("oracle", "all") else "model"
    selection = False if row == "published" else None
    return evaluate_world(
        model, split, videos, seed, moments, size, selection=selection, world=world
    )


@cache
def load(name: str, device: str, trained: bool, off: tuple[tuple[str, object], ...]):
    import torch

    import momentvos
    from momentvos.systems.tgl.pretrain.init_weights import init_weights

    model = momentvos.load(name, device=device)
    for switch, value in off:
        setattr(model.config, switch, value)
    if trained:
        return model
    torch.manual_seed(0)
    untrained = type(model)(model.config)
    init_weights(untrained)
    untrained.tokenizer = model.tokenizer
    return untrained.to(model.device).eval()


def machine() -> dict[str, str | int | None]:
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cores": os.cpu_count(),
        "gpu": gpu,
    }


if __name__ == "__main__":
    main()
