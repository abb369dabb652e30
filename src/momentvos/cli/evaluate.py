"""``momentvos eval``: measure a model on a benchmark."""

from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from momentvos.cli import benchmark, cluster, options
from momentvos.cli.options import Version
from momentvos.cli.streams import print_json

if TYPE_CHECKING:
    from momentvos.batch.evaluation import Cluster
    from momentvos.evaluation.benchmark import Request
    from momentvos.evaluation.outcome import Outcome

app = typer.Typer(no_args_is_help=True, help="Measure a model on a benchmark.")

WORLD = "momentworld"
MADE = ("seed", "size", "world")
"""Options of videos that are made on the spot."""


class Moments(StrEnum):
    """Who says when a sentence holds."""

    model = "model"
    oracle = "oracle"
    all = "all"


@app.callback()
def _benchmarks() -> None:
    pass


@app.command("world")
def evaluate_command(
    context: typer.Context,
    model: options.Model = "tgl-mini",
    split: options.Split = "test",
    videos: benchmark.Videos = None,
    seed: options.Seed = 0,
    moments: Annotated[
        Moments,
        typer.Option(help="Who says when: the model, the ground truth, or nobody (all frames)."),
    ] = Moments.model,
    grounder: options.Grounder = None,
    size: options.Size = 256,
    world: options.World = Version.v1,
    root: options.AnyRoot = None,
    device: options.Device = "auto",
    count: options.Threads = None,
    resolution: options.Resolution = None,
    dtype: options.Dtype = options.DType.float32,
    out: Annotated[
        Path | None, options.out(help="Folder for what it writes; a name like X.json: that file.")
    ] = None,
    shard: benchmark.ShardText = None,
    submit: benchmark.Submit = False,
    incomplete: benchmark.Incomplete = False,
    stop: benchmark.Stop = False,
    engine: cluster.EngineName = cluster.Engine.local,
    address: cluster.Address = None,
    workers: cluster.Workers = None,
    gpus: cluster.Gpus = 1.0,
    no_selection: options.NoSelection = False,
    as_json: options.AsJson = False,
    yes: options.Yes = False,
    quiet: options.Quiet = False,
) -> None:
    """Measure masks, moments and refusals on MomentWorld, videos the package makes itself.

    200 of them by default, or all below --root. -o FOLDER is a run that can be gone on with, and
    has a report; -o X.json is one file with the metrics of every expression.
    """
    from momentvos.cli.activity import announce
    from momentvos.cli.loading import on
    from momentvos.cli.output_paths import check_writable
    from momentvos.cli.pull import ready
    from momentvos.data.world.split import check as check_split
    from momentvos.errors import BenchmarkError, OutputError

    check_split(split)
    part = benchmark.part_of(shard)
    summary = out if out is None or out.suffix == ".json" else None
    if out is not None:
        check_writable(out if summary is None else out.parent)
        if summary is not None and out.is_dir():
            raise OutputError(f"Cannot write {out}: it is a folder. Give -o another name.")
        if summary is not None and not out.parent.is_dir():
            raise OutputError(f"Cannot write {out}: there is no folder {out.parent}.")
    if (out is None or summary is not None) and (submit or part.count > 1):
        raise BenchmarkError("Shards and submissions need a folder of the run: give -o FOLDER.")
    if options.typed(context, "moments") and not options.typed(context, "grounder"):
        grounder = None  # a default of the user's, and what is typed counts
    if grounder is not None and options.typed(context, "moments"):
        raise BenchmarkError("--moments and --grounder both say who says when; give one of them.")
    if root is not None and any(options.typed(context, name) for name in MADE):
        raise BenchmarkError(
            "--seed, --size and --world are of videos made on the spot; leave out --root."
        )

    benchmark.check(WORLD, root, split, model, grounder or moments.value, device)
    asked = cluster.of_evaluation(engine, address, workers, gpus, count)
    ready(model, yes, quiet)
    announce(f"Measuring {model}{on(part.device(device))}", quiet)

    from momentvos.evaluation.benchmark import Request
    from momentvos.evaluation.scenes import WorldSource
    from momentvos.systems.execution import Execution

    request = Request(
        benchmark=WORLD,
        root=root or WorldSource(seed, size, world.value),
        model=model,
        out=out or Path(),
        split=split,
        grounder=grounder or moments.value,
        device=part.device(device),
        shard=part,
        videos=videos,
        stop=stop,
        selection=not no_selection,
        execution=Execution(resolution, dtype.value),
    )
    if out is None or summary is not None:
        _summarise(request, summary, quiet, as_json, asked)
        return
    job, state = benchmark.answer(request, quiet, asked)
    outcome = benchmark.conclude(job, state)
    if outcome is not None:
        _print(outcome, as_json)
        benchmark.close(job, outcome, submit, incomplete)


def _summarise(
    request: "Request",
    path: Path | None,
    quiet: bool,
    as_json: bool,
    asked: "Cluster | None",
) -> None:
    """Print the table, and write the flat JSON file; the first failure ends it."""
    from dataclasses import replace

    from momentvos.evaluation.scenes import WorldSource
    from momentvos.evaluation.summary import flat
    from momentvos.results.text_file import save_json

    with TemporaryDirectory(prefix="momentvos-") as folder:
        alone = replace(request, out=Path(folder), stop=True)
        job, _ = benchmark.answer(alone, quiet, asked)
        outcome = job.outcome()
    if path is not None:
        made = request.root if isinstance(request.root, WorldSource) else None
        facts = {
            "model": request.model,
            "split": request.split,
            "seed": made and made.seed,
            "moments": request.grounder,
            "size": made and made.size,
        }
        if made is not None and made.world != "v1":
            facts["world"] = made.world
        if not request.selection:
            facts["selection"] = "off"
        if str(request.execution) != "float32":
            facts["execution"] = str(request.execution)
        save_json(path, flat(outcome, facts))
    _print(outcome, as_json)


def _print(outcome: "Outcome", as_json: bool) -> None:
    if as_json:
        print_json(outcome.to_json(), indent=1)
        return
    from momentvos.evaluation.report import table

    score = outcome.score
    typer.echo(table({"every kind": score, **score.kinds()}))


benchmark.register(app)
