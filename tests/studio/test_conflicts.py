"""An hour of two people on one item, without its pauses: a change of each every six seconds.

Every change stands, or its author is shown what a merge needs; exports meanwhile are each one
version.
"""

import os
import random
import sys
from contextlib import contextmanager
from threading import Event, Lock

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
pytestmark = pytest.mark.slow
CHANGES = int(os.environ.get("MOMENTVOS_CHANGES", "600"))
LENGTH = 200
PASSWORD = "a long enough word"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request, tmp_path_factory, data_sets):
    """A server with two reviewers and a project, on each database."""
    from tests.server.conftest import Web, changed, settings_in

    from momentvos.studio.attach import attach

    folder = tmp_path_factory.mktemp("conflicts")
    data_sets.mevis(folder / "library" / "pets", length=LENGTH)
    with database(request.param) as url:
        how = {"rooms": [attach], "library": folder / "library", "database": url}
        with changed(settings_in(folder), **how) as web:
            people = {}
            for name in ("rae", "ray"):
                web.service.accounts.add(name, PASSWORD, "reviewer")
                answer = web.post("/api/login", json={"name": name, "password": PASSWORD})
                people[name] = Web(web.url)
                people[name].headers = {"Cookie": answer.headers["set-cookie"].split(";")[0]}
            yield web, people


@contextmanager
def database(kind):
    """URL of a database; None: SQLite in the server's folder."""
    if kind == "sqlite":
        yield None
        return
    from tests.server.postgres import postgres

    with postgres() as url:
        yield url


@pytest.fixture
def project(server, request):
    """A new project: its id, and id and video of its sentence "both" about the cats."""
    from momentvos.studio.imports.read import read
    from momentvos.studio.projects import Projects

    web, people = server
    new = read(web.service.settings.library / "pets", None, None, None)
    number = Projects(web.service.database).add(request.node.name, new, "ada")
    listed = people["rae"].get(f"/api/studio/projects/{number}/expressions").json()["items"]
    return number, listed[1]["id"], listed[1]["video"]


class Author:
    """Somebody who changes an item that somebody else changes too."""

    def __init__(self, name, web, path, change, merge):
        self.name, self._web, self._path = name, web, path
        self._change, self._merge = change, merge
        self._dice = random.Random(name)
        self.seen = {}
        self.stood, self.refused = {}, []
        """What stands, by version; what was refused: (change, status)."""

    def work(self, look):
        """Make all changes. look(): the item now."""
        self.seen = look()
        for number in range(CHANGES):
            if self._dice.random() < 0.2:
                self.seen = look()  # the page is opened anew
            self._send(self._change(self._dice, self.seen), f"{self.name}-{number:06d}")

    def _send(self, change, key):
        while True:
            asked = {"version": self.seen["version"], "key": key, "change": change}
            answer = self._web.post(f"{self._path}/changes", json=asked)
            if answer.status_code == 200:
                self.seen = answer.json()
                self.stood[self.seen["version"]] = (self.name, change)
                return
            self.refused.append((change, answer.status_code))
            content = answer.json()
            assert content["detail"].endswith(".")
            if answer.status_code == 422:
                return  # nothing to undo, or it was handed in: the page says so
            assert answer.status_code == 409, answer.text
            since = [one["version"] for one in content["since"]]
            now = content["current"]["version"]
            assert since == list(range(self.seen["version"] + 1, now + 1))
            for name, value in content["base"].items():
                assert self.seen[name] == value  # what its author saw
            change = self._merge(self._dice, change, content)
            key = f"{key}-{len(self.refused)}"
            self.seen = content["current"]
            if change is None:
                return  # its author takes the other's


def frames(spans):
    return {frame for first, last in spans for frame in range(first, last + 1)}


def spans_of(found):
    from momentvos.moment import Moment

    return [list(one) for one in Moment([(k, k) for k in found]).spans]


def both(base, theirs, mine):
    """Two changes of the same spans as one, as the page's merge offers them."""
    base, theirs, mine = frames(base), frames(theirs), frames(mine)
    return spans_of((mine | (theirs - base)) - (base - theirs) - (base - mine))


def run(*works):
    from tests.studio.test_postgres import at_once

    at_once(*works)


