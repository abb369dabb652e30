"""The ``momentvos`` command: subcommands, error messages and exit codes.

Exit codes: 0 success, 1 a part of a benchmark or a batch failed (its errors are in
the results), 2 an error the user can correct (one sentence on stderr), 130 Ctrl-C.
"""

import errno
import os
import re
import signal
import sys
import traceback
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from momentvos import __version__
from momentvos.cli import (
    ablate,
    account,
    batch,
    collector,
    config,
    convert,
    data,
    demo,
    estimate,
    evaluate,
    export,
    ground,
    models,
    options,
    pull,
    recipes,
    run,
    serve,
    settings,
    streams,
    studio,
    threads,
    train,
    train_grounder,
    world,
)
from momentvos.cli.activity import note
from momentvos.errors import MomentVOSError
from momentvos.notice import handed_on
from momentvos.suggestion import did_you_mean

DEBUG = "MOMENTVOS_DEBUG"
_CHOICE = re.compile(r"(?:Value error, )?('(.*)' is not one of ((?:'[^']*'(?:, )?)+))\.?")
"""Typer's words, and pydantic's before them, about a value that is none of a few."""


class Verbs(TyperGroup):
    """Command group that prints errors as one sentence."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take ``--debug`` from wherever it stands, and keep the words for messages."""
        end = args.index("--") if "--" in args else len(args)
        debug = "--debug" in args[:end]
        args = [word for place, word in enumerate(args) if word != "--debug" or place > end]
        given = os.environ.get(DEBUG, "").lower()
        ctx.meta["momentvos.debug"] = debug or given in ("1", "true", "yes", "on")
        ctx.meta["momentvos.words"] = list(args)
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            _improve(error)
            raise

    def invoke(self, ctx: Any) -> Any:
        """Run the command; errors of ours and of the system exit with code 2, Ctrl-C with 130."""
        try:
            with handed_on(lambda text: note(text, ctx.meta.get(options.QUIET, False))):
                self._take_settings(ctx)
                return super().invoke(ctx)
        except MomentVOSError as error:
            _trace(ctx)
            typer.secho(f"Error: {error}", fg=typer.colors.RED, err=True)
            raise typer.Exit(2) from error
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            _trace(ctx)
            streams.report(error)
            raise typer.Exit(2) from error
        except KeyboardInterrupt as interrupt:
            _trace(ctx)
            typer.secho("Interrupted: nothing is left half-written.", err=True)
            raise typer.Exit(130) from interrupt
        except Exception as error:
            _improve(error)
            raise

    def _take_settings(self, ctx: Any) -> None:
        found = settings.Settings.read(self)
        ctx.default_map = found.defaults(self)
        ctx.meta["momentvos.debug"] |= bool(found.shared.get(settings.DEBUG, False))
        settings.apply(found)


def _trace(ctx: Any) -> None:
    if ctx.meta["momentvos.debug"]:
        traceback.print_exc()


def _improve(error: Any) -> None:
    """Ask "did you mean" about names, and say where a value comes from that is refused."""
    refused = _CHOICE.fullmatch(str(getattr(error, "message", "")))
    if refused is not None:
        error.message = refused[1] + did_you_mean(refused[2], re.findall(r"'([^']*)'", refused[3]))
    close = getattr(error, "possibilities", None)
    if close:
        error.message = f"{error.message}. Did you mean {' or '.join(sorted(close))}?"
        error.possibilities = None
    source = settings.source_of(error)
    if source is not None:
        error.message = f"{str(error.message).rstrip('.')} (it comes from {source})."


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
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _global_options(
    version: Annotated[
        bool,
        typer.Option(
            "-V", "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Print the traceback of an error; with any verb.")
    ] = False,
) -> None:
    pass


app.command("run")(run.run)
app.command("demo")(demo.demo)
app.command("batch")(batch.batch)
app.command("estimate")(estimate.estimate)
app.command("ground")(ground.ground)
app.command("serve")(serve.serve)
app.add_typer(account.app, name="account")
app.add_typer(studio.app, name="studio")
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
app.command("config")(config.config)


def main() -> None:
    """Run the command line and exit with its code."""
    # SIGTERM unwinds like Ctrl-C, so that half-written files are removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    threads.wait_passively()
    threads.keep_to_quota()
    streams.prepare()
    code = streams.run(app)
    collector.leave_all()
    sys.exit(code)
