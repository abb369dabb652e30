import os
import shutil
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
from momentvos.server.videos import shown_name


def test_a_video_goes_in_once_by_its_content(serve, clip):
    with serve() as web:
        first = web.post("/api/videos", params={"name": "a.mp4"}, content=clip.read_bytes())
        again = web.post("/api/videos", params={"name": "b.mp4"}, content=clip.read_bytes())
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json() == again.json()
        video = first.json()
        assert (video["width"], video["height"], video["frames"]) == (64, 48, 6)
        assert video["name"] == "a.mp4"
        assert web.get("/api/videos").json() == [video]
        assert web.get(f"/api/videos/{video['id']}").json() == video
        assert web.get(f"/api/videos/{video['id']}/file").content == clip.read_bytes()
        part = web.get(f"/api/videos/{video['id']}/file", headers={"Range": "bytes=4-7"})
        assert (part.status_code, part.content) == (206, b"ftyp")
        times = web.get(f"/api/videos/{video['id']}/times").json()
        assert times["times"] == pytest.approx([n / 8 for n in range(6)])


def test_uploads_of_one_video_at_once_become_one(serve, clip):
    with serve() as web, ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(lambda _: web.upload(clip), range(4)))
        assert len(ids) == 1
        assert len(web.get("/api/videos").json()) == 1
        assert not list(web.service.store.incoming.iterdir())


def test_no_name_of_a_client_is_on_the_disk(serve, clip, settings):
    with serve() as web:
        video = web.upload(clip, "../../secret plan?.mp4")
        assert web.get(f"/api/videos/{video}").json()["name"] == "secret plan_.mp4"
        names = [path.name for path in settings.data.rglob("*")]
        assert not [name for name in names if "secret" in name or "plan" in name]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("clip.mp4", "clip.mp4"),
        ("C:\\videos\\my clip.mov", "my clip.mov"),
        ("/etc/passwd", "passwd"),
        ("..", "video"),
        ("", "video"),
        ("NUL.mp4", "video"),
        ("a\0b\n<script>.mp4", "a_b__script_.mp4"),
        ("Шаги 3.mp4", "Шаги 3.mp4"),
        ("x" * 500 + ".mp4", "x" * 116 + ".mp4"),
    ],
)
def test_names_to_show(given, shown):
    assert shown_name(given) == shown


@pytest.mark.parametrize("content", [b"", b"no video", b"#EXTM3U\nhttp://example.org/a.ts\n"])
def test_what_is_no_video_leaves_nothing_behind(serve, content):
    with serve() as web:
        answer = web.post("/api/videos", params={"name": "x.mp4"}, content=content)
        assert answer.status_code == 422
        assert web.get("/api/videos").json() == []
        assert not list(web.service.store.incoming.iterdir())


def test_the_limit_of_bytes_holds_while_they_come(serve, make_clip):
    path = make_clip(frames=20)
    size = path.stat().st_size
    with serve(limits={"video_bytes": size - 1}) as web:
        answer = web.post("/api/videos", content=path.read_bytes())
        assert answer.status_code == 413
        parts = iter([path.read_bytes()[:1000], path.read_bytes()[1000:]])
        assert web.post("/api/videos", content=parts).status_code == 413
        assert not list(web.service.store.incoming.iterdir())
    with serve(limits={"video_bytes": size, "store_bytes": size + 10}) as web:
        web.upload(path)
        assert web.post("/api/videos", content=b"x" * 11).status_code == 507


def test_a_disk_that_is_nearly_full_takes_nothing_in_and_shows_what_is_there(serve, clip, tmp_path):
    with serve() as web:
        video = web.upload(clip)
    with serve(limits={"spare_bytes": shutil.disk_usage(tmp_path).free + (1 << 30)}) as web:
        for answer in (
            web.post("/api/videos", content=clip.read_bytes()),
            web.post("/api/jobs", json={"video": video, "asks": [{"sentence": "a"}]}),
        ):
            assert (answer.status_code, "disk" in answer.json()["detail"]) == (507, True)
        assert web.get(f"/api/videos/{video}/frames/1").status_code == 200


def test_a_client_that_falls_silent_or_leaves_is_given_up(serve):
    with serve(limits={"upload_silence": 0.2, "uploads": 1}) as web:
        host, port = web.url.removeprefix("http://").split(":")
        head = f"POST /api/videos HTTP/1.1\r\nHost: {host}\r\nContent-Length: 999\r\n\r\nabc"
        with socket.create_connection((host, int(port)), timeout=30) as line:
            line.sendall(head.encode())
            assert b" 408 " in line.recv(100)
        with socket.create_connection((host, int(port)), timeout=30) as line:
            line.sendall(head.encode())
        assert web.post("/api/videos", content=b"x").status_code in (422, 429)
        assert web.get("/healthz").status_code == 200


