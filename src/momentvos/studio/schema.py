"""The studio's tables in the server's database, brought to their newest form."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Engine

from momentvos.errors import ArgumentError

VERSION_TABLE = "studio_version"
"""The studio has a row of versions of its own: the server's go on without it."""


def migrate(engine: Engine, to: str = "head") -> None:
    """Bring the tables to a version, the newest one by default.

    Raises ArgumentError for those of a newer program.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, to)
        except CommandError as error:
            raise ArgumentError(
                f"The studio in the database {engine.url.render_as_string()} is of a newer version "
                "of MomentVOS; use that one, or another --data."
            ) from error
