"""``momentvos run``: a video and one or more sentences in, moments and masks out."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from momentvos.cli import grounders, malloc
from momentvos.cli.export import check_formats, export_results
from momentvos.cli.options import NoSelection, Quiet, Style, Yes
from momentvos.cli.output_paths import check_writable, default_folder, result_folders
from momentvos.cli.streams import print_json
from momentvos.errors import MomentError, OutputError
from momentvos.sentence import check


def run(
    video: Annotated[Path, typer.Argument(help="A video file, a folder of frames, or one image.")],
    sentence: Annotated[
        list[str],
        typer.Argument(help='What to find, in quotes: "the dog that jumps". Several may follow.'),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", help="Folder for the results.  [default: VIDEO's name + _momentvos]"
        ),
    ] = None,
    model: Annotated[
        str,
        typer.Option(help="A name that `momentvos models` lists, a folder, or a hub id."),
    ] = "tgl-mini",
    moment: Annotated[
        str | None,
        typer.Option(
            help="Say when yourself: 3.2s-5.0s (seconds), 40:62 (frames, inclusive), several "
            "joined by commas, or `all`. Without it the model finds out."
        ),
    ] = None,
    grounder: Annotated[
        str | None, typer.Option("-g", "--grounder", help=f"{grounders.HELP}  [default: model]")
    ] = None,
    no_selection: NoSelection = False,
    sample_rate: Annotated[
        float | None,
        typer.Option(
            help="Read a video file at so many frames a second, as the demo of SAMWISE does at 10. "
            " [default: every frame]"
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    trace: Annotated[
        Path | None,
        typer.Option(
            help="Folder for all that a model of kind tracks asks other models: pictures and "
            "answers, in an index.html."
        ),
    ] = None,
    style: Annotated[
        Style, typer.Option(help="How the overlay shows the object inside the moment.")
    ] = Style.highlight,
    together: Annotated[
        bool,
        typer.Option(
            "--together",
            help="Also write one overlay of all sentences, with a legend: OUT/overlay.mp4.",
        ),
    ] = False,
    formats: Annotated[
        str | None,
        typer.Option(
            "--export",
            metavar="F[,F2]",
            help="Also write the results in these formats; `momentvos export --to list` has them.",
        ),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="Print the prediction (an array of them for several sentences) to stdout and "
            "nothing else there; files are written only with -o.",
        ),
    ] = False,
    yes: Yes = False,
    quiet: Quiet = False,
) -> None:
    """Find when each SENTENCE holds in VIDEO and which pixels it means."""
    malloc.map_large_blocks()
    sentences = [check(text) for text in sentence]
    if moment is not None and grounder is not None:
        raise MomentError("Say when either by --moment or by --grounder, not by both.")
    exports = check_formats(formats)
    if exports and as_json and out is None:
        raise OutputError("--export writes files, and --json alone writes none: add -o OUT.")
    folders: list[Path] = []
    if out is not None or not as_json:
        folders = result_folders(out or default_folder(video), sentences)
        check_writable(out or default_folder(video))

    from momentvos.grounding import parse
    from momentvos.media import SampledVideo, Video
    from momentvos.moment import Moment
    from momentvos.results.folder import check_folder
    from momentvos.results.together import check_together, save_together

    spec = None if grounder is None else parse(grounder)
    if str(spec) == "model":
        spec = None  # it finds the moment while it segments
    clip = Video.open(video)
    if sample_rate is not None:
        clip = SampledVideo(clip, sample_rate)
    for folder in folders:
        check_folder(folder, clip)
    above = folders[0].parent if together and len(folders) > 1 else None
    if above is not None:
        check_together(above, clip)
    span = None if moment is None else Moment.parse(moment, clip.times)

    from momentvos.grounding.available import check as check_grounder

    if spec is not None:
        check_grounder(spec)

    from momentvos.cli.progress import progress_bar
    from momentvos.cli.pull import load_model

    loaded = load_model(model, device, yes, quiet)
    selection = False if no_selection else None
    with progress_bar(quiet) as report:
        found = None
        if spec is not None:
            # Dropped at once, so that its weights make room.
            found = grounders.grounder(spec, device, lambda: loaded, selection).ground(
                clip, sentences, report=partial(report, "grounding")
            )
        moments = span if found is None else [one.moment for one in found]
        predictions = loaded.segment(
            clip,
            sentences,
            moment=moments,
            progress=report,
            selection=selection,
            trace=trace,
        )
        if found is not None:
            predictions = [
                replace(
                    one,
                    relevance=said.relevance,
                    notes=tuple(dict.fromkeys((*one.notes, *said.notes))),
                )
                for one, said in zip(predictions, found, strict=True)
            ]
        for prediction, folder in zip(predictions, folders, strict=False):
            draw = partial(report, f"draw {folder.name}")
            prediction.save(folder, video=clip, progress=draw, style=style.value)
        if above is not None:
            draw = partial(report, "draw together")
            both = save_together(predictions, above, clip, style.value, draw)
        exported = export_results(
            exports, predictions, folders, out or default_folder(video), clip, report
        )

    if as_json:
        answers = [prediction.to_json() for prediction in predictions]
        shown = answers[0] if len(answers) == 1 else answers
        print_json(shown)
        return

    from momentvos.cli.report import summary

    typer.echo("\n\n".join(map(summary, predictions, folders)))
    if above is not None:
        typer.echo(f"\ntogether  {both}")
    for path in exported:
        typer.echo(f"  export   {path}")
