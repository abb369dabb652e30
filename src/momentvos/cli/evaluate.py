"""``momentvos eval``: measure a model on a benchmark."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from momentvos.cli import benchmark

app = typer.Typer(no_args_is_help=True, help="Measure a model on a benchmark.")


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
    model: Annotated[
        str, typer.Option(help="A name that `momentvos models` lists, a folder, or a hub id.")
    ] = "tgl-mini",
    split: Annotated[Split, typer.Option(help="Part of MomentWorld.")] = Split.test,
    videos: Annotated[int, typer.Option(min=1, help="How many videos.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Number of the first video.")] = 0,
    moments: Annotated[
        Moments,
        typer.Option(help="Who says when: the model, the ground truth, or nobody (all frames)."),
    ] = Moments.model,
    size: Annotated[int, typer.Option(min=32, help="Height and width in pixels.")] = 256,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Also write every expression's figures to this JSON."),
    ] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress bar.")] = False,
) -> None:
    """Measure masks, moments and refusals on MomentWorld, videos the package makes itself."""
    from momentvos.cli.output_paths import check_writable
    from momentvos.errors import OutputError

    if out is not None:
        check_writable(out.parent)
        if out.is_dir():
            raise OutputError(f"Cannot write {out}: it is a folder. Give -o the name of a file.")

    import momentvos
    from momentvos.cli.progress import progress_bar
    from momentvos.evaluation.report import save_json, table
    from momentvos.evaluation.world import evaluate_world

    loaded = momentvos.load(model, device=device)
    with progress_bar(quiet, unit="videos") as report:
        score = evaluate_world(
            loaded,
            split.value,
            videos,
            seed,
            moments.value,
            size,
            progress=lambda done, total: report("videos", done, total),
        )
    if out is not None:
        save_json(
            out,
            {
                "model": model,
                "split": split.value,
                "seed": seed,
                "moments": moments.value,
                "size": size,
                **score.to_json(),
            },
        )
    typer.echo(table({"every kind": score, **score.kinds()}))


benchmark.register(app)
