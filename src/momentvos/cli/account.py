"""``momentvos account``: who may log in to a server."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentvos.cli import options
from momentvos.cli.server_database import server_database
from momentvos.cli.streams import print_json

if TYPE_CHECKING:
    from momentvos.server.accounts import Accounts

app = typer.Typer(no_args_is_help=True, help="Say who may log in to `momentvos serve`.")
_MOST = 10_000


class Role(StrEnum):
    """A role, as in `momentvos.server.user`."""

    reader = "reader"
    annotator = "annotator"
    reviewer = "reviewer"
    admin = "admin"


Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the account.")]


@app.command("add")
def add(
    name: Name,
    role: Annotated[
        Role,
        typer.Option(
            help="What it may do: look; ask and annotate; decide between annotators; everything."
        ),
    ] = Role.annotator,
    again: Annotated[
        bool,
        typer.Option("--again", help="Give back an account that was removed: the same person."),
    ] = False,
    data: options.ServerData = None,
    database: options.Database = None,
) -> None:
    """Make an account. The password is asked for, or read from stdin where that is no terminal."""
    with _accounts(data, database, new=True) as accounts:
        accounts.free(name, again)
        accounts.add(name, _password(), role.value, again)
    typer.echo(f"'{name}' can log in as {role.value}", err=True)


@app.command("list")
def list_(
    data: options.ServerData = None,
    database: options.Database = None,
    as_json: options.AsJson = False,
) -> None:
    """List all accounts with their roles."""
    with _accounts(data, database) as accounts:
        rows = accounts.all()
    if as_json:
        print_json(
            [
                {"name": row.name, "role": row.role, "created": row.created.isoformat()}
                for row in rows
            ]
        )
        return
    width = max((len(row.name) for row in rows), default=0)
    for row in rows:
        typer.echo(f"{row.name:<{width}}  {row.role:<9}  since {row.created:%Y-%m-%d}")
    if not rows:
        typer.echo("There are no accounts; make one with `momentvos account add NAME`.", err=True)


@app.command("password")
def password(
    name: Name, data: options.ServerData = None, database: options.Database = None
) -> None:
    """Give an account another password; its sessions end."""
    with _accounts(data, database) as accounts:
        accounts.get(name)
        accounts.change_password(name, _password())
    typer.echo(f"'{name}' has another password, and is logged out everywhere", err=True)


@app.command("role")
def role(
    name: Name,
    role: Annotated[Role, typer.Argument(metavar="ROLE", help="The role from now on.")],
    data: options.ServerData = None,
    database: options.Database = None,
) -> None:
    """Give an account another role; its sessions end."""
    with _accounts(data, database) as accounts:
        accounts.change_role(name, role.value)
    typer.echo(f"'{name}' is {role.value} now, and is logged out everywhere", err=True)


@app.command("remove")
def remove(name: Name, data: options.ServerData = None, database: options.Database = None) -> None:
    """Remove an account; its sessions end."""
    with _accounts(data, database) as accounts:
        left = accounts.remove(name)
    typer.echo(f"'{name}' is removed, and is logged out everywhere", err=True)
    if not left:
        typer.echo(
            "It was the last one: from its next start on, a server of this machine asks nobody "
            "who they are, unless it has a token.",
            err=True,
        )


@contextmanager
def _accounts(data: Path | None, database: str | None, new: bool = False) -> "Iterator[Accounts]":
    """Accounts of a server, whether it runs or not. new: its folder may be a new one.

    Raises ArgumentError where there is none.
    """
    with server_database(data, database, new) as opened:
        from momentvos.server.accounts import Accounts

        yield Accounts(opened)


def _password() -> str:
    """A password, typed twice in a terminal, or a line of stdin. It stands in no command line."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline(_MOST).rstrip("\r\n")
