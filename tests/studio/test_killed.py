"""Nothing that was said to be saved is lost, whatever is killed."""

import os
import signal
import sys
from threading import Event, Thread

import pytest
from tests.server.conftest import wait_for

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
pytestmark = pytest.mark.slow
TIMES = int(os.environ.get("MOMENTVOS_KILLS", "50"))


def loaded(web, source):
    """Import a data set beside a running server."""
    from momentvos.server.database import Database
    from momentvos.studio.imports.read import read
    from momentvos.studio.projects import Projects

    database = Database(f"sqlite:///{web.data / 'server.sqlite3'}")
    Projects(database).add("p", read(source, None, None, None), "ada")
    database.close()


def until(web, job, *states, progress=False):
    """The job once it is so far, also where the next worker takes minutes to begin."""

    def look():
        shown = web.job(job)
        return shown if shown["state"] in states or (progress and shown["progress"]) else None

    return wait_for(look, f"{job} in {states}", 600)


def test_a_worker_that_is_killed_in_mid_proposal_takes_nothing_with_it(
    program, data_sets, tmp_path
):
    """A model proposes masks and its process is killed, while somebody marks without a pause.

    Every mark stands at once; every proposal is made again by the next process, and becomes an
    object of the video with the masks of its job, also after the server itself was killed.
    """
    web = program()
    loaded(web, data_sets.mevis(tmp_path / "in", length=64, names=("cats",), size=(64, 48)))
    expression = web.get("/api/studio/projects/1/expressions").json()["items"][1]
    item = web.post(f"/api/studio/expressions/{expression['id']}/annotation").json()
    path = f"/api/studio/annotations/{item['id']}"
    video = f"/api/studio/videos/{expression['video']}"
    source = web.post(f"{video}/source").json()["video"]
    stop, stood, faults = Event(), [], []

    def write():
        version = item["version"]
        while not stop.is_set():
            frame = len(stood) % 64
            do = "erase" if len(stood) // 64 % 2 else "mark"
            change = {"do": do, "object": "0", "span": [frame, frame]}
            answer = web.post(f"{path}/changes", json={"version": version, "change": change})
            if answer.status_code != 200:
                faults.append(answer.text)
                return
            version = answer.json()["version"]
            stood.append(change)
            stop.wait(0.02)

    writer = Thread(target=write)
    writer.start()
    masks = {}
    try:
        for number in range(TIMES):
            ask = {"sentence": f"the left one {number}", "moment": [[0, 63]]}
            job = web.ask(source, ask)
            until(web, job, "done", progress=True)
            os.kill(web.worker(), signal.SIGKILL)
            ended = until(web, job, "done", "failed")
            assert ended["state"] == "done", ended["error"]
            version = web.get(video).json()["corrections"]["version"]
            new = {"version": version, "object": f"model-{number}", "job": job}
            assert web.post(f"{video}/objects", json=new).status_code == 200
            told = web.get(f"/api/jobs/{job}/answers/0/masks").json()["masks"]
            masks[new["object"]] = [one and one["counts"] for one in told]
    finally:
        stop.set()
        writer.join()
    assert faults == []
    web.end(signal.SIGKILL)
    web.start()
    history = web.get(f"{path}/history").json()
    assert [one["change"] for one in history] == stood
    assert web.get(path).json()["version"] == len(stood)
    there = web.get(f"{video}/masks?start=0&stop=64").json()["masks"]
    assert {name: there[name] for name in masks} == masks
    print(f"{len(stood)} changes, {len(masks)} proposals over {TIMES} kills", file=sys.stderr)


def test_a_server_that_is_killed_in_mid_save_keeps_what_it_has_confirmed(
    program, data_sets, tmp_path
):
    from momentvos.http_client import transport_errors

    web = program()
    loaded(web, data_sets.mevis(tmp_path / "in", length=400, names=("cats",)))
    expression = web.get("/api/studio/projects/1/expressions").json()["items"][1]["id"]
    item = web.post(f"/api/studio/expressions/{expression}/annotation").json()
    path = f"/api/studio/annotations/{item['id']}"
    version, number, confirmed = item["version"], 0, []
    for round_ in range(TIMES):
        stop, begun = Event(), Event()

        def write(stop=stop, begun=begun):
            nonlocal version, number
            while not stop.is_set():
                key = f"change-{number:06d}"
                change = {"do": "mark", "object": "0", "span": [number % 400, number % 400]}
                asked = {"version": version, "key": key, "change": change}
                try:
                    answer = web.post(f"{path}/changes", json=asked)
                except transport_errors():
                    return  # it is asked again by the same key
                assert answer.status_code == 200, answer.text
                version = answer.json()["version"]
                confirmed.append(key)
                number += 1
                begun.set()

        writer = Thread(target=write)
        writer.start()
        assert begun.wait(600), "no change was confirmed"
        stop.wait(0.02 * (round_ % 12))
        web.process.kill()
        web.process.wait()
        stop.set()
        writer.join()
        web.start()
        now = web.get(path).json()
        history = web.get(f"{path}/history").json()
        assert now["version"] == len(history) in (len(confirmed), len(confirmed) + 1)
        changes = [one["change"]["span"][0] for one in history]
        assert changes == [k % 400 for k in range(len(history))]
        marked = sum(last + 1 - first for first, last in now["moments"][0]["spans"])
        assert marked == len(set(changes))
    assert number >= TIMES
    print(f"{len(confirmed)} changes confirmed over {TIMES} kills", file=sys.stderr)
