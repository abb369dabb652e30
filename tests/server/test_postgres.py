"""The same server on a real PostgreSQL."""

import importlib.util
import signal
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def url():
    path = Path(__file__).with_name("postgres.py")
    spec = importlib.util.spec_from_file_location("postgres_of_tests", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with module.postgres() as made:
        yield made


def test_the_schema_of_the_migrations_is_that_of_the_tables(url):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from momentvos.server.database import Database
    from momentvos.server.tables import Base

    database = Database(url)
    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert differences == []
    database.close()


def test_jobs_live_in_postgresql_and_outlive_the_server(url, serve, clip, make_clip):
    with serve(database=url) as web:
        video = web.upload(clip)
        assert web.upload(clip) == video
        ran, waits = web.ask(video, "a"), web.ask(video, "b")
        assert web.service.jobs.take("cpu").id == ran
        assert not list(web.service.store.folder.glob("*.sqlite3"))
    with serve(database=url) as web:
        assert [web.job(one)["state"] for one in (ran, waits)] == ["queued", "queued"]
        for job in (ran, waits):
            web.post(f"/api/jobs/{job}/cancel")
        assert web("DELETE", f"/api/videos/{video}").status_code == 204
        assert web.get("/api/jobs").json() == []


def test_a_killed_server_goes_on_with_its_jobs(url, program, make_clip):
    web = program("--database", url)
    job = web.ask(web.upload(make_clip(frames=150)), "the red square", "the square")
    web.until(job, progress=True)
    web.end(signal.SIGKILL)
    web.start()
    assert web.until(job, "done", "failed")["state"] == "done"
    assert len(web.job(job)["answers"]) == 2


def test_accounts_and_sessions_live_in_postgresql(url, serve):
    with serve(database=url) as web:
        web.service.accounts.add("ann", "correct horse battery", "reviewer")
        for name in ("bob", "a\0b", "ann"):  # a NUL is none of PostgreSQL's texts
            given = {"name": name, "password": "correct horse battery"}
            answer = web.post("/api/login", json=given)
            assert answer.status_code == (204 if name == "ann" else 401)
        cookie = {"Cookie": answer.headers["set-cookie"].partition(";")[0]}
        assert web.get("/api/me", headers=cookie).json()["role"] == "reviewer"
        web.service.accounts.remove("ann")
        assert web.get("/api/me", headers=cookie).status_code == 401
        web.service.sessions.clean()
