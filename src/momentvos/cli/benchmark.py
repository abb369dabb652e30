"""``momentvos eval BENCHMARK``: run a model over a benchmark on disk; resumable, in shards."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentvos.evaluation.benchmarks import BENCHMARKS

if TYPE_CHECKING:
    from momentvos.evaluation.outcome import Outcome

SHOWN = 20
"""Most faults that are listed on the terminal."""


def register(app: typer.Typer) -> None:
    """One command per benchmark, and the one that scores predictions on disk."""
    for one in BENCHMARKS.values():
        app.command(one.name, help=f"Run a model over {one.name}: {one.about}.")(run)
    app.command("score")(score)


def run(
    context: typer.Context,
    root: Annotated[Path, typer.Option(help="Folder of the data set.")],
    model: Annotated[
        str, typer.Option(help="A name that `momentvos models` lists, a folder, or a hub id.")
    ] = "tgl-mini",
    split: Annotated[str | None, typer.Option(help="Part of the data set.")] = None,
    grounder: Annotated[
        str,
        typer.Option(
            help="Who says when: model, oracle (the truth), all (every frame), a moment such as "
            "40:62 or 3.2s-5.0s, or another grounder of docs/grounding.md."
        ),
    ] = "model",
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            help="Folder of the run; the same one goes on with it.  "
            "[default: eval/BENCHMARK-SPLIT-MODEL-GROUNDER]",
        ),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(help="i/n: only this part; by default what `accelerate launch` says."),
    ] = None,
    submit: Annotated[
        bool, typer.Option("--submit", help="Also write the zip that the server takes.")
    ] = False,
    incomplete: Annotated[
        bool, typer.Option("--incomplete", help="Let the zip lack what failed.")
    ] = False,
    videos: Annotated[
        int | None, typer.Option(min=1, help="Only the first so many videos.")
    ] = None,
    stop: Annotated[
        bool, typer.Option("--stop", help="End at the first expression that fails.")
    ] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress bar.")] = False,
) -> None:
    """Run a model over a benchmark."""
    from momentvos.cli.output_paths import check_writable, slug
    from momentvos.evaluation.benchmark import BenchmarkRun, Request
    from momentvos.evaluation.benchmarks import benchmark
    from momentvos.evaluation.shard import Shard

    known = benchmark(context.info_name or "")
    part = Shard.here() if shard is None else Shard.parse(shard)
    if out is None:
        parts = (known.name, known.split(split), Path(model).name, grounder)
        out = Path("eval") / "-".join(slug(text) for text in parts)
    check_writable(out)
    if submit:
        _ = known.submission
    place = part.device(device)
    request = Request(known.name, root, model, out, split, grounder, place, part, videos, stop)
    job = BenchmarkRun(request)

    def load() -> object:
        import momentvos

        return momentvos.load(model, device=place)

    from momentvos.cli.progress import progress_bar

    with progress_bar(quiet or (part.launched and part.place > 0), unit="expressions") as report:
        state = job.answer(load, lambda done, total: report("answering", done, total))
    if state.missing:
        typer.echo(
            f"Shard {part.number}/{part.count} is done; {state.missing} of {state.expected} "
            f"expressions are for others to answer. The figures appear in {out} with the last.",
            err=True,
        )
        if not part.launched:  # a launcher would end the other processes as well
            _end(state.failed, state.asked)
        return
    if part.launched and part.number > 1 and not state.asked:
        return  # all was there before: one process is enough to say so
    outcome = job.conclude()

    _print(outcome)
    if outcome.left_out:
        typer.echo(
            f"{outcome.left_out} expressions without a target were not asked: the oracle would "
            "answer them itself.",
            err=True,
        )
    typer.echo(f"written: {out / 'report.html'} and {out / 'results.json'}", err=True)
    if submit:
        path, count = job.submit(incomplete)
        kind = "lines" if known.submission.lines else "pictures"
        typer.echo(f"written: {path}, {count} {kind} for {known.submission.about}", err=True)
    _end(len(outcome.errors), len(job.samples))


def score(
    predictions: Annotated[
        Path,
        typer.Argument(
            help="Folder with VIDEO/EXPRESSION/FRAME.png or VIDEO/EXPRESSION/prediction.json."
        ),
    ],
    root: Annotated[Path, typer.Option(help="Folder of the data set.")],
    benchmark: Annotated[str, typer.Option(help=f"One of {', '.join(BENCHMARKS)}.")],
    split: Annotated[str | None, typer.Option(help="Part of the data set.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Also write results.json and report.html there."),
    ] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress bar.")] = False,
) -> None:
    """Score predictions that anyone's code has written, and name every file that is amiss."""
    from momentvos.cli.output_paths import check_writable
    from momentvos.cli.progress import progress_bar
    from momentvos.evaluation.scoring import score_predictions

    if out is not None:
        check_writable(out)
    with progress_bar(quiet, unit="expressions") as report:
        found = score_predictions(
            predictions,
            benchmark,
            root,
            split,
            lambda done, total: report("scoring", done, total),
        )
    for fault in found.faults[:SHOWN]:
        typer.echo(str(fault), err=True)
    if len(found.faults) > SHOWN:
        typer.echo(f"and {len(found.faults) - SHOWN} more", err=True)
    _print(found.outcome)
    if out is not None:
        found.save(out)
        typer.echo(f"written: {out / 'report.html'} and {out / 'results.json'}", err=True)
    if found.outcome.errors:
        total, amiss = len(found.outcome.samples), len(found.outcome.errors)
        typer.secho(f"{amiss} of {total} expressions could not be scored.", fg="red", err=True)
        raise typer.Exit(1)


def _print(outcome: "Outcome") -> None:
    from momentvos.evaluation.report import official_table, table

    parts = [official_table(name, figures) for name, figures in outcome.figures.items()]
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
