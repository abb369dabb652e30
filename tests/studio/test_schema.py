"""The studio's tables: as the migrations make them, and beside an older server's."""

import pytest

pytest.importorskip("sqlalchemy", reason="the extra `web` is not installed")


def test_the_schema_of_the_migrations_is_that_of_the_tables(studio):
    differences(studio.database.engine)


def differences(engine):
    """Raise for a column, key or index in which migrations and tables differ."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from momentvos.studio.schema import VERSION_TABLE
    from momentvos.studio.tables import Base

    def ours(thing, name, kind, reflected, other):
        return kind != "table" or (name.startswith("studio_") and name != VERSION_TABLE)

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": ours, "version_table": VERSION_TABLE}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_a_database_from_before_the_studio_keeps_its_rows(tmp_path, studio_at):
    from sqlalchemy import text

    from momentvos.server.database import Database

    url = f"sqlite:///{tmp_path / 'old.sqlite3'}"
    old = Database(url)
    with old.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO videos VALUES ('a', 'b', 'clip.mp4', 1, 2, 3, 4.0, 5, 6.0, 0, '[]', "
                "'2026-01-01', '2026-01-01')"
            )
        )
    old.close()
    studio = studio_at(url)
    with studio.database.engine.connect() as connection:
        assert connection.execute(text("SELECT name FROM videos")).scalar() == "clip.mp4"
        assert connection.execute(text("SELECT count(*) FROM studio_events")).scalar() == 0
    studio.database.close()
