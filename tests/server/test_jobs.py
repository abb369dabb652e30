from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
from sqlalchemy import select

from momentvos.server.database import Database, migrate
from momentvos.server.tables import Base, JobRow


@pytest.fixture(scope="module")
def web(waiting):
    with waiting(limits={"queue": 2, "sentences": 3, "clicks": 2}) as web:
        yield web


@pytest.fixture
def video(web, clip):
    yield web.upload(clip)
    for job in web.get("/api/jobs").json():
        web.post(f"/api/jobs/{job['id']}/cancel")
        web("DELETE", f"/api/jobs/{job['id']}")


def test_a_full_queue_is_429_with_the_time_to_wait(web, video):
    first, second = web.ask(video, "a"), web.ask(video, "b")
    assert (web.job(first)["ahead"], web.job(second)["ahead"]) == (0, 1)
    answer = web.post("/api/jobs", json={"video": video, "asks": [{"sentence": "c"}]})
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 600
    web.post(f"/api/jobs/{first}/cancel")
    assert web.job(second)["ahead"] == 0
    web.ask(video, "c")


def test_moments_are_kept_as_frames(web, video):
    asks = [
        {"sentence": "a", "moment": "0.25s-0.5s"},
        {"sentence": "b", "moment": [[3, 4], [1, 2]]},
        {"sentence": "c", "moment": "all"},
    ]
    kept = [one["moment"] for one in web.job(web.ask(video, *asks))["asks"]]
    assert kept == [[[2, 3]], [[1, 4]], [[0, 5]]]


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        ({"sentence": " "}, "empty"),
        ({"sentence": "word " * 300}, "words"),
        ({"sentence": "a", "moment": "9s-10s"}, "outside the video"),
        ({"sentence": "a", "moment": [[3, 6]]}, "frames 0 to 5"),
        ({"sentence": "a", "moment": [[4, 3]]}, "0 <= start <= end"),
        ({"sentence": "a", "moment": []}, "at least 1"),
        ({"sentence": "a", "clicks": [{"frame": 6, "x": 1, "y": 1}]}, "0 to 5"),
        ({"sentence": "a", "clicks": [{"frame": 0, "x": 64, "y": 1}]}, "outside the pictures"),
        ({"sentence": "a", "clicks": [{"frame": 0, "x": 1, "y": 1}] * 3}, "over 2 clicks"),
        ({"sentence": "a", "colour": "red"}, "Extra"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_sentence(web, video, ask, says):
    answer = web.post("/api/jobs", json={"video": video, "asks": [ask]})
    assert answer.status_code == 422
    assert says in answer.json()["detail"]
    assert web.get("/api/jobs").json() == []


def test_unknown_models_and_videos_and_too_many_sentences(web, video):
    wanted = {"video": video, "asks": [{"sentence": "a"}]}
    answer = web.post("/api/jobs", json=wanted | {"model": "../x"})
    assert (answer.status_code, "tgl-mini" in answer.text) == (422, True)
    assert web.post("/api/jobs", json=wanted | {"video": "0" * 32}).status_code == 404
    answer = web.post("/api/jobs", json=wanted | {"asks": [{"sentence": "a"}] * 4})
    assert "at most 3 sentences" in answer.json()["detail"]


def test_a_waiting_job_is_cancelled_at_once_and_its_events_end(web, video):
    job = web.ask(video, "a")
    assert web.post(f"/api/jobs/{job}/cancel").json()["state"] == "cancelled"
    assert web.post(f"/api/jobs/{job}/cancel").json()["state"] == "cancelled"
    lines = web.get(f"/api/jobs/{job}/events").text.splitlines()
    assert lines[0] == "event: job"
    assert '"state":"cancelled"' in lines[1]
    assert web.get(f"/api/jobs/{job}/answers/0/prediction").status_code == 409
    assert web.get(f"/api/jobs/{job}/answers/7/prediction").status_code == 404
    assert web("DELETE", f"/api/jobs/{job}").status_code == 204
    assert web.get(f"/api/jobs/{job}/events").status_code == 404


def test_jobs_outlive_the_server_and_one_that_ran_waits_again(serve, clip):
    with serve() as web:
        video = web.upload(clip)
        ran, waits = web.ask(video, "a"), web.ask(video, "b")
        assert web.service.jobs.take("cpu").id == ran  # the oldest comes first
        assert web.job(ran)["state"] == "running"
    with serve() as web:
        assert [web.job(one)["state"] for one in (ran, waits)] == ["queued", "queued"]
        assert web.job(ran)["asks"][0]["sentence"] == "a"
        assert web.service.jobs.take("cpu").id == ran


def test_a_job_whose_process_is_lost_again_and_again_fails_and_restarts_do_not_count(serve, clip):
    job = None
    for _ in range(2):
        with serve(limits={"tries": 2}) as web:
            job = job or web.ask(web.upload(clip), "a")
            assert web.service.jobs.take("cpu").id == job
    with serve(limits={"tries": 2}) as web:
        for _ in range(2):
            assert web.job(job)["state"] == "queued"
            web.service.jobs.take("cpu")
            web.service.jobs.again(job, "its process was ended by SIGKILL")
        assert web.job(job)["state"] == "failed"
        assert web.job(job)["error"] == (
            "The job was tried 2 times and never ended: its process was ended by SIGKILL."
        )


def test_a_job_that_was_to_be_cancelled_is_when_the_server_starts_again(serve, clip):
    with serve() as web:
        job = web.ask(web.upload(clip), "a")
        web.service.jobs.take("cpu")
        assert web.post(f"/api/jobs/{job}/cancel").json()["state"] == "running"
    with serve() as web:
        assert web.job(job)["state"] == "cancelled"


def test_the_schema_of_the_migrations_is_that_of_the_tables(tmp_path):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    database = Database(f"sqlite:///{tmp_path / 'a.sqlite3'}")
    migrate(database.engine)  # a second time changes nothing
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []
    with database.begin() as session:
        assert session.scalars(select(JobRow)).all() == []
    database.close()


def test_a_database_of_the_schema_before_is_brought_up_with_what_is_in_it(tmp_path):
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, text

    from momentvos.server import migrations
    from momentvos.server.tables import AccountRow, VideoRow

    url = f"sqlite:///{tmp_path / 'old.sqlite3'}"
    engine = create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        time = "2026-01-02 03:04:05.000000"
        connection.execute(
            text(
                "INSERT INTO videos VALUES ('v', 'd', 'clip.mp4', 9, 64, 48, 8.0, 6, 0.75, 0, "
                f"'[]', '{time}', '{time}')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO jobs VALUES ('j', 'v', 'tgl-mini', '[]', 'queued', 0, 0, NULL, NULL, "
                f"'{time}', NULL, NULL)"
            )
        )
    engine.dispose()
    database = Database(url)
    with database.begin() as session:
        assert session.get(VideoRow, "v").jobs[0].id == "j"
        assert session.scalars(select(AccountRow)).all() == []
        session.add(AccountRow(name="ann", role="admin", hash="x"))
    database.close()


def test_a_database_of_a_newer_version_is_left_alone(tmp_path):
    from momentvos.errors import ArgumentError

    url = f"sqlite:///{tmp_path / 'new.sqlite3'}"
    database = Database(url)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    with pytest.raises(ArgumentError, match="a newer version"):
        Database(url)


@pytest.mark.parametrize("url", ["nonsense", "mysql://a@b/c", "sqlite:////no/such/folder/a.db"])
def test_a_database_that_cannot_be_used_is_one_sentence(url):
    from momentvos.errors import MomentVOSError

    with pytest.raises(MomentVOSError):
        Database(url)
