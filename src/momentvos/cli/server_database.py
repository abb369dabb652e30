"""The database of a server, for verbs that work beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from momentvos.cli import options

if TYPE_CHECKING:
    from momentvos.server.database import Database


@contextmanager
def server_database(data: Path | None, url: str | None, new: bool = False) -> "Iterator[Database]":
    """Open the database of a server, whether it runs or not. new: its folder may be a new one.

    Raises ArgumentError where there is none.
    """
    from momentvos.errors import ArgumentError
    from momentvos.server.serve import check_installed

    check_installed()
    from momentvos.server.database import Database
    from momentvos.server.settings import Settings

    settings = Settings((data or options.SERVER_DATA).absolute(), database=url)
    if url is None and not settings.data.is_dir():
        if not new:
            raise ArgumentError(
                f"There is no server's folder '{data or options.SERVER_DATA}'; name it with --data."
            )
        settings.data.mkdir(0o700, parents=True)
    database = Database(settings.url)
    try:
        yield database
    finally:
        database.close()
