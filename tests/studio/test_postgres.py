"""The studio on a real PostgreSQL, with many writers at once."""

import importlib.util
import json
import random
from pathlib import Path
from threading import Barrier, Event, Thread

import pytest

from momentvos.studio import changes as c

pytest.importorskip("sqlalchemy", reason="the extra `web` is not installed")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def postgres_url():
    path = Path(__file__).parents[1] / "server" / "postgres.py"
    spec = importlib.util.spec_from_file_location("postgres_of_tests", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with module.postgres() as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request, tmp_path, studio_at):
    """A studio on each database."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'studio.sqlite3'}"
    else:
        url = request.getfixturevalue("postgres_url")
    made = studio_at(url)
    yield made
    for project in made.database_projects():
        made.projects.remove(project)
    made.database.close()


def at_once(*works):
    """Run functions in threads that begin together; raise what one of them raises."""
    barrier, faults = Barrier(len(works)), []

    def run(work):
        barrier.wait()
        try:
            work()
        except BaseException as fault:
            faults.append(fault)

    threads = [Thread(target=run, args=(work,)) for work in works]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    if faults:
        raise faults[0]


def test_two_who_hand_in_at_once_are_both_seen(both, data_sets, tmp_path):
    project = both.load(data_sets.mevis(tmp_path / "in"), wanted=2)
    ids = both.ids(project)
    both.projects.share(project, ["bo", "cy"], "ada", each=2)
    for expression in ids.values():
        mine = [both.mine(expression, name) for name in ("bo", "cy")]
        at_once(*(lambda one=one: both.say(one, c.Submit()) for one in mine))
        assert both.status(expression) == ("done", 1.0)


def test_conflicts_without_end_every_change_stands_or_is_refused(both, data_sets, tmp_path):
    """Four writers on one item, 100 changes; a refused author merges and tries again."""
    from momentvos.studio.conflict import Conflict

    project = both.load(data_sets.mevis(tmp_path / "in", length=400))
    expression = both.ids(project)["cats", "1"]
    both.projects.assign(project, [expression], "bo", "ada", blank=True)
    mine = both.mine(expression, "bo")
    stood, refused = [], []

    def writer(name):
        dice = random.Random(name)
        item = both.items.annotation(mine)
        for number in range(25):
            frame = dice.randrange(400)
            change = c.Mark(object=dice.choice("01"), span=(frame, frame))
            key = f"{name}-{number:05d}"
            while True:
                try:
                    item = both.items.change_annotation(mine, item["version"], change, name, key)
                except Conflict as conflict:
                    content = conflict.to_json()
                    refused.append(key)
                    assert content["mine"] is not None
                    assert content["since"][-1]["version"] == content["current"]["version"]
                    item = content["current"]
                else:
                    stood.append((change.object, frame))
                    break

    at_once(*(lambda name=name: writer(name) for name in ("bo", "cy", "di", "ed")))
    events = both.items.history("annotation", mine)
    assert [one["version"] for one in events] == list(range(1, 101))
    told = [(one["change"]["object"], one["change"]["span"][0]) for one in events]
    assert sorted(told) == sorted(stood)
    for one in both.items.annotation(mine)["moments"]:
        marked = {f for first, last in one["spans"] for f in range(first, last + 1)}
        assert marked == {frame for name, frame in stood if name == one["object"]}
    assert refused


def test_an_export_while_others_edit_is_one_version(both, data_sets, tmp_path):
    """Two expressions are always changed in the same order; no export has only the second."""
    project = both.load(data_sets.mevis(tmp_path / "in", length=200))
    ids = both.ids(project)
    pair = [ids["cats", "0"], ids["dogs", "0"]]
    both.projects.assign(project, pair, "bo", "ada", blank=True)
    first, second = (both.mine(one, "bo") for one in pair)
    ended = Event()

    def write():
        for number in range(60):
            frame = 3 * number
            for mine, name in ((first, "0"), (second, "2")):
                reopen = [] if number == 0 else [c.Reopen()]
                both.say(mine, *reopen, c.Mark(object=name, span=(frame, frame)), c.Submit())
        ended.set()

    seen = []

    def read():
        from momentvos.studio.snapshot import take

        while not ended.is_set():
            films = {one.name: one for one in take(both.database, project).films}
            answers = [films[name].results[0].answer for name in ("cats", "dogs")]
            if None not in answers:
                seen.append([len(next(iter(one.moments.values()))) for one in answers])

    at_once(write, read)
    assert len(seen) > 3
    assert all(0 <= one - other <= 1 for one, other in seen), seen
    both.export(project, tmp_path / "frames.json", "frames")
    made = json.loads((tmp_path / "frames.json").read_text())
    assert made["cats"]["0"]["frames"] == made["dogs"]["0"]["frames"] == list(range(0, 180, 3))


def test_the_schema_is_the_same(postgres_url, studio_at):
    from tests.studio.test_schema import differences

    made = studio_at(postgres_url)
    differences(made.database.engine)
    made.database.close()


def test_a_studio_of_an_older_schema_is_as_it_was(postgres_url, data_sets, tmp_path):
    from sqlalchemy import create_engine, text
    from tests.studio.test_schema import an_older_one_is_as_it_was

    url = postgres_url.replace("/postgres?", "/older?")
    engine = create_engine(
        postgres_url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE older"))
    engine.dispose()
    an_older_one_is_as_it_was(url, tmp_path, data_sets, "0001")
