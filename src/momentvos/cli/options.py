"""Options that several verbs have."""

from enum import StrEnum
from typing import Annotated

import typer


class Version(StrEnum):
    """A version of MomentWorld."""

    v1 = "v1"
    v2 = "v2"


class Style(StrEnum):
    """A style of overlays, as in `momentvos.results.styles`."""

    highlight = "highlight"
    contour = "contour"
    fill = "fill"
    spotlight = "spotlight"
    blur = "blur"
    cutout = "cutout"


World = Annotated[
    Version,
    typer.Option(help="Version of MomentWorld: v2 is longer, and its objects act in turn."),
]
NoSelection = Annotated[
    bool,
    typer.Option("--no-selection", help="The system as published, without track selection."),
]
Yes = Annotated[
    bool, typer.Option("-y", "--yes", help="Agree to the download and licence of public weights.")
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No progress bar.")]
