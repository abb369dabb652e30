"""The ``momentvos`` command: subcommands, error messages and exit codes.

Exit codes: 0 success, 1 a part of a benchmark failed (its errors are in the results), 2 an error
that the user can correct (one sentence on stderr), 130 Ctrl-C.
"""

import errno
import signal
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from momentvos import __version__
from momentvos.cli import (
    ablate,
    convert,
    data,
    demo,
    evaluate,
    export,
    ground,
    models,
    pull,
    recipes,
    run,
    streams,
    threads,
    train,
    train_grounder,
    world,
)
from momentvos.errors import MomentVOSError


class Verbs(TyperGroup):
    """Command group that prints errors as one sentence."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; errors of ours and of the system exit with code 2, Ctrl-C with 130."""
        try:
            return super().invoke(ctx)
        except MomentVOSError as error:
            typer.secho(f"Error: {error}", fg=typer.colors.RED, err=True)
            raise typer.Exit(2) from error
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            streams.report(error)
            raise typer.Exit(2) from error
        except KeyboardInterrupt as interrupt:
            typer.secho("Interrupted: nothing is left half-written.", err=True)
            raise typer.Exit(130) from interrupt


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"momentvos {__version__}")
        raise typer.Exit


app = typer.Typer(
    name="momentvos",
    cls=Verbs,
    help="Give it a video and a sentence: it answers when the sentence holds and which pixels "
    "it means.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _global_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    pass


app.command("run")(run.run)
app.command("demo")(demo.demo)
app.command("ground")(ground.ground)
app.command("export", cls=export.Export)(export.export)
app.command("models")(models.models)
app.command("pull")(pull.pull)
app.command("recipes")(recipes.recipes)
app.command("train")(train.train)
app.command("train-grounder")(train_grounder.train_grounder)
app.command("ablate")(ablate.ablate)
app.add_typer(convert.app, name="convert")
app.add_typer(data.app, name="data")
app.add_typer(evaluate.app, name="eval")
app.add_typer(world.app, name="world")


def main() -> None:
    """Entry point of the ``momentvos`` script."""
    # SIGTERM unwinds like Ctrl-C, so that half-written files are removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    threads.wait_passively()
    streams.prepare()
    sys.exit(streams.run(app))
