"""``momentvos world``: MomentWorld data sets and contact sheets."""

from pathlib import Path
from typing import Annotated

import typer

from momentvos.cli import options
from momentvos.cli.options import Version
from momentvos.cli.streams import print_json

app = typer.Typer(no_args_is_help=True, help="Make MomentWorld, the package's own videos.")


@app.callback()
def _verbs() -> None:
    pass


@app.command("make")
def make(
    folder: Annotated[
        Path | None, typer.Argument(metavar="OUT", help="A folder that is new or empty.")
    ] = None,
    out: Annotated[Path | None, options.out("OUT")] = None,
    split: options.Split = "train",
    videos: Annotated[int, typer.Option(min=1, help="How many videos.")] = 100,
    seed: options.Seed = 0,
    size: options.Size = 256,
    world: options.World = Version.v1,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Write a data set in MeViS's layout, with the moment of every object.

    The same split, numbers, size and version give the same files on every machine.
    """
    from momentvos.cli.progress import progress_bar
    from momentvos.data.world import write

    place = options.one_folder(folder, out)
    with progress_bar(quiet, unit="videos") as report:
        write(
            place,
            split,
            videos,
            seed,
            size,
            lambda done, total: report("making", done, total),
            world.value,
        )
    typer.echo(f"{videos} videos are in {place}", err=True)
    if as_json:
        print_json({"folder": str(place), "videos": videos})


@app.command("show")
def show(
    picture: Annotated[
        Path | None, typer.Argument(metavar="OUT", help="An image to write, such as scene.png.")
    ] = None,
    out: Annotated[Path | None, options.picture("OUT")] = None,
    split: options.Split = "train",
    seed: options.Seed = 0,
    world: options.World = Version.v1,
) -> None:
    """Draw one video as a contact sheet, with its sentences and answers below."""
    from momentvos.data.world.contact_sheet import save_sheet

    place = options.one_folder(picture, out)
    save_sheet(place, seed, split, world.value)
    typer.echo(str(place))
