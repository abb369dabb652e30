"""``momentvos convert``: official checkpoints to model folders."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentvos.cli import options
from momentvos.cli.activity import Activity, announce
from momentvos.cli.streams import print_json

if TYPE_CHECKING:
    from momentvos.convert import Converted

app = typer.Typer(no_args_is_help=True, help="Turn official checkpoints into model folders.")

Place = Annotated[Path | None, typer.Argument(metavar="OUT", help="A folder that is new or empty.")]
Out = Annotated[Path | None, options.out("OUT")]
Tokenizer = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Folder of the tokenizer; needed where the source has no tokenizer.model.",
    ),
]
Clip = Annotated[
    str | None,
    typer.Option(help="Folder or hub id of CLIP ViT-L/14, where the source has no tower."),
]


@app.callback()
def _kinds() -> None:
    pass


@app.command("samwise")
def samwise(
    file: Annotated[Path, typer.Argument(help="A SAMWISE checkpoint (.pth).")],
    place: Place = None,
    out: Out = None,
    tokenizer: Annotated[
        str,
        typer.Option(metavar="FOLDER", help="Folder of the tokenizer; a hub id will do too."),
    ] = "roberta-base",
    sam2: Annotated[
        Path | None,
        typer.Option(help="An official SAM2 file; gives an image checkpoint an object score."),
    ] = None,
    cme: Annotated[
        bool | None,
        typer.Option(
            "--cme/--no-cme", help="Use the conditional memory encoder; default: if it was trained."
        ),
    ] = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Convert a SAMWISE checkpoint to a model for `momentvos run --model OUT`."""
    target = options.one_folder(place, out)
    _check(file, target, *([sam2] if sam2 else []))
    from momentvos.convert.available import check_roberta

    check_roberta(tokenizer)
    from momentvos.convert import convert_samwise

    with _converting(file, quiet):
        done = convert_samwise(file, target, tokenizer=tokenizer, sam2=sam2, cme=cme)
    _print_report(done, as_json)


@app.command("sam2")
def sam2(
    file: Annotated[Path, typer.Argument(help="A SAM2, SAM2.1 or EdgeTAM checkpoint (.pt).")],
    place: Place = None,
    out: Out = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Convert SAM2 or EdgeTAM to a transformers folder, for `weights.sam` or as a tracker."""
    target = options.one_folder(place, out)
    _check(file, target)
    from momentvos.convert import convert_sam2

    with _converting(file, quiet):
        done = convert_sam2(file, target)
    _print_report(done, as_json)


@app.command("momentseg")
def momentseg(
    folder: Annotated[Path, typer.Argument(help="An official MomentSeg folder, as downloaded.")],
    place: Place = None,
    out: Out = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Convert an official MomentSeg model (3B, 7B) for `momentvos run --model OUT`."""
    target = options.one_folder(place, out)
    _check(folder, target)
    from momentvos.convert.momentseg import convert_momentseg

    with _converting(folder, quiet):
        done = convert_momentseg(folder, target)
    _print_report(done, as_json)


@app.command("sa2va")
def sa2va(
    folder: Annotated[
        Path, typer.Argument(help="An official Sa2VA folder on Qwen2.5-VL or Qwen3-VL.")
    ],
    place: Place = None,
    out: Out = None,
    sam2: Annotated[
        Path | None,
        typer.Option(
            help="An official SAM2 file; or a folder of facebook/sam2-hiera-large: its decoder "
            "is kept too, to track with (Sa2VA-i)."
        ),
    ] = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Convert an official Sa2VA model (3B, 4B, 7B) for `momentvos run --model OUT`.

    `--model FOLDER` runs the official folder too, without the original decoder.
    """
    target = options.one_folder(place, out)
    _check(folder, target, *([sam2] if sam2 else []))
    from momentvos.convert.sa2va import convert_sa2va

    with _converting(folder, quiet):
        done = convert_sa2va(folder, target, sam2=sam2)
    _print_report(done, as_json)


@app.command("vrshq")
def vrshq(
    source: Annotated[
        Path, typer.Argument(help="The official VRS-HQ folder, as downloaded, or one .bin file.")
    ],
    place: Place = None,
    out: Out = None,
    tokenizer: Tokenizer = None,
    clip: Clip = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Convert an official VRS-HQ model (7B) for `momentvos run --model OUT`."""
    target = options.one_folder(place, out)
    _check(source, target)
    _check_parts(tokenizer, clip)
    from momentvos.convert.vrshq import convert_vrshq

    with _converting(source, quiet):
        done = convert_vrshq(source, target, tokenizer=tokenizer, clip=clip)
    _print_report(done, as_json)


@app.command("chatunivi")
def chatunivi(
    source: Annotated[
        Path,
        typer.Argument(help="The published Chat-UniVi folder, as downloaded, or one file of it."),
    ],
    place: Place = None,
    out: Out = None,
    tokenizer: Tokenizer = None,
    clip: Clip = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Convert a published Chat-UniVi (7B, 13B) for the `weights.mllm` of a VRS-HQ recipe."""
    target = options.one_folder(place, out)
    _check(source, target)
    _check_parts(tokenizer, clip)
    from momentvos.convert.chatunivi import convert_chatunivi

    with _converting(source, quiet):
        done = convert_chatunivi(source, target, tokenizer=tokenizer, clip=clip)
    _print_report(done, as_json)


@app.command("weights")
def weights(
    folder: Annotated[Path, typer.Argument(help="A model folder with pytorch_model.bin.")],
    as_json: options.AsJson = False,
) -> None:
    """Write a model folder's pickled weights as safetensors, which alone are loaded."""
    from momentvos.convert.pickled import convert_pickled

    made = convert_pickled(folder)
    if as_json:
        print_json({"weights": str(made)})
    else:
        typer.echo(f"The weights are in {made}")


@contextmanager
def _converting(source: Path, quiet: bool) -> Iterator[None]:
    announce(f"Converting {source}", quiet)
    with Activity(quiet) as activity:
        activity.begin("converting")
        yield


def _check(source: Path, out: Path, *others: Path) -> None:
    """Raise for what can be seen before PyTorch is imported: the files, and the new folder."""
    from momentvos.convert.folder import check
    from momentvos.convert.write import check_new

    check_new(out)
    for path in (source, *others):
        check(path)


def _check_parts(tokenizer: Path | None, clip: str | None) -> None:
    from momentvos.convert.available import check_clip, check_llama

    check_llama(tokenizer)
    check_clip(clip)


def _print_report(done: "Converted", as_json: bool) -> None:
    if as_json:
        fields = ("used", "dropped", "made", "others", "read")
        report = {"folder": str(done.folder)} | {name: getattr(done, name) for name in fields}
        print_json(report, indent=2)
        return
    end = ":" if done.dropped else "."
    typer.echo(f"{len(done.used)} weights used, {len(done.dropped)} dropped{end}")
    for name, why in done.dropped.items():
        typer.echo(f"  {name}: {why}")
    for name, what in done.made.items():
        typer.echo(f"not from the checkpoint: {name}: {what}")
    if done.read:
        typer.echo(f"read for the model's options: {', '.join(done.read)}")
    if left := [name for name in done.others if name not in done.read]:
        typer.echo(f"left alone: {', '.join(left)}")
    typer.echo(f"The model is in {done.folder}")
