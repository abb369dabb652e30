"""``momentvos demo``: the main job on the sample video that travels with the package."""

from pathlib import Path
from typing import Annotated

import typer

from momentvos.cli import run
from momentvos.cli.options import Quiet


def demo(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the results.")] = Path(
        "momentvos-demo"
    ),
    model: Annotated[
        str, typer.Option(help="A name that `momentvos models` lists, a folder, or a hub id.")
    ] = "tgl-mini",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    quiet: Quiet = False,
) -> None:
    """Run on the sample video that comes with the package, and say where the results are."""
    from momentvos.packaged import packaged

    samples = packaged("samples")
    sentence = (samples / "demo.txt").read_text("utf-8").strip()
    run.run(samples / "demo.mp4", [sentence], out=out, model=model, device=device, quiet=quiet)
