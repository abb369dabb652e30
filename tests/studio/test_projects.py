"""Projects: whom expressions are given to, and ids that mean one thing for ever."""

import pytest

pytest.importorskip("sqlalchemy", reason="the extra `web` is not installed")
from momentvos.errors import ArgumentError
from momentvos.server.accounts import Accounts
from momentvos.server.problem import Problem


def test_an_id_is_never_given_to_something_else(studio, data_sets, tmp_path):
    folder = data_sets.mevis(tmp_path / "in")
    first = studio.load(folder)
    before = set(studio.ids(first).values()), studio.video(first, "cats")
    studio.projects.remove(first)
    second = studio.load(folder)
    assert second > first
    assert before[0].isdisjoint(studio.ids(second).values())
    assert studio.video(second, "cats") > before[1]


def test_only_people_who_can_log_in_get_something(studio, data_sets, tmp_path):
    project = studio.load(data_sets.mevis(tmp_path / "in"))
    for nobody in ("", " ", "a\0b"):
        with pytest.raises(ArgumentError, match="the name of a person"):
            studio.projects.share(project, [nobody], "ada")
    assert studio.projects.share(project, ["anybody"], "ada") == {"anybody": 4}
    Accounts(studio.database).add("bo", "a long enough word", "annotator")
    with pytest.raises(ArgumentError, match="no account 'boo'"):
        studio.projects.share(project, ["bo", "boo"], "ada", each=2)
    for expression in studio.ids(project).values():
        assert studio.mine(expression, "bo") is None
    assert studio.projects.share(project, ["ｂｏ"], "ada") == {"ｂｏ": 4}
    assert all(studio.mine(one, "bo") for one in studio.ids(project).values())
    with pytest.raises(Problem, match="different annotators"):
        studio.projects.share(project, ["bo", "ｂｏ"], "ada", each=2)


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "x" * 201])
def test_a_project_needs_a_name(studio, data_sets, tmp_path, name):
    folder = data_sets.mevis(tmp_path / "in")
    with pytest.raises(ArgumentError, match="1 to 200 characters"):
        studio.load(folder, name)