def test_two_reviewers_for_an_hour_on_what_decides(server, project):
    web, people = server
    number, expression, _ = project
    item = people["rae"].post(f"/api/studio/expressions/{expression}/final").json()
    path = f"/api/studio/annotations/{item['id']}"

    def change(dice, seen):
        first = dice.randrange(LENGTH - 10)
        span, name = [first, first + dice.randrange(10)], dice.choice("01")
        if seen["state"] != "draft":
            return {"do": dice.choice(("reopen", "reopen", "undo"))}
        kind = dice.choice(["mark"] * 6 + ["erase"] * 4 + ["spans", "undo", "redo", "submit"])
        if kind in ("mark", "erase"):
            return {"do": kind, "object": name, "span": span}
        return {"do": "spans", "object": name, "spans": [span]} if kind == "spans" else {"do": kind}

    def merge(dice, change, content):
        if content["mine"] is None or content["current"]["state"] != "draft":
            return None
        if change["do"] in ("submit", "reopen") or dice.random() < 0.2:
            return None
        sides = [
            {one["object"]: one["spans"] for one in content[side]["moments"]}
            for side in ("base", "current", "mine")
        ]
        moments = {name: both(*(one[name] for one in sides)) for name in "01"}
        return {"do": "take", "moments": moments, "source": "merge"}

    authors = [Author(name, people[name], path, change, merge) for name in ("rae", "ray")]
    ended, exported = Event(), []

    def look():
        return people["rae"].get(path).json()

    def export():
        while not ended.is_set():
            answer = people["rae"].get(f"/api/studio/projects/{number}/exports/frames")
            assert answer.status_code == 200, answer.text
            exported.append((int(answer.headers["x-event"]), answer.json()["cats"]["1"]))
            ended.wait(0.2)

    lock, left = Lock(), [len(authors)]

    def working(one):
        def work():
            try:
                one.work(look)
            finally:
                with lock:
                    left[0] -= 1
                    if not left[0]:
                        ended.set()

        return work

    run(export, *(working(one) for one in authors))
    history = checked(people, path, authors)
    told(authors, exported)

    from momentvos.studio.content import Annotation
    from momentvos.studio.history import History

    events = ids_of(web, "annotation", item["id"])
    states = folded(History(Annotation.from_json(item)), history, annotation_change)
    for event, shown in exported:
        version = sum(one <= event for one in events)
        present = states[version].present
        moments = present.moments if present.state != "draft" else {}
        assert shown["objects"] == {
            name: moments[name].frames() if moments else [] for name in ("0", "1")
        }
    assert Annotation.from_json(look()) == states[-1].present


def test_two_people_for_an_hour_on_the_ids_of_a_video(server, project):
    _, people = server
    video = project[2]
    path = f"/api/studio/videos/{video}"

    def look():
        return people["rae"].get(path).json()["corrections"]

    def change(dice, seen):
        first = dice.randrange(LENGTH - 10)
        swap = {"do": "swap", "first": "0", "second": "1", "spans": [[first, first + 9]]}
        return dice.choice([swap, swap, {"do": "undo"}, {"do": "redo"}])

    def merge(dice, change, content):
        return change if change["do"] == "swap" and dice.random() < 0.8 else None

    authors = [Author(name, people[name], path, change, merge) for name in ("rae", "ray")]
    run(*(lambda one=one: one.work(look) for one in authors))
    history = checked(people, path, authors)
    told(authors, [])

    from momentvos.studio.content import Corrections
    from momentvos.studio.history import History

    states = folded(History(Corrections()), history, video_change)
    assert Corrections.from_json(look()) == states[-1].present


def annotation_change(value):
    from momentvos.studio.changes import annotation_change

    return annotation_change(value)


def video_change(value):
    from momentvos.studio.changes import video_change

    return video_change(value)


def checked(people, path, authors):
    """The history, once it is what the authors know to stand, and nothing else."""
    history = people["rae"].get(f"{path}/history").json()
    stood = {version: one for author in authors for version, one in author.stood.items()}
    assert len(stood) == sum(len(author.stood) for author in authors) == len(history)
    for one in history:
        who, change = stood[one["version"]]
        assert one["who"] == who
        assert one["change"] | change == one["change"]
    for author in authors:
        assert any(status == 409 for _, status in author.refused), "nobody was in the other's way"
    return history


def folded(history, events, read):
    """Every state of a history."""
    from momentvos.studio.content import Scene

    states = [history]
    for one in events:
        states.append(states[-1].after(read(one["change"]), Scene(LENGTH, frozenset("01"))))
    return states


def ids_of(web, kind, item):
    """Ids of an item's events, in order of their versions."""
    from sqlalchemy import select

    from momentvos.studio.tables import EventRow

    asked = select(EventRow.id).where(EventRow.kind == kind, EventRow.item == item)
    with web.service.database.read() as session:
        return list(session.scalars(asked.order_by(EventRow.version)))


def told(authors, exported):
    stood = sum(len(one.stood) for one in authors)
    conflicts = sum(status == 409 for one in authors for _, status in one.refused)
    others = sum(len(one.refused) for one in authors) - conflicts
    print(
        f"{len(authors)} x {CHANGES} changes: {stood} stand, {conflicts} were refused to be "
        f"merged, {others} did not fit; {len(exported)} exports meanwhile",
        file=sys.stderr,
    )
