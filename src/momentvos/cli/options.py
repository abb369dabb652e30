"""Options that several verbs have: defined once, so that a flag means the same everywhere.

Those with an environment variable can also stand in the settings file, see `settings`.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from momentvos.cli import complete, grounders, threads


class Version(StrEnum):
    """A version of MomentWorld."""

    v1 = "v1"
    v2 = "v2"


class DType(StrEnum):
    """A number format, as in `momentvos.systems.execution`."""

    float32 = "float32"
    bfloat16 = "bfloat16"


class Style(StrEnum):
    """A style of overlays, as in `momentvos.results.styles`."""

    highlight = "highlight"
    contour = "contour"
    fill = "fill"
    spotlight = "spotlight"
    blur = "blur"
    cutout = "cutout"


def out(default: str = "", help: str = "Folder for what it writes.") -> Any:
    """The option ``-o``; default: where it is written without the option, or "" for nowhere."""
    shown = f"  [default: {default}]" if default else ""
    return typer.Option("-o", "--out", metavar="FOLDER", help=help + shown)


def picture(default: str) -> Any:
    """The option ``-o`` of verbs whose answer is one picture."""
    return typer.Option(
        "-o", "--out", metavar="PICTURE", help=f"Picture to write, .png.  [default: {default}]"
    )


def _limit_threads(count: int | None) -> int | None:
    if count is not None:
        threads.limit(count)
    return count


QUIET = "momentvos.quiet"
"""Key of a context's `meta` under which every verb's ``--quiet`` is."""


def _keep_quiet(context: typer.Context, quiet: bool) -> bool:
    context.meta[QUIET] = quiet
    return quiet


World = Annotated[
    Version,
    typer.Option(help="Version of MomentWorld: v2 is longer, and its objects act in turn."),
]
Split = Annotated[str, typer.Option(help="Part of the data set.")]
AnySplit = Annotated[str | None, typer.Option(help="Part of the data set.")]
Root = Annotated[Path, typer.Option(help="Folder of the data set.")]
AnyRoot = Annotated[Path | None, typer.Option(help="Folder of the data set.")]
Seed = Annotated[int, typer.Option(min=0, help="Number of the first video.")]
Size = Annotated[int, typer.Option(min=32, help="Height and width in pixels.")]
Model = Annotated[
    str,
    typer.Option(
        "--model",
        envvar="MOMENTVOS_MODEL",
        autocompletion=complete.models,
        help="A name that `momentvos models` lists, a folder, or a hub id.",
    ),
]
Grounder = Annotated[
    str | None,
    typer.Option(
        "-g",
        "--grounder",
        envvar="MOMENTVOS_GROUNDER",
        autocompletion=complete.grounders,
        help=f"{grounders.HELP}  [default: model]",
    ),
]
NoSelection = Annotated[
    bool,
    typer.Option("--no-selection", help="The system as published, without track selection."),
]
Device = Annotated[
    str,
    typer.Option(
        "--device",
        envvar="MOMENTVOS_DEVICE",
        autocompletion=complete.devices,
        help="Where it runs: auto, cpu, cuda, cuda:1 or mps.",
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        envvar="MOMENTVOS_THREADS",
        min=1,
        max=1024,
        callback=_limit_threads,
        help="Most processor threads of a computation.  [default: the cores it may use]",
    ),
]
Resolution = Annotated[
    int | None,
    typer.Option(
        "--resolution",
        envvar="MOMENTVOS_RESOLUTION",
        metavar="PIXELS",
        min=32,
        max=8192,
        help="Side of the square that frames are fitted to: less is faster and coarser.  "
        "[default: what the model was trained at]",
    ),
]
Dtype = Annotated[
    DType,
    typer.Option(
        "--dtype",
        envvar="MOMENTVOS_DTYPE",
        help="Number format of SAM2's large products; bfloat16 is faster where the processor or "
        "GPU has it.",
    ),
]
Compile = Annotated[
    bool,
    typer.Option(
        "--compile",
        envvar="MOMENTVOS_COMPILE",
        help="Compile the stages of the image encoder first: takes minutes, then each frame is "
        "faster.",
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a value of the file: --set seed=1 --set stages.0.steps=100. Repeatable.",
    ),
]
Resume = Annotated[
    bool, typer.Option(help="Go on from the last checkpoint in the folder, if there is one.")
]
OldOverrides = Annotated[list[str] | None, typer.Option("--override", hidden=True)]
OldOutput = Annotated[list[str] | None, typer.Option("--output", hidden=True)]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON on stdout, and nothing else there.")
]
Yes = Annotated[
    bool,
    typer.Option(
        "-y",
        "--yes",
        envvar="MOMENTVOS_YES",
        help="Agree to the download and licence of public weights.",
    ),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "-q",
        "--quiet",
        envvar="MOMENTVOS_QUIET",
        callback=_keep_quiet,
        help="No progress, only errors.",
    ),
]
AllowUrl = Annotated[
    bool,
    typer.Option(
        "--allow-url", envvar="MOMENTVOS_ALLOW_URL", help="Let VIDEO be an address, https://..."
    ),
]
AllowPrivateUrl = Annotated[
    bool,
    typer.Option(
        "--allow-private-url",
        envvar="MOMENTVOS_ALLOW_PRIVATE_URL",
        help="The same, and addresses of this machine and its network too.",
    ),
]
InputLimit = Annotated[
    str,
    typer.Option(
        "--input-limit",
        envvar="MOMENTVOS_INPUT_LIMIT",
        metavar="SIZE",
        help="Most bytes of a VIDEO from a store, an address or a pipe, such as 500MB or 8GB.",
    ),
]
INPUT_LIMIT = "4GB"
SENTENCE = typer.Option(
    "-s", "--sentence", metavar="SENTENCE", help="A sentence as it is, even one word. Repeatable."
)
Sentences = Annotated[list[str] | None, SENTENCE]
SERVER_DATA = Path("momentvos-server")
ServerData = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="FOLDER",
        help=f"Folder for videos, answers and the database.  [default: {SERVER_DATA}]",
    ),
]
Database = Annotated[
    str | None,
    typer.Option(
        envvar="MOMENTVOS_DATABASE",
        metavar="URL",
        help="Database in place of SQLite in the data folder: postgresql://USER@HOST/NAME.",
    ),
]


def typed(context: typer.Context, name: str) -> bool:
    """Whether an option is on the command line, rather than a default."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def one_folder(argument: Path | None, option: Path | None, what: str = "OUT") -> Path:
    """A folder that is given in its place or by ``-o``. Raises OutputError for none and for two."""
    from momentvos.errors import OutputError

    if (argument is None) == (option is None):
        twice = "twice, as an argument and by -o; give it once" if option else "nowhere"
        raise OutputError(f"Where to write is given {twice}: momentvos ... {what}, or -o {what}.")
    return argument or option or Path()
