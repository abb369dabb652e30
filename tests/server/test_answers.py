import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
import momentvos
from momentvos.media.video import Video
from momentvos.server.client import Client, ServerError


@pytest.fixture(scope="module")
def client(answering):
    with Client(answering.url) as made:
        yield made


@pytest.fixture(scope="module")
def video(client, clip):
    return client.upload(clip)["id"]


@pytest.fixture(scope="module")
def asked(client, video):
    """A job of three asks, once it has ended, and all that was heard of it on the way."""
    asks = [
        "the red square",
        {"sentence": "the square that moves", "moment": [[2, 3]]},
        {"sentence": "this one", "clicks": [{"frame": 1, "x": 10.0, "y": 20.0}]},
    ]
    job = client.ask(video, asks)["id"]
    heard = list(client.follow(job))
    return job, heard


def test_a_job_is_followed_to_its_end(asked):
    _, heard = asked
    states = [one["state"] for one in heard]
    assert states[-1] == "done"
    assert set(states) <= {"queued", "running", "done"}
    counts = [len(one["answers"]) for one in heard]
    assert counts == sorted(counts)
    assert counts[-1] == 3
    assert heard[-1]["progress"] is None


def test_answers_are_those_of_the_model(client, asked, clip, model_folder):
    job, heard = asked
    model = momentvos.load(model_folder, "cpu")
    truth = model.segment(clip, ["the red square", "the square that moves"], [None, "2:3"])
    for number, wanted in enumerate(truth):
        made = client.prediction(job, number)
        assert made.masklet == wanted.masklet
        assert made.moment == wanted.moment
        assert made.relevance == wanted.relevance
        assert made.video.path == "clip.mp4"  # as its user called it
        shown = heard[-1]["answers"][number]
        assert shown["status"] == ("found" if wanted.found else "not_found")
        assert shown["moment"] == wanted.moment.to_list()
    assert heard[-1]["answers"][2]["method"] == "SAM2 from clicks"


def test_masks_come_by_range_and_one_by_one(client, answering, asked):
    job, _ = asked
    made = client.prediction(job, 2)
    part = client.masks(job, 2, 1, 4)
    assert (part["start"], part["stop"], part["size"]) == (1, 4, [48, 64])
    assert part["masks"] == [made.masklet.rle(frame) for frame in (1, 2, 3)]
    assert client.masks(job, 2)["stop"] == 6
    for frame in (0, 5):
        content = answering.get(f"/api/jobs/{job}/answers/2/masks/{frame}").content
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(content))) > 0, made.masks[frame])
    for place in ("masks?start=3&stop=3", "masks?start=5&stop=7", "masks?stop=0"):
        assert answering.get(f"/api/jobs/{job}/answers/2/{place}").status_code == 422
    assert answering.get(f"/api/jobs/{job}/answers/2/masks/6").status_code == 404
    assert answering.get(f"/api/jobs/{job}/answers/3/masks").status_code == 404


@pytest.mark.slow
def test_everything_is_downloaded(client, asked, tmp_path):
    job, _ = asked
    overlay = Video.open(client.overlay(job, tmp_path / "overlay.mp4", 1, "contour"))
    assert len(overlay) == 6
    assert Image.open(client.timeline(job, tmp_path / "timeline.png")).format == "PNG"
    coco = json.loads(client.export(job, "coco", tmp_path / "coco.json").read_text())
    assert len({one["id"] for one in coco["categories"]}) == 3
    archive = zipfile.ZipFile(client.export(job, "davis", tmp_path / "davis.zip"))
    assert any(name.endswith("00005.png") for name in archive.namelist())
    with pytest.raises(ServerError, match="no exporter"):
        client.export(job, "nonsense", tmp_path / "x")
    assert not list(tmp_path.glob("*x*part"))


def test_a_rendering_is_made_once(answering, asked, monkeypatch):
    job, _ = asked
    place = f"/api/jobs/{job}/answers/0/exports/csv"
    first = answering.get(place)
    assert first.status_code == 200
    assert "attachment" in first.headers["content-disposition"]

    def rendered(*_):
        raise AssertionError("it was rendered again")

    monkeypatch.setattr(answering.service.media, "render", rendered)
    assert answering.get(place).content == first.content


def test_renderings_are_bounded_in_bytes(answering, asked, monkeypatch):
    job, _ = asked
    place = f"/api/jobs/{job}/answers/0/exports"
    assert answering.get(f"{place}/csv").status_code == 200
    monkeypatch.setattr(answering.service.results._rendered, "_most", 1)
    refused = answering.get(f"{place}/srt")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert answering.get(f"{place}/csv").status_code == 200  # it is there


def test_a_moment_is_corrected_by_asking_again(client, video):
    made = client.wait(client.ask(video, {"sentence": "the red square", "moment": "4:5"})["id"])
    assert made["answers"][0]["moment"] in ([[4, 5]], [])
    assert made["asks"][0]["moment"] == [[4, 5]]


def test_frames_as_the_page_shows_them(client, video, clip):
    picture = Image.open(io.BytesIO(client.frame(video, 3)))
    (frame,) = Video.open(clip).read([3])
    assert np.array_equal(np.asarray(picture), frame.rgb)


def test_the_log_and_the_figures_have_no_sentence(answering, client, asked, capfd):
    client.info()
    text = answering.get("/metrics").text
    assert 'momentvos_jobs{state="done"}' in text
    assert "momentvos_devices_ready 1.0" in text
    assert answering.get("/readyz").status_code == 200
    printed = capfd.readouterr().err
    assert '"event": "request"' in printed
    assert "square" not in text + printed


def test_a_client_says_what_is_wrong(answering, video, tmp_path):
    with Client("http://127.0.0.1:9") as nobody, pytest.raises(ServerError, match="be reached"):
        nobody.info()
    with Client(answering.url) as client:
        with pytest.raises(ServerError, match="empty") as caught:
            client.ask(video, " ")
        assert caught.value.status == 422
        with pytest.raises(ServerError, match="cannot be read"):
            client.upload(tmp_path / "missing.mp4")
        with pytest.raises(ServerError, match="no such job"):
            list(client.follow("0" * 32))
