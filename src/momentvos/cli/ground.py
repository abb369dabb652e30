"""``momentvos ground``: a video and sentences in, the moment of each out; no masks."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentvos.cli import collector, grounders, malloc, options
from momentvos.cli.activity import Activity, announce
from momentvos.cli.output_paths import check_writable
from momentvos.cli.sentences import HELP as SENTENCE_HELP
from momentvos.cli.sentences import MISSING as NO_SENTENCE
from momentvos.cli.sentences import sentences as read_sentences
from momentvos.cli.streams import print_json
from momentvos.cli.video_argument import HELP, VideoArgument

if TYPE_CHECKING:
    from momentvos.grounding import Grounding
    from momentvos.media import Video


def ground(
    context: typer.Context,
    video: Annotated[str, typer.Argument(metavar="VIDEO", help=HELP)],
    sentence: Annotated[
        list[str] | None,
        typer.Argument(metavar="SENTENCE", help=SENTENCE_HELP),
    ] = None,
    grounder: options.Grounder = None,
    out: Annotated[Path | None, options.out()] = None,
    model: options.Model = "tgl-mini",
    no_selection: options.NoSelection = False,
    listed: options.Sentences = None,
    device: options.Device = "auto",
    count: options.Threads = None,
    allow_url: options.AllowUrl = False,
    allow_private_url: options.AllowPrivateUrl = False,
    input_limit: options.InputLimit = options.INPUT_LIMIT,
    as_json: options.AsJson = False,
    yes: options.Yes = False,
    quiet: options.Quiet = False,
) -> None:
    """Find when each SENTENCE holds in VIDEO.

    With -o it writes grounding.json and timeline.png. --model is for the grounder `model`.
    """
    from momentvos.cli.usage import Usage

    usage = Usage()
    source = VideoArgument(video, allow_url, allow_private_url, input_limit)
    if not (sentence or listed):
        context.fail(NO_SENTENCE)
    sentences = read_sentences(sentence, listed, context.meta.get("momentvos.words", ()))
    source.check()
    if out is not None:
        check_writable(out)

    from momentvos.grounding import parse

    spec = parse(grounder or "model")
    with source.opened(quiet) as clip:
        from momentvos.grounding.export import check_folder, save, to_json
        from momentvos.reachable import check_device
        from momentvos.systems.pretrained import check_grounder

        if out is not None:
            check_folder(out)
        check_device(device)
        check_grounder(spec)

        from momentvos.cli.loading import on, prepare

        if any(part.name == "model" for part in spec):
            prepare(model, device, yes, quiet)
        else:
            announce(f"Loading the grounder {spec}{on(device)}", quiet)
        long = len(clip) > malloc.SHORT
        with (
            collector.resting() as wake,
            malloc.trimming(long),
            Activity(quiet, [("grounding", len(clip))]) as activity,
        ):
            activity.begin("loading")
            from momentvos.hub.load import load

            selection = False if no_selection else None
            made = grounders.grounder(spec, device, partial(load, model, device), selection)
            wake(long)
            usage.loaded()
            found = made.ground(clip, sentences, report=partial(activity, "grounding"))
        usage.report(len(clip), len(sentences), made, quiet)
        if out is not None:
            save(found, clip, out)
        if as_json:
            print_json(to_json(found, clip))
            return
        typer.echo("\n\n".join(_summary(one, clip) for one in found))
    if out is not None:
        typer.echo(f"\n  data     {out / 'grounding.json'}, timeline.png")


def _summary(found: "Grounding", video: "Video") -> str:
    lines = [f"“{found.sentence}”"]
    if found.found:
        seconds = found.moment.seconds(video.times, video.durations)
        spans = ", ".join(f"{start:.2f}-{end:.2f} s" for start, end in seconds)
        lines.append(f"  when     {spans} ({len(found.moment)} of {len(video)} frames)")
        best = ", ".join(f"{frame} ({video.times[frame]:.2f} s)" for frame in found.frames)
        lines.append(f"  frames   {best}, best first")
    else:
        lines.append("  when     never, by this grounder")
    lines += [f"  note     {note}" for note in found.notes]
    return "\n".join(lines)
