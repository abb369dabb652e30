"""Options that several verbs have."""

from typing import Annotated

import typer

NoSelection = Annotated[
    bool,
    typer.Option("--no-selection", help="The system as published, without track selection."),
]
Yes = Annotated[
    bool, typer.Option("-y", "--yes", help="Agree to the download and licence of public weights.")
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No progress bar.")]
