"""The studio's tables in the server's database, brought to their newest form."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

VERSION_TABLE = "studio_version"
"""The studio has a row of versions of its own: the server's go on without it."""


def migrate(engine: Engine, to: str = "head") -> None:
    """Bring the tables to a version, the newest one by default."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)