def test_frames_by_number(serve, clip):
    with serve() as web:
        video = web.upload(clip)
        answer = web.get(f"/api/videos/{video}/frames/5", params={"format": "png", "width": 32})
        assert answer.headers["content-type"] == "image/png"
        assert "immutable" in answer.headers["cache-control"]
        assert web.get(f"/api/videos/{video}/frames/6").json()["detail"] == (
            "The video has frames 0 to 5."
        )
        assert web.get(f"/api/videos/{video}/frames/1?format=svg").status_code == 422
        assert web.get(f"/api/videos/{'0' * 32}/frames/1").status_code == 404


def test_a_library_is_registered_from_and_nothing_beside_it(serve, clip, tmp_path):
    library = tmp_path / "library"
    (library / "day 1").mkdir(parents=True)
    (library / "day 1" / "clip.mp4").write_bytes(clip.read_bytes())
    (tmp_path / "outside.mp4").write_bytes(clip.read_bytes())
    (library / "link.mp4").symlink_to(tmp_path / "outside.mp4")
    os.mkfifo(library / "pipe.mp4")
    with serve(library=library) as web:
        made = web.post("/api/videos/registered", json={"path": "day 1/clip.mp4"})
        assert (made.status_code, made.json()["name"]) == (201, "clip.mp4")
        for path in (
            *("../outside.mp4", "/etc/passwd", "link.mp4", "pipe.mp4", "day 1", "", "missing.mp4"),
            *("day 1/../../outside.mp4", "day 1\\clip.mp4", "a\0b", "."),
        ):
            answer = web.post("/api/videos/registered", json={"path": path})
            assert answer.status_code in (404, 422), path
    with serve() as web:
        answer = web.post("/api/videos/registered", json={"path": "day 1/clip.mp4"})
        assert (answer.status_code, "no library" in answer.text) == (403, True)


@pytest.mark.slow
def test_removal_takes_jobs_along_and_waits_for_none(serve, clip):
    with serve() as web:
        video = web.upload(clip)
        job = web.ask(video, "the square")
        assert web("DELETE", f"/api/videos/{video}").status_code == 409
        assert web("DELETE", f"/api/jobs/{job}").status_code == 409
        web.post(f"/api/jobs/{job}/cancel")
        assert web("DELETE", f"/api/videos/{video}").status_code == 204
        assert web.get(f"/api/videos/{video}").status_code == 404
        assert web.get(f"/api/jobs/{job}").status_code == 404
        assert web("DELETE", f"/api/videos/{video}").status_code == 404
        assert not list((web.service.store.folder / "videos").iterdir())
        assert web.upload(clip) != video  # the end of an id is random


@pytest.mark.slow
def test_what_nobody_uses_is_removed(serve, clip, make_clip):
    with serve(limits={"ttl": 3600.0}) as web:
        old, busy, new = web.upload(clip), web.upload(make_clip(seed=1)), None
        web.ask(busy, "the square")
        from datetime import timedelta

        from sqlalchemy import update

        from momentvos.server.tables import VideoRow, now

        with web.service.database.begin() as session:
            session.execute(update(VideoRow).values(used=now() - timedelta(hours=2)))
        new = web.upload(make_clip("new.mp4", seed=2))
        assert web.service.clean() == 1
        assert {one["id"] for one in web.get("/api/videos").json()} == {busy, new}
        assert not (web.service.store.folder / "videos" / old).exists()


def test_folders_without_rows_and_rows_without_folders_go_at_the_start(serve, clip, settings):
    with serve() as web:
        video = web.upload(clip)
    (settings.data / "videos" / ("a" * 32)).mkdir()
    (settings.data / "jobs" / ("b" * 32)).mkdir()
    (settings.data / "incoming" / "half").write_bytes(b"x")
    (settings.data / "videos" / video / "source").unlink()
    with serve() as web:
        assert web.get("/api/videos").json() == []
        left = [path.name for path in settings.data.rglob("*") if path.name[:3] in ("aaa", "bbb")]
        assert not left
        assert not list((settings.data / "incoming").iterdir())


def test_a_data_folder_has_one_server(serve):
    from momentvos.errors import OutputError

    with serve(), pytest.raises(OutputError, match="Another server uses"), serve():
        pass
