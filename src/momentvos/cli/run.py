"""``momentvos run``: a video and one or more sentences in, moments and masks out."""

from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from momentvos.cli import collector, grounders, malloc, options
from momentvos.cli.activity import Activity, announce
from momentvos.cli.export import check_formats, export_results
from momentvos.cli.output_paths import check_writable, default_folder, result_folders
from momentvos.cli.resume import kept_progress
from momentvos.cli.sentences import HELP as SENTENCE_HELP
from momentvos.cli.sentences import MISSING as NO_SENTENCE
from momentvos.cli.sentences import sentences as read_sentences
from momentvos.cli.streams import print_json
from momentvos.cli.video_argument import HELP, VideoArgument
from momentvos.errors import MomentError, OutputError

if TYPE_CHECKING:
    from momentvos.grounding import Spec
    from momentvos.results.journal import Journal
    from momentvos.results.prediction import Prediction


def run(
    context: typer.Context,
    video: Annotated[str, typer.Argument(metavar="VIDEO", help=HELP)],
    sentence: Annotated[
        list[str] | None,
        typer.Argument(metavar="SENTENCE", help=SENTENCE_HELP),
    ] = None,
    out: Annotated[Path | None, options.out("VIDEO's name + _momentvos")] = None,
    model: options.Model = "tgl-mini",
    moment: Annotated[
        str | None,
        typer.Option(
            help="Say when yourself: 3.2s-5.0s, 00:01-00:02.5, 00:00:01:12-00:00:02:00 "
            "(timecode), 3s- (to the end), 40:62 (frames), several joined by commas, or `all`. "
            "Without it the model finds out."
        ),
    ] = None,
    grounder: options.Grounder = None,
    no_selection: options.NoSelection = False,
    sample_rate: Annotated[
        float | None,
        typer.Option(
            help="Read a video file at so many frames a second, as the demo of SAMWISE does at 10. "
            " [default: every frame]"
        ),
    ] = None,
    listed: options.Sentences = None,
    trace: Annotated[
        Path | None,
        typer.Option(
            help="Folder for all that a model of kind tracks asks other models: pictures and "
            "answers, in an index.html."
        ),
    ] = None,
    style: Annotated[
        options.Style, typer.Option(help="How the overlay shows the object inside the moment.")
    ] = options.Style.highlight,
    together: Annotated[
        bool,
        typer.Option(
            "--together",
            help="Also write one overlay of all sentences, with a legend: OUT/overlay.mp4.",
        ),
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on where a run of the same question into OUT was stopped, and keep what is "
            "done from the start: for long videos.",
        ),
    ] = False,
    stream: Annotated[
        bool,
        typer.Option(
            "--stream",
            help="Answer frames while they come, a stated number of frames later; memory stays "
            "flat. Ctrl-C ends it with what is there.",
        ),
    ] = False,
    jsonl: Annotated[
        bool,
        typer.Option(
            "--jsonl", help="With --stream: print a line of JSON per frame and SENTENCE, at once."
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
    device: options.Device = "auto",
    count: options.Threads = None,
    resolution: options.Resolution = None,
    dtype: options.Dtype = options.DType.float32,
    compiled: options.Compile = False,
    allow_url: options.AllowUrl = False,
    allow_private_url: options.AllowPrivateUrl = False,
    input_limit: options.InputLimit = options.INPUT_LIMIT,
    as_json: options.AsJson = False,
    yes: options.Yes = False,
    quiet: options.Quiet = False,
) -> None:
    """Find when each SENTENCE holds in VIDEO and which pixels it means.

    With --json or --jsonl files are written only where -o says so.
    """
    from momentvos.cli.usage import Usage

    usage = Usage()
    source = VideoArgument(video, allow_url, allow_private_url, input_limit)
    if not (sentence or listed):
        context.fail(NO_SENTENCE)
    if jsonl and not stream:
        context.fail("--jsonl prints frames as they come: add --stream.")
    sentences = read_sentences(sentence, listed, context.meta.get("momentvos.words", ()))
    if moment is not None and grounder is not None:
        if options.typed(context, "grounder"):
            raise MomentError("Say when either by --moment or by --grounder, not by both.")
        grounder = None  # a default of the user's; what is typed counts
    source.check()
    if stream:
        malloc.map_large_blocks()
        malloc.keep_few_kernels()
        from momentvos.cli import stream as streaming

        streamed = source.streamed
        typed = grounder if options.typed(context, "grounder") else None
        whole: dict[str, Any] = {"moment": moment, "grounder": typed, "trace": trace}
        whole |= {"sample-rate": sample_rate, "export": formats, "json": as_json}
        streaming.check_options(whole | {"together": together, "resume": resume})
        place = out if jsonl or out is not None else default_folder(source.path)
        if place is not None:
            check_writable(place)

        def loader() -> Any:
            from momentvos.cli.loading import prepare

            prepare(model, device, yes, quiet)
            from momentvos.hub.load import load

            return load(model, device, resolution=resolution, dtype=dtype.value, compile=compiled)

        written = [] if place is None else result_folders(place, sentences)
        selected = False if no_selection else None
        streaming.run_stream(streamed, sentences, written, loader, selected, jsonl, quiet)
        return
    exports = check_formats(formats)
    if exports and as_json and out is None:
        raise OutputError("--export writes files, and --json alone writes none: add -o OUT.")
    if resume and as_json and out is None:
        raise OutputError("--resume goes on with a run that writes files: add -o OUT.")
    folders: list[Path] = []
    place = None
    if out is not None or not as_json:
        place = out or default_folder(source.path)
        folders = result_folders(place, sentences)
        check_writable(place)

    from momentvos.grounding import parse
    from momentvos.systems.execution import Execution

    execution = Execution(resolution, dtype.value, compiled)
    spec = None if grounder is None else parse(grounder)
    if str(spec) == "model":
        spec = None  # it finds the moment while it segments
    with source.opened(quiet, sample_rate) as clip:
        long = len(clip) > malloc.SHORT
        if long:
            malloc.map_large_blocks()
            malloc.keep_few_kernels()
        from momentvos.moment import Moment
        from momentvos.results.folder import check_folder
        from momentvos.results.together import check_together, save_together
        from momentvos.timecode import unit

        for folder in folders:
            check_folder(folder, clip)
        above = folders[0].parent if together and len(folders) > 1 else None
        if above is not None:
            check_together(above, clip)
        span = None if moment is None else Moment.parse(moment, clip.times, clip.fps)
        read = None if moment is None else f"{moment} was read as {unit(moment, clip.fps)}"
        if spec is not None:
            from momentvos.systems.pretrained import check_grounder

            check_grounder(spec)

        from momentvos.cli.loading import import_ahead, prepare

        prepare(model, device, yes, quiet)
        if read is not None and as_json:
            announce(f"The moment {read}", quiet)
        with (
            collector.resting() as wake,
            malloc.trimming(long),
            Activity(quiet) as activity,
        ):
            activity.begin(f"loading {model}")
            from momentvos.cli.time_left import expected
            from momentvos.hub.load import load

            loaded = load(model, device, **asdict(execution))
            wake(long)
            usage.loaded()
            tracks = loaded.base_model_prefix == "tracks"
            draws = bool(folders)
            if draws:
                import_ahead("matplotlib.backends.backend_agg", "matplotlib.figure")
            activity.expect(expected(len(clip), len(sentences), tracks, spec is not None, draws))
            selection = False if no_selection else None

            def question() -> dict[str, Any]:
                asked = loaded.question(clip, sentences, span, selection=selection)
                return asked | {"grounder": str(spec or "model")}

            with kept_progress(place, question, resume, quiet) as journal:
                predictions = _predictions(
                    loaded, clip, sentences, span, spec, device, selection, trace, activity, journal
                )
                for row, (prediction, folder) in enumerate(zip(predictions, folders, strict=False)):
                    number = "" if len(folders) == 1 else f" {row + 1}/{len(folders)}"
                    draw = partial(activity, f"drawing{number}")
                    prediction.save(folder, video=clip, progress=draw, style=style.value)
                if above is not None:
                    draw = partial(activity, "drawing together")
                    both = save_together(predictions, above, clip, style.value, draw)
                exported = export_results(
                    exports,
                    predictions,
                    folders,
                    place or default_folder(source.path),
                    clip,
                    activity,
                )
    usage.report(len(clip), len(sentences), loaded, quiet)
    if as_json:
        answers = [prediction.to_json() for prediction in predictions]
        shown = answers[0] if len(answers) == 1 else answers
        print_json(shown)
        return

    from momentvos.cli.report import summary

    typer.echo(
        "\n\n".join(
            summary(prediction, folder, read)
            for prediction, folder in zip(predictions, folders, strict=True)
        )
    )
    if above is not None:
        typer.echo(f"\ntogether  {both}")
    for path in exported:
        typer.echo(f"  export   {path}")


def _predictions(
    model: Any,
    video: Any,
    sentences: list[str],
    moment: Any,
    spec: "Spec | None",
    device: str,
    selection: bool | None,
    trace: Path | None,
    report: Callable[[str, int, int], None],
    journal: "Journal",
) -> "list[Prediction]":
    """Answers of a loaded model, where another grounder goes first if there is one."""
    found = None
    if spec is not None:
        from momentvos.grounding.kept import read_groundings, stored_groundings

        # The grounder is dropped at once, so that its weights make room.
        found = journal.memo(
            "grounder",
            lambda: grounders.grounder(spec, device, lambda: model, selection).ground(
                video, sentences, report=partial(report, "grounding")
            ),
            stored_groundings,
            read_groundings,
        )
    predictions: list[Prediction] = model.segment(
        video,
        sentences,
        moment=moment if found is None else [one.moment for one in found],
        progress=report,
        selection=selection,
        trace=trace,
        checkpoint=journal,
    )
    if found is None:
        return predictions
    return [
        replace(
            one,
            relevance=said.relevance,
            notes=tuple(dict.fromkeys((*one.notes, *said.notes))),
        )
        for one, said in zip(predictions, found, strict=True)
    ]
