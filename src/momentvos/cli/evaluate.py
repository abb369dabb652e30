"""``momentvos eval``: measure a model on a benchmark."""

from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from momentvos.cli import benchmark
from momentvos.cli.options import NoSelection, Version, World, Yes
from momentvos.cli.pull import ready

if TYPE_CHECKING:
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


class Split(StrEnum):
    """A part of MomentWorld."""

    train = "train"
    val = "val"
    test = "test"


@app.callback()
def _benchmarks() -> None:
    pass


@app.command("world")
def evaluate_command(
    context: typer.Context,
    model: benchmark.Model = "tgl-mini",
    split: Annotated[Split, typer.Option(help="Part of MomentWorld.")] = Split.test,
    videos: Annotated[
        int | None,
        typer.Option(min=1, help="How many videos.  [default: 200; with --root all there are]"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Number of the first video.")] = 0,
    moments: Annotated[
        Moments,
        typer.Option(help="Who says when: the model, the ground truth, or nobody (all frames)."),
    ] = Moments.model,
    grounder: Annotated[
        str | None,
        typer.Option(help="In place of --moments: any grounder of docs/grounding.md."),
    ] = None,
    size: Annotated[int, typer.Option(min=32, help="Height and width in pixels.")] = 256,
    world: World = Version.v1,
    root: Annotated[
        Path | None,
        typer.Option(help="Folder that `momentvos world make` has written."),
    ] = None,
    device: benchmark.Device = "auto",
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            help="X.json: also write every expression's metrics there. Another name: folder of the "
            "run, with a report; the same one goes on with it.",
        ),
    ] = None,
    shard: benchmark.ShardText = None,
    submit: benchmark.Submit = False,
    incomplete: benchmark.Incomplete = False,
    stop: benchmark.Stop = False,
    no_selection: NoSelection = False,
    yes: Yes = False,
    quiet: benchmark.Quiet = False,
) -> None:
    """Measure masks, moments and refusals on MomentWorld, videos the package makes itself."""
    from momentvos.cli.output_paths import check_writable
    from momentvos.errors import BenchmarkError, OutputError

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
    if grounder is not None and _given(context, "moments"):
        raise BenchmarkError("--moments and --grounder both say who says when; give one of them.")
    if root is not None and any(_given(context, name) for name in MADE):
        raise BenchmarkError(
            "--seed, --size and --world are of videos made on the spot; leave out --root."
        )

    benchmark.check(WORLD, root, split.value, model, grounder or moments.value, device)
    ready(model, yes, quiet)

    from momentvos.evaluation.benchmark import Request
    from momentvos.evaluation.scenes import WorldSource

    request = Request(
        benchmark=WORLD,
        root=root or WorldSource(seed, size, world.value),
        model=model,
        out=out or Path(),
        split=split.value,
        grounder=grounder or moments.value,
        device=part.device(device),
        shard=part,
        videos=videos,
        stop=stop,
        selection=not no_selection,
    )
    if out is None or summary is not None:
        _summarise(request, summary, quiet)
        return
    job, state = benchmark.answer(request, quiet)
    outcome = benchmark.conclude(job, state)
    if outcome is not None:
        _print(outcome)
        benchmark.close(job, outcome, submit, incomplete)


def _given(context: typer.Context, name: str) -> bool:
    """Whether an option is on the command line."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _summarise(request: "Request", path: Path | None, quiet: bool) -> None:
    """Print the table, and write the flat JSON file; the first failure ends it."""
    from dataclasses import replace

    from momentvos.evaluation.scenes import WorldSource
    from momentvos.evaluation.summary import flat
    from momentvos.results.text_file import save_json

    with TemporaryDirectory(prefix="momentvos-") as folder:
        job, _ = benchmark.answer(replace(request, out=Path(folder), stop=True), quiet)
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
        save_json(path, flat(outcome, facts))
    _print(outcome)


def _print(outcome: "Outcome") -> None:
    from momentvos.evaluation.report import table

    score = outcome.score
    typer.echo(table({"every kind": score, **score.kinds()}))


benchmark.register(app)
