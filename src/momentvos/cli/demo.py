"""``momentvos demo``: the main job on the sample video that travels with the package."""

from pathlib import Path
from typing import Annotated

import typer

from momentvos.cli import options, run


def demo(
    context: typer.Context,
    out: Annotated[Path, options.out()] = Path("momentvos-demo"),
    model: options.Model = "tgl-mini",
    device: options.Device = "auto",
    count: options.Threads = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Run on the sample video that comes with the package, and say where the results are."""
    from momentvos.packaged import packaged

    samples = packaged("samples")
    sentence = (samples / "demo.txt").read_text("utf-8").strip()
    run.run(
        context,
        str(samples / "demo.mp4"),
        [sentence],
        out=out,
        model=model,
        device=device,
        as_json=as_json,
        quiet=quiet,
    )
