"""``momentvos eval BENCHMARK``: run a model over a benchmark; resumable, in shards."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentvos.cli import cluster, complete, options
from momentvos.cli.streams import print_json
from momentvos.evaluation.benchmarks import BENCHMARKS

if TYPE_CHECKING:
    from momentvos.batch.evaluation import Cluster
    from momentvos.evaluation.benchmark import BenchmarkRun, Request, State
    from momentvos.evaluation.outcome import Outcome
    from momentvos.evaluation.shard import Shard

SHOWN = 20
"""Most faults that are listed on the terminal."""

ShardText = Annotated[
    str | None,
    typer.Option("--shard", help="Only this part, i/n; by default what `accelerate launch` says."),
]
Submit = Annotated[bool, typer.Option("--submit", help="Also write the zip that the server takes.")]
Incomplete = Annotated[bool, typer.Option("--incomplete", help="Let the zip lack what failed.")]
Stop = Annotated[bool, typer.Option("--stop", help="End at the first expression that fails.")]
Videos = Annotated[
    int | None, typer.Option(min=1, help="Only the first so many videos.  [default: all]")
]


def register(app: typer.Typer) -> None:
    """One command per benchmark, and the one that scores predictions on disk."""
    for one in BENCHMARKS.values():
        app.command(one.name, help=f"Run a model over {one.name}: {one.about}.")(run)
    app.command("score")(score)


def run(
    context: typer.Context,
    root: options.Root,
    model: options.Model = "tgl-mini",
    split: options.AnySplit = None,
    grounder: options.Grounder = None,
    out: Annotated[Path | None, options.out("eval/BENCHMARK-SPLIT-MODEL-GROUNDER")] = None,
    shard: ShardText = None,
    submit: Submit = False,
    incomplete: Incomplete = False,
    videos: Videos = None,
    stop: Stop = False,
    engine: cluster.EngineName = cluster.Engine.local,
    address: cluster.Address = None,
    workers: cluster.Workers = None,
    gpus: cluster.Gpus = 1.0,
    no_selection: options.NoSelection = False,
    device: options.Device = "auto",
    count: options.Threads = None,
    resolution: options.Resolution = None,
    dtype: options.Dtype = options.DType.float32,
    as_json: options.AsJson = False,
    yes: options.Yes = False,
    quiet: options.Quiet = False,
) -> None:
    """Run a model over a benchmark."""
    from momentvos.cli.activity import announce
    from momentvos.cli.loading import on
    from momentvos.cli.output_paths import check_writable
    from momentvos.cli.pull import ready
    from momentvos.evaluation.benchmarks import benchmark
    from momentvos.paths import slug
    from momentvos.systems.execution import Execution

    execution = Execution(resolution, dtype.value)
    grounder = grounder or "model"
    known, part = benchmark(context.info_name or ""), part_of(shard)
    if out is None:
        parts = [known.name, known.split(split), Path(model).name, grounder]
        parts += ["no selection"] if no_selection else []
        parts += [] if execution == Execution() else [str(execution)]
        out = Path("eval") / "-".join(slug(text) for text in parts)
    check_writable(out)
    if submit:
        _ = known.submission
    check(known.name, root, split, model, grounder, device)
    asked = cluster.of_evaluation(engine, address, workers, gpus, count)
    ready(model, yes, quiet)
    announce(f"Measuring {model}{on(part.device(device))}", quiet)
    from momentvos.evaluation.benchmark import Request

    request = Request(
        benchmark=known.name,
        root=root,
        model=model,
        out=out,
        split=split,
        grounder=grounder,
        device=part.device(device),
        shard=part,
        videos=videos,
        stop=stop,
        selection=not no_selection,
        execution=execution,
    )
    job, state = answer(request, quiet, asked)
    outcome = conclude(job, state)
    if outcome is not None:
        _print(outcome, as_json)
        close(job, outcome, submit, incomplete)


def check(
    name: str, root: Path | None, split: str | None, model: str, grounder: str, device: str
) -> None:
    """Raise for what can be seen before anything heavy is imported."""
    from momentvos.grounding.spec import parse
    from momentvos.hub.load import check_model
    from momentvos.reachable import check_device
    from momentvos.systems.pretrained import check_grounder

    check_device(device)
    check_model(model)
    check_grounder(parse(grounder))
    if root is not None:
        from momentvos.data.formats import dataset

        dataset(name).check(root, split)


def part_of(text: str | None) -> "Shard":
    """The shard of --shard, or what a launcher says."""
    from momentvos.evaluation.shard import Shard

    return Shard.here() if text is None else Shard.parse(text)


def answer(
    request: "Request", quiet: bool, asked: "Cluster | None" = None
) -> tuple["BenchmarkRun", "State"]:
    """Answer this process's shard, with a progress bar. asked: the cluster that is to do it."""
    from momentvos.cli.progress import progress_bar
    from momentvos.evaluation.benchmark import BenchmarkRun

    job, part = BenchmarkRun(request), request.shard

    def load() -> object:
        import momentvos

        return momentvos.load(request.model, device=request.device, **asdict(request.execution))

    with progress_bar(quiet or (part.launched and part.place > 0), unit="expressions") as bar:

        def report(done: int, total: int) -> None:
            bar("answering", done, total)

        if asked is None:
            return job, job.answer(load, report)
        from momentvos.batch.evaluation import by_ray

        return job, job.answer_by(by_ray(job.task, job.store.done, asked, report))


