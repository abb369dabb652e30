"""``momentvos ground``: a video and sentences in, the moment of each out; no masks."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentvos.cli import grounders
from momentvos.cli.options import NoSelection, Quiet, Yes
from momentvos.cli.output_paths import check_writable
from momentvos.cli.streams import print_json
from momentvos.sentence import check

if TYPE_CHECKING:
    from momentvos.grounding import Grounding
    from momentvos.media import Video


def ground(
    video: Annotated[Path, typer.Argument(help="A video file, a folder of frames, or one image.")],
    sentence: Annotated[
        list[str],
        typer.Argument(help='What to find, in quotes: "the dog that jumps". Several may follow.'),
    ],
    grounder: Annotated[str, typer.Option("-g", "--grounder", help=grounders.HELP)] = "model",
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Folder for grounding.json and timeline.png."),
    ] = None,
    model: Annotated[
        str,
        typer.Option(help="For the grounder `model`: a name, a folder, or a hub id."),
    ] = "tgl-mini",
    no_selection: NoSelection = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print the result to stdout as JSON and nothing else there."),
    ] = False,
    yes: Yes = False,
    quiet: Quiet = False,
) -> None:
    """Find when each SENTENCE holds in VIDEO."""
    sentences = [check(text) for text in sentence]
    if out is not None:
        check_writable(out)

    from momentvos.grounding import parse
    from momentvos.grounding.export import check_folder, save, to_json
    from momentvos.media import Video

    spec = parse(grounder)
    clip = Video.open(video)
    if out is not None:
        check_folder(out)

    from momentvos.grounding.available import check as check_grounder
    from momentvos.reachable import check_device

    check_device(device)
    check_grounder(spec)

    from momentvos.cli.progress import progress_bar
    from momentvos.cli.pull import load_model

    selection = False if no_selection else None
    loading = partial(load_model, model, device, yes, quiet)
    made = grounders.grounder(spec, device, loading, selection)
    with progress_bar(quiet) as report:
        found = made.ground(clip, sentences, report=partial(report, "grounding"))
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
