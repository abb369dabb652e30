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


@pytest.mark.parametrize("old", ["0001"])
def test_a_studio_of_an_older_schema_is_as_it_was(tmp_path, studio_at, data_sets, old):
    an_older_one_is_as_it_was(f"sqlite:///{tmp_path / 'old.sqlite3'}", tmp_path, data_sets, old)


def an_older_one_is_as_it_was(url, folder, data_sets, old):
    """Raise where work that was done in an older schema is another one after the migration.

    To write in it the newest program is used, which is possible as long as versions differ by
    indices alone; when they no longer do, these rows are to be written as that version did.
    """
    from tests.studio.conftest import Studio

    from momentvos.server.database import Database
    from momentvos.studio import changes as c
    from momentvos.studio.items import Items
    from momentvos.studio.projects import Projects
    from momentvos.studio.schema import migrate

    studio = Studio.__new__(Studio)
    studio.database = Database(url)
    migrate(studio.database.engine, old)
    studio.projects, studio.items = Projects(studio.database), Items(studio.database)
    assert indices(studio) == set()
    project = studio.load(data_sets.mevis(folder / "in"), wanted=2)
    both, video = studio.ids(project)["cats", "1"], studio.video(project, "cats")
    studio.projects.share(project, ["bo", "cy"], "ada", each=2, blank=True)
    bo, cy = (studio.mine(both, name) for name in ("bo", "cy"))
    studio.say(bo, c.Mark(object="0", span=(0, 3)), c.Mark(object="1", span=(1, 1)), c.Undo())
    studio.say(cy, c.Mark(object="0", span=(1, 3)), c.Submit())
    studio.items.change_video(video, 0, c.Swap(first="0", second="1", spans=[(1, 2)]), "bo")

    def everything(one, out):
        one.export(project, folder / out)
        return (
            [one.items.annotation(number) for number in (bo, cy)],
            [one.items.history("annotation", number) for number in (bo, cy)],
            one.items.history("video", video),
            one.status(both),
            [path.read_text() for path in sorted((folder / out).rglob("*.json"))],
        )

    before = everything(studio, "before")
    studio.database.close()
    studio = Studio(url)
    assert indices(studio) == {"studio_events_by_project"}
    differences(studio.database.engine)
    assert everything(studio, "after") == before
    made = studio.say(bo, c.Redo(), c.Submit())  # and the work goes on
    assert [one["spans"] for one in made["moments"]] == [[[0, 3]], [[1, 1]]]
    assert studio.status(both)[0] == "disputed"
    studio.projects.remove(project)
    studio.database.close()


def indices(studio):
    """Names of the events' indices that are no keys."""
    from sqlalchemy import inspect

    found = inspect(studio.database.engine).get_indexes("studio_events")
    return {one["name"] for one in found if not one.get("duplicates_constraint")}


def test_a_database_of_a_newer_program_is_refused_in_a_sentence(tmp_path, studio_at):
    from sqlalchemy import text

    from momentvos.errors import ArgumentError

    url = f"sqlite:///{tmp_path / 'new.sqlite3'}"
    studio = studio_at(url)
    with studio.database.engine.begin() as connection:
        connection.execute(text("UPDATE studio_version SET version_num = '9999'"))
    studio.database.close()
    with pytest.raises(ArgumentError, match="of a newer version of MomentVOS"):
        studio_at(url)
