"""What is made of answers is kept within bytes, however many combinations somebody asks for."""

import secrets
from threading import Barrier, Thread

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
from momentvos.server import rendered
from momentvos.server.problem import Problem
from momentvos.server.rendered import Rendered
from momentvos.server.store import Store

SIZE = 1000


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "data")
    yield made
    made.close()


@pytest.fixture
def job(store):
    made = secrets.token_hex(16)
    store.job(made).mkdir()
    return made


@pytest.fixture
def made():
    """What was made, in its order."""
    return []


@pytest.fixture
def ask(job, made):
    """Ask for the file of a name: ask(kept, "a") -> path."""

    def ask(kept: Rendered, name: str, size: int = SIZE):
        def make(out):
            made.append(name)
            out.mkdir()
            (out / "packed.png").write_bytes(b"x" * size)
            (out / f"{name}.zip").write_bytes(b"x" * size)
            return out / f"{name}.zip"

        return kept.file(job, name, make)

    return ask


def on_disk(store, job):
    return sum(path.stat().st_size for path in store.job(job).rglob("*") if path.is_file())


def test_any_number_of_combinations_takes_no_more_than_the_limit(
    store, job, ask, made, monkeypatch
):
    monkeypatch.setattr(rendered, "FRESH", 0.0)
    kept = Rendered(store, 3 * SIZE, 0)
    for number in range(20):
        assert ask(kept, f"n{number}").stat().st_size == SIZE
        assert on_disk(store, job) <= 3 * SIZE
    assert len(made) == 20
    assert not list(store.incoming.iterdir())


def test_what_is_asked_for_again_stays_and_is_not_made_again(store, ask, made, monkeypatch):
    monkeypatch.setattr(rendered, "FRESH", 0.0)
    kept = Rendered(store, 2 * SIZE, 0)
    for name in "abacada":
        ask(kept, name)
    assert made == ["a", "b", "c", "d"]


def test_what_was_asked_for_just_now_is_not_removed_under_its_reader(store, job, ask, made):
    kept = Rendered(store, 2 * SIZE, 0)
    paths = [ask(kept, name) for name in "abc"]
    with pytest.raises(Problem, match="try again soon") as caught:
        ask(kept, "d")
    assert (caught.value.status, made) == (429, ["a", "b", "c"])
    assert all(path.is_file() for path in paths)
    assert ask(kept, "a") == paths[0]  # what is there costs nothing
    store.remove("jobs", job)
    store.job(job).mkdir()
    ask(kept, "d")  # what went with its job is not counted


def test_a_new_server_knows_what_is_there_and_what_was_used_last(store, job, ask, made):
    first = Rendered(store, 9 * SIZE, 0)
    for name in "abc":
        ask(first, name)
    ask(first, "a")
    second = Rendered(store, 3 * SIZE, 0)
    ask(second, "d")
    ask(second, "a")
    assert made == ["a", "b", "c", "d"]
    assert sorted(path.name for path in store.job(job).iterdir()) == [
        "rendered-a",
        "rendered-c",
        "rendered-d",
    ]


def test_two_that_ask_at_once_have_one_file(store, ask, made):
    kept, begin, paths = Rendered(store, 9 * SIZE, 0), Barrier(8), []

    def work():
        begin.wait()
        paths.append(ask(kept, "a"))

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (made, len(set(paths)), len(paths)) == (["a"], 1, 8)


def test_what_fails_leaves_nothing_and_can_be_tried_again(store, job, ask, made):
    kept = Rendered(store, 9 * SIZE, 0)

    def fails(out):
        out.mkdir()
        (out / "half").write_bytes(b"x")
        raise ValueError

    with pytest.raises(ValueError):
        kept.file(job, "a", fails)
    assert ask(kept, "a").is_file()
    store.remove("jobs", job)
    with pytest.raises(Problem, match="removed") as caught:
        ask(kept, "b")
    assert caught.value.status == 404
    assert not list(store.incoming.iterdir())
