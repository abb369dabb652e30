"""The database: opened by its URL and brought to the newest schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError as BadUrl
from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import sessionmaker

from momentvos.errors import ArgumentError, ExtraError
from momentvos.guard import reason

WAIT = 30.0
"""Seconds to wait for another writer."""
_READING = "momentvos_reading"


class Database:
    """Sessions of one database.

    Args:
        url: of SQLAlchemy, sqlite:///FILE or postgresql://...

    Raises:
        ArgumentError: it is none of the two kinds, or cannot be opened. ExtraError: its driver
            lacks.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        reader = self.engine.execution_options(**{_READING: True})
        self.begin = sessionmaker(self.engine, expire_on_commit=False).begin
        """A session in a transaction that may write, as a context manager."""
        self.read = sessionmaker(reader, expire_on_commit=False).begin
        """The same for one that only reads."""
        try:
            migrate(self.engine)
        except CommandError as error:
            raise ArgumentError(
                f"The database {self.engine.url.render_as_string()} is of a newer version of "
                "MomentVOS; use that one, or another --data."
            ) from error
        except SQLAlchemyError as error:
            raise ArgumentError(
                f"The database {self.engine.url.render_as_string()} cannot be used: "
                f"{reason(error)}."
            ) from error

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def migrate(engine: Engine) -> None:
    """Bring a database to the newest schema."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _engine(text: str) -> Engine:
    try:
        url = make_url(text)
    except BadUrl:
        raise ArgumentError(
            "--database is an address such as postgresql://user@host/name or sqlite:////file."
        ) from None
    kind = url.get_backend_name()
    if kind == "sqlite":
        how = {"timeout": WAIT, "isolation_level": None}
        engine = create_engine(url, connect_args=how, pool_size=20, max_overflow=40)
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        return engine
    if kind != "postgresql":
        raise ArgumentError(
            f"A database of kind '{kind}' cannot be used; sqlite and postgresql can."
        )
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    try:
        return create_engine(url, pool_size=20, max_overflow=40, pool_pre_ping=True)
    except (ImportError, NoSuchModuleError) as error:
        raise ExtraError(
            "PostgreSQL needs the package psycopg, which is not installed: "
            "pip install 'momentvos[postgres]'"
        ) from error


def _prepare(connection: Any, record: Any) -> None:
    """Let readers and a writer work at once, and rows go with those that they belong to."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA foreign_keys=ON")


def _begin(connection: Any) -> None:
    """Let a transaction that may write wait for others at its beginning, in SQLite.

    One that has read and then writes fails at once where another has written meanwhile.
    """
    reads = connection.get_execution_options().get(_READING, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
