"""``momentvos world``: MomentWorld data sets and contact sheets."""

from pathlib import Path
from typing import Annotated

import typer

from momentvos.cli.options import Quiet, Version, World

app = typer.Typer(no_args_is_help=True, help="Make MomentWorld, the package's own videos.")


@app.callback()
def _verbs() -> None:
    pass


@app.command("make")
def make(
    out: Annotated[Path, typer.Argument(help="A folder that is new or empty.")],
    split: Annotated[str, typer.Option(help="Part of MomentWorld: train, val or test.")] = "train",
    videos: Annotated[int, typer.Option(help="How many videos.")] = 100,
    seed: Annotated[int, typer.Option(help="Number of the first video.")] = 0,
    size: Annotated[int, typer.Option(help="Height and width in pixels.")] = 256,
    world: World = Version.v1,
    quiet: Quiet = False,
) -> None:
    """Write a data set in MeViS's layout, with the moment of every object.

    The same split, numbers, size and version give the same files on every machine.
    """
    from momentvos.cli.progress import progress_bar
    from momentvos.data.world import write

    with progress_bar(quiet, unit="videos") as report:
        write(
            out,
            split,
            videos,
            seed,
            size,
            lambda done, total: report("videos", done, total),
            world.value,
        )
    typer.echo(f"{videos} videos are in {out}", err=True)


@app.command("show")
def show(
    out: Annotated[Path, typer.Argument(help="An image to write, such as scene.png.")],
    split: Annotated[str, typer.Option(help="Part of MomentWorld: train, val or test.")] = "train",
    seed: Annotated[int, typer.Option(help="Number of the video.")] = 0,
    world: World = Version.v1,
) -> None:
    """Draw one video as a contact sheet, with its sentences and answers below."""
    from momentvos.data.world.contact_sheet import save_sheet

    save_sheet(out, seed, split, world.value)
    typer.echo(str(out))
