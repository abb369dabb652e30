"""Options that several verbs have."""

from typing import Annotated

import typer

NoSelection = Annotated[
    bool,
    typer.Option("--no-selection", help="The system as published, without track selection."),
]
