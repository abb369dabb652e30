"""Changes in the database: versions, conflicts, repeats, and who has said what."""

from threading import Thread

import pytest

from momentvos.studio import changes as c

pytest.importorskip("sqlalchemy", reason="the extra `web` is not installed")


@pytest.fixture
def given(studio, data_sets, tmp_path):
    """A project with "both" about the cats given to two annotators: ids of their annotations."""
    project = studio.load(data_sets.mevis(tmp_path / "in"), wanted=2)
    both = studio.ids(project)["cats", "1"]
    for name in ("bo", "cy"):
        studio.projects.assign(project, [both], name, "ada", blank=True)
    return both, studio.mine(both, "bo"), studio.mine(both, "cy")


def test_an_old_version_is_refused_with_all_that_a_merge_needs(studio, given):
    _, mine, _ = given
    first = c.Mark(object="0", span=(0, 1))
    made = studio.items.change_annotation(mine, 0, first, "bo")
    assert (made["version"], made["undos"], made["state"]) == (1, 1, "draft")
    from momentvos.studio.conflict import Conflict

    with pytest.raises(Conflict) as refused:
        studio.items.change_annotation(mine, 0, c.Mark(object="1", span=(4, 4)), "cy")
    content = refused.value.to_json()
    assert refused.value.status == 409
    assert "changed by bo" in content["detail"]
    assert content["base"]["moments"] == [{"object": name, "spans": []} for name in "01"]
    assert content["mine"]["moments"][1] == {"object": "1", "spans": [[4, 4]]}
    assert content["current"] == made == studio.items.annotation(mine)
    assert [one["change"] for one in content["since"]] == [first.model_dump(mode="json")]
    merged = c.Take(moments={"0": [(0, 1)], "1": [(4, 4)]}, source="merge")
    assert studio.items.change_annotation(mine, 1, merged, "cy")["version"] == 2
    assert [one["who"] for one in studio.items.history("annotation", mine)] == ["bo", "cy"]


def test_a_change_that_is_sent_twice_is_made_once(studio, given):
    _, mine, _ = given
    for _ in range(2):
        made = studio.items.change_annotation(
            mine, 0, c.Mark(object="0", span=(0, 1)), "bo", "key-1"
        )
        assert made["version"] == 1
    assert len(studio.items.history("annotation", mine)) == 1


def test_undo_and_redo_are_events(studio, given):
    _, mine, _ = given
    studio.say(mine, c.Mark(object="0", span=(0, 1)), c.Mark(object="0", span=(3, 4)))
    made = studio.say(mine, c.Undo())
    assert made["moments"][0]["spans"] == [[0, 1]]
    assert (made["version"], made["undos"], made["redos"]) == (3, 1, 1)
    made = studio.say(mine, c.Redo(), c.Undo(), c.Undo())
    assert (made["version"], made["undos"], made["redos"]) == (6, 0, 2)
    from momentvos.server.problem import Problem

    with pytest.raises(Problem, match="nothing to undo"):
        studio.say(mine, c.Undo())
    assert len(studio.items.history("annotation", mine)) == 6


def test_two_who_agree_are_done_and_two_who_differ_are_disputed(studio, given):
    expression, bo, cy = given
    studio.say(bo, c.Spans(object="0", spans=[(0, 3)]), c.Submit())
    assert studio.status(expression) == ("open", None)
    studio.say(cy, c.Spans(object="0", spans=[(1, 3)]), c.Submit())
    assert studio.status(expression) == ("done", (0.75 + 1.0) / 2)
    studio.say(cy, c.Reopen(), c.Spans(object="0", spans=[(5, 5)]), c.Submit())
    assert studio.status(expression) == ("disputed", 0.5)
    studio.say(cy, c.Reopen(), c.Unusable(reason="dark"))
    assert studio.status(expression) == ("disputed", 0.0)
    final = studio.items.decide(expression, "rae")
    assert studio.items.decide(expression, "ada")["id"] == final["id"]
    assert final["moments"][0] == {"object": "0", "spans": [[0, 3]]}
    studio.say(final["id"], c.Submit())
    assert studio.status(expression)[0] == "final"


def test_adjudication_begins_with_what_all_say(studio, given):
    expression, bo, cy = given
    studio.say(bo, c.Spans(object="0", spans=[(0, 3)]), c.RemoveObject(object="1"), c.Submit())
    studio.say(cy, c.Spans(object="0", spans=[(2, 5)]), c.Submit())
    moments = studio.items.decide(expression, "rae")["moments"]
    assert moments == [{"object": "0", "spans": [[2, 3]]}]


def test_sharing_gives_every_expression_to_so_many_and_a_video_to_the_same(
    studio, data_sets, tmp_path
):
    project = studio.load(data_sets.mevis(tmp_path / "in", names=("a", "b", "c")), wanted=2)
    given = studio.projects.share(project, ["bo", "cy", "di"], "ada", each=2)
    assert given == {"bo": 4, "cy": 4, "di": 4}
    for (_, _), expression in studio.ids(project).items():
        assert sum(studio.mine(expression, name) is not None for name in ("bo", "cy", "di")) == 2
    assert studio.projects.share(project, ["bo", "cy", "di"], "ada", each=2)["bo"] == 0


def test_writers_at_once_lose_nothing(studio, given):
    _, mine, _ = given
    from momentvos.studio.conflict import Conflict

    stood, refused = [], []

    def write(author):
        for number in range(15):
            while True:
                item = studio.items.annotation(mine)
                key = f"{author}-{number}"
                change = c.Mark(object="0", span=(number % 6, number % 6))
                try:
                    studio.items.change_annotation(mine, item["version"], change, author, key)
                except Conflict as conflict:
                    refused.append(conflict)
                else:
                    stood.append(key)
                    break

    threads = [Thread(target=write, args=(name,)) for name in ("bo", "cy", "di")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    events = studio.items.history("annotation", mine)
    assert len(stood) == len(events) == 45
    assert [one["version"] for one in events] == list(range(1, 46))
    assert all(one.to_json()["mine"] is not None for one in refused)
