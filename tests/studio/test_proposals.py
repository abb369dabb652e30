"""A model's answer about a video of the studio, taken over as an object."""

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
pytestmark = pytest.mark.slow


def test_masks_of_a_job_become_an_object(model_folder, tmp_path):
    from tests.server.conftest import changed, settings_in

    from momentvos.data.world.write import write
    from momentvos.studio.attach import attach

    library = tmp_path / "library"
    write(library / "world", "train", 1, size=64)
    with changed(
        settings_in(tmp_path),
        devices=True,
        rooms=[attach],
        library=library,
        models=(str(model_folder),),
    ) as web:
        web.post("/api/studio/projects", json={"name": "world", "path": "world"})
        item = web.get("/api/studio/projects/1/expressions").json()["items"][0]
        path = f"/api/studio/videos/{item['video']}"
        shown = web.get(path).json()
        source = web.post(f"{path}/source").json()["video"]
        assert web.post(f"{path}/source").json()["video"] == source
        taken = web.get(f"/api/videos/{source}").json()
        assert (taken["frames"], taken["width"]) == (shown["frames"], shown["width"])
        everything = [[0, shown["frames"] - 1]]
        job = web.ask(source, {"sentence": item["sentence"], "moment": everything})
        web.until(job, "done")
        new = {"version": 0, "object": "model-1", "job": job, "answer": 0}
        made = web.post(f"{path}/objects", json=new)
        assert made.status_code == 200, made.text
        assert made.json()["added"] == ["model-1"]
        masks = web.get(f"{path}/masks?start=0&stop={shown['frames']}").json()["masks"]
        there = web.get(f"/api/jobs/{job}/answers/0/masks").json()["masks"]
        assert masks["model-1"] == [one and one["counts"] for one in there]
        assert web.post(f"{path}/objects", json=new).status_code == 409
        again = web.post(f"{path}/objects", json=new | {"version": 1})
        assert again.status_code == 422
        mine = web.post(f"/api/studio/expressions/{item['id']}/annotation").json()
        add = {"do": "add_object", "object": "model-1", "spans": everything}
        said = web.post(
            f"/api/studio/annotations/{mine['id']}/changes", json={"version": 0, "change": add}
        )
        assert said.json()["moments"][-1] == {"object": "model-1", "spans": everything}


def test_a_job_about_another_video_is_refused(model_folder, tmp_path, make_clip):
    from tests.server.conftest import changed, settings_in

    from momentvos.data.world.write import write
    from momentvos.studio.attach import attach

    library = tmp_path / "library"
    write(library / "world", "train", 1, size=64)
    with changed(settings_in(tmp_path), rooms=[attach], library=library) as web:
        web.post("/api/studio/projects", json={"name": "world", "path": "world"})
        item = web.get("/api/studio/projects/1/expressions").json()["items"][0]
        job = web.ask(web.upload(make_clip()), "the red square")
        new = {"version": 0, "object": "model-1", "job": job}
        answer = web.post(f"/api/studio/videos/{item['video']}/objects", json=new)
        assert answer.status_code == 422
        assert "another video" in answer.json()["detail"]