def conclude(job: "BenchmarkRun", state: "State") -> "Outcome | None":
    """Join all parts; None where that is for another process.

    Exits with code 1 where expressions of an unfinished run have failed.
    """
    part, out = job.request.shard, job.request.out
    if state.missing:
        typer.echo(
            f"Shard {part.number}/{part.count} is done; {state.missing} of {state.expected} "
            f"expressions are for others to answer. The metrics appear in {out} with the last.",
            err=True,
        )
        if not part.launched:  # a launcher would end the other processes as well
            _end(state.failed, state.asked)
        return None
    if part.launched and part.number > 1 and not state.asked:
        return None  # all was there before: one process is enough to say so
    return job.conclude()


def close(job: "BenchmarkRun", outcome: "Outcome", submit: bool, incomplete: bool) -> None:
    """Name the files of a whole run, write the server's zip, and end with the run's exit code."""
    out = job.request.out
    if outcome.left_out:
        typer.echo(
            f"{outcome.left_out} expressions without a target were not asked: the oracle would "
            "answer them itself.",
            err=True,
        )
    typer.echo(f"written: {out / 'report.html'} and {out / 'results.json'}", err=True)
    if submit:
        path, count = job.submit(incomplete)
        layout = job.benchmark.submission
        kind = "lines" if layout.lines else "pictures"
        typer.echo(f"written: {path}, {count} {kind} for {layout.about}", err=True)
    _end(len(outcome.errors), len(outcome.samples))


def score(
    predictions: Annotated[
        Path,
        typer.Argument(
            help="Folder with VIDEO/EXPRESSION/FRAME.png or VIDEO/EXPRESSION/prediction.json, or "
            "a file with a line of JSON for each answer."
        ),
    ],
    root: options.Root,
    benchmark: Annotated[
        str,
        typer.Option(help=f"One of {', '.join(BENCHMARKS)}.", autocompletion=complete.benchmarks),
    ],
    split: options.AnySplit = None,
    out: Annotated[Path | None, options.out()] = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Score predictions that anyone's code has written, and name every file that is amiss.

    With -o it also writes results.json and report.html.
    """
    from momentvos.cli.output_paths import check_writable
    from momentvos.data.formats import dataset
    from momentvos.evaluation.benchmarks import benchmark as known

    if out is not None:
        check_writable(out)
    dataset(known(benchmark).name).check(root, split)

    from momentvos.cli.progress import progress_bar
    from momentvos.evaluation.score_folder import score_predictions

    with progress_bar(quiet, unit="expressions") as report:
        scoring = score_predictions(
            predictions,
            benchmark,
            root,
            split,
            lambda done, total: report("scoring", done, total),
        )
    for fault in scoring.faults[:SHOWN]:
        typer.echo(str(fault), err=True)
    if len(scoring.faults) > SHOWN:
        typer.echo(f"and {len(scoring.faults) - SHOWN} more", err=True)
    _print(scoring.outcome, as_json)
    if out is not None:
        scoring.save(out)
        typer.echo(f"written: {out / 'report.html'} and {out / 'results.json'}", err=True)
    if scoring.outcome.errors:
        total, amiss = len(scoring.outcome.samples), len(scoring.outcome.errors)
        typer.secho(f"{amiss} of {total} expressions could not be scored.", fg="red", err=True)
        raise typer.Exit(1)


def _print(outcome: "Outcome", as_json: bool) -> None:
    if as_json:
        print_json(outcome.to_json(), indent=1)
        return
    from momentvos.evaluation.report import official_table, table

    parts = [official_table(name, metrics) for name, metrics in outcome.metrics.items()]
    parts += outcome.notes
    if outcome.rows:
        whole, kinds = outcome.score, outcome.score.kinds()
        parts.append(table({"all": whole, **(kinds if len(kinds) > 1 else {})}))
    if outcome.unscored:
        parts.append(
            f"{len(outcome.unscored)} of {len(outcome.samples)} expressions are answered; their "
            "masks are not public."
        )
    typer.echo("\n\n".join(parts))


def _end(failed: int, asked: int) -> None:
    """Exit code 1 where expressions have failed."""
    if failed:
        typer.secho(
            f"{failed} of {asked} expressions failed; see the errors in the results, and run again "
            "to ask them once more.",
            fg="red",
            err=True,
        )
        raise typer.Exit(1)
