"""``momentvos batch``: many videos and sentences in, one folder out; it goes on where it ended."""

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentvos.cli import cluster, malloc, options
from momentvos.cli.benchmark import ShardText, part_of
from momentvos.cli.cluster import Engine
from momentvos.cli.output_paths import check_writable
from momentvos.cli.streams import print_json

if TYPE_CHECKING:
    from momentvos.batch import Query, Summary

SHOWN = 8
"""Most sentences, and failures, that the summary lists."""


class Saved(StrEnum):
    """What is written of each answer."""

    none = "none"
    json = "json"
    masks = "masks"
    overlay = "overlay"
    all = "all"


def batch(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="INPUT...",
            help="Videos, folders of them, quoted globs, or lists of paths (.txt; - for stdin).",
        ),
    ] = None,
    sentence: options.Sentences = None,
    queries: Annotated[
        str | None,
        typer.Option(
            help="CSV or JSON lines with the columns video and sentence, and where wanted moment "
            "and id; paths start where the file lies."
        ),
    ] = None,
    out: Annotated[str | None, options.out("batch")] = None,
    model: options.Model = "tgl-mini",
    grounder: options.Grounder = None,
    workers: cluster.Workers = None,
    engine: cluster.EngineName = Engine.local,
    address: cluster.Address = None,
    gpus: cluster.Gpus = 1.0,
    shard: ShardText = None,
    device: options.Device = "auto",
    count: options.Threads = None,
    resolution: options.Resolution = None,
    dtype: options.Dtype = options.DType.float32,
    compiled: options.Compile = False,
    no_selection: options.NoSelection = False,
    save: Annotated[
        Saved, typer.Option(help="Files of each answer, beside its line and its thumbnail.")
    ] = Saved.json,
    time_limit: Annotated[
        float | None, typer.Option(min=0.1, help="Most seconds for one video.  [default: none]")
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Ask again what has failed in an earlier run.")
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Remove the results of earlier runs in the folder.")
    ] = False,
    as_json: options.AsJson = False,
    yes: options.Yes = False,
    quiet: options.Quiet = False,
) -> None:
    """Find the moments and masks of sentences in many videos; exit code 1 where some failed.

    Run again with the same folder, it goes on where it ended.
    """
    out = out or "batch"
    from momentvos.batch.queries import gather
    from momentvos.errors import OutputError, SentenceError
    from momentvos.object_store import is_url, place_of
    from momentvos.sentence import check, check_no_path

    sentences = [check_no_path(check(text)) for text in dict.fromkeys(sentence or ())]
    if restart and shard is not None:
        raise OutputError(
            "--restart would remove what the other shards write: start over without --shard, or "
            "choose another folder with -o."
        )
    if inputs and len(inputs) > 1 and not sentences and queries is None:
        raise SentenceError(
            "Sentences follow -s, for every INPUT is a video: momentvos batch clips "
            '-s "the dog that jumps".'
        )
    cluster.check(engine, address)
    asked = gather(inputs or [], sentences, queries, out)
    if not is_url(place_of(out)):
        check_writable(Path(out))
    check_names(model, grounder, device)

    from momentvos.batch.engine import Options, run
    from momentvos.batch.worker import Worker
    from momentvos.cli.progress import progress_bar
    from momentvos.cli.pull import ready
    from momentvos.systems.execution import Execution

    part = part_of(shard)
    ready(model, yes, quiet)
    if not quiet:
        typer.echo(_beginning(asked, model, device, workers, engine), err=True)
    malloc.map_large_blocks_of_children()
    malloc.keep_few_kernels()
    execution = Execution(resolution, dtype.value, compiled)
    worker = Worker(
        model,
        device,
        grounder,
        not no_selection,
        save=save.value,
        threads=count,
        execution=execution,
        gpus=gpus,
    )
    how = Options(
        engine.value,
        address,
        workers,
        part,
        time_limit,
        retry_failed=retry_failed,
        restart=restart,
    )
    with progress_bar(quiet, unit="videos") as report:
        summary = run(worker, asked, out, how, lambda done, of: report("batch", done, of))
    if as_json:
        print_json(summary.to_json())
    else:
        typer.echo(_table(summary, partial(_below, out)))
    if summary.failed:
        raise typer.Exit(1)


def check_names(model: str, grounder: str | None, device: str) -> None:
    """Raise for what can be seen before anything heavy is imported."""
    from momentvos.grounding.spec import parse
    from momentvos.hub.load import check_model
    from momentvos.reachable import check_device
    from momentvos.systems.pretrained import check_grounder

    check_device(device)
    check_model(model)
    if grounder is not None:
        check_grounder(parse(grounder))


def _beginning(
    asked: "list[Query]", model: str, device: str, workers: int | None, engine: Engine
) -> str:
    questions = sum(len(query.asks) for query in asked)
    processes = f" in {workers} processes" if (workers or 1) > 1 else ""
    if engine is Engine.ray:
        processes = f" by Ray{f' in at most {workers} processes' if workers else ''}"
    videos = "1 video" if len(asked) == 1 else f"{len(asked)} videos"
    several = "1 question" if questions == 1 else f"{questions} questions"
    return f"{videos}, {several}: {model} on {device}{processes}"


def _below(out: str, name: str) -> str:
    from momentvos.object_store import is_url, join

    return join(out, name) if is_url(out) else str(Path(out) / name)


def _table(summary: "Summary", place: Callable[[str], str]) -> str:
    """What became of each sentence, what failed, how fast it was, and where all is."""
    rows: list[tuple[str, ...]] = [("sentence", "found", "not found", "failed")]
    by_size = sorted(summary.sentences.items(), key=lambda item: -sum(item[1].values()))
    for text, cells in by_size[:SHOWN]:
        short = text if len(text) <= 56 else f"{text[:55]}…"
        rows.append((f"“{short}”", *(str(cells[one]) for one in ("found", "not_found", "failed"))))
    if len(by_size) > SHOWN:
        rows.append((f"and {len(by_size) - SHOWN} more", "", "", ""))
    total = (summary.found, summary.not_found, summary.failed)
    if len(by_size) > 1:
        rows.append(("all", *map(str, total)))
    width = max(len(row[0]) for row in rows)
    lines = [f"  {row[0]:<{width}}  {row[1]:>7}  {row[2]:>9}  {row[3]:>7}" for row in rows]
    lines.append("")
    failures = list(dict.fromkeys(summary.failures))
    for video, error in failures[:SHOWN]:
        lines.append(f"  failed   {error if video in error else f'{video}: {error}'}")
    if len(failures) > SHOWN:
        lines.append(f"  failed   and {len(failures) - SHOWN} more, see the page")
    if summary.failures:
        lines.append("  again    the same command with --retry-failed asks these once more")
    if summary.missing:
        lines.append(f"  missing  {summary.missing} of {summary.questions}, of other shards")
    if summary.now:
        speed = f", {summary.frames} frames, {summary.frames_per_second:.1f} frames/s"
        took = f"{summary.now} answers in {summary.seconds:.1f} s"
        lines.append(f"  time     {took}{speed if summary.frames else ''}")
    else:
        lines.append("  time     nothing was left to do")
    lines.append(f"  page     {place('index.html')}")
    lines.append(f"  data     {place('manifest*')}, summary.csv, results/")
    return "\n".join(lines)
