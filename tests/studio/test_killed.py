"""Nothing that was said to be saved is lost, whatever is killed."""

import signal
import sys
from threading import Event, Thread

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
pytestmark = pytest.mark.slow
TIMES = 50


def test_a_server_that_is_killed_in_mid_save_keeps_what_it_has_confirmed(
    program, data_sets, tmp_path
):
    from momentvos.http_client import transport_errors
    from momentvos.studio.imports.read import read
    from momentvos.studio.projects import Projects
    from momentvos.studio.schema import migrate

    web = program()
    web.end(signal.SIGKILL)
    from momentvos.server.database import Database

    database = Database(f"sqlite:///{web.data / 'server.sqlite3'}")
    migrate(database.engine)
    source = data_sets.mevis(tmp_path / "in", length=400, names=("cats",))
    Projects(database).add("p", read(source, None, None, None), "ada")
    database.close()
    web.start()
    expression = web.get("/api/studio/projects/1/expressions").json()["items"][1]["id"]
    item = web.post(f"/api/studio/expressions/{expression}/annotation").json()
    path = f"/api/studio/annotations/{item['id']}"
    version, number, confirmed = item["version"], 0, []
    for round_ in range(TIMES):
        stop = Event()

        def write(stop=stop):
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

        writer = Thread(target=write)
        writer.start()
        stop.wait(0.15 + 0.02 * (round_ % 12))
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
    assert number > TIMES
    print(f"{len(confirmed)} changes confirmed over {TIMES} kills", file=sys.stderr)
