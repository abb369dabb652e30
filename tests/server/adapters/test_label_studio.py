"""Label Studio's contract over HTTP, in front of a server that runs, by its package's types."""

import shutil
from base64 import b64encode
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
from momentvos.errors import ArgumentError
from momentvos.server.adapters.label_studio import create_app
from momentvos.server.adapters.label_studio_backend import Backend
from momentvos.server.adapters.label_studio_task import Controls, asks
from momentvos.server.client import Client

CONFIG = """
<View>
  <!-- sentences are labels -->
  <TimelineLabels name="when" toName="clip">
    <Label value="square"/><Label value="thing"/>
  </TimelineLabels>
  <Labels name="labels" toName="clip">
    <Label value="square" hint="the red square"/><Label value="thing" hint="a thing that moves"/>
  </Labels>
  <Video name="clip" value="$video" framerate="8"/>
  <VideoRectangle name="where" toName="clip"/>
</View>
"""
PASSWORD = "a password of some length"
KEY = "0123456789abcdef"


class Files(SimpleHTTPRequestHandler):
    """Label Studio's own files, for those who have its key."""

    def do_GET(self):
        if self.headers.get("Authorization") != f"Token {KEY}":
            self.send_error(401)
        else:
            super().do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def studio(tmp_path_factory, clip):
    """A host that serves videos as Label Studio does."""
    folder = tmp_path_factory.mktemp("studio")
    (folder / "data" / "upload").mkdir(parents=True)
    copied = folder / "data" / "upload" / "my clip.mp4"
    shutil.copy(clip, copied)
    with copied.open("ab") as file:  # a box that players skip: to the server another video
        file.write(b"\0\0\0\x08free")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@contextmanager
def listening(app):
    import uvicorn

    from momentvos.server.serve import listen

    with listen("127.0.0.1", 0) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def backend(answering, studio, clip):
    with Client(answering.url) as client:
        yield Backend(client, studio, KEY, clip.parent)


@pytest.fixture(scope="module")
def web(backend, Web):
    with listening(create_app(backend, ["127.0.0.1"], PASSWORD)) as url:
        made = Web(url)
        made.headers = {
            "Authorization": "Basic " + b64encode(f"momentvos:{PASSWORD}".encode()).decode()
        }
        yield made


def ask(web, drawn=None, config=CONFIG, **data):
    """As Label Studio asks; results of the first task."""
    task = {"id": 7, "data": {"video": "/data/upload/my%20clip.mp4"} | data}
    params = {"context": {"result": drawn}} if drawn else {}
    body = {"tasks": [task], "project": "1.2", "label_config": config, "params": params}
    return web.post("/predict", json=body)


@pytest.fixture(scope="module")
def prediction(web):
    answer = ask(web)
    assert answer.status_code == 200, answer.text
    (made,) = answer.json()["results"]
    return made


def test_it_is_up_and_says_its_version(web, backend):
    assert web.get("/health").json() == {"status": "UP", "model_class": "MomentVOS"}
    body = {
        "project": "1.2",
        "schema": CONFIG,
        "hostname": "",
        "access_token": "",
        "extra_params": "",
    }
    version = web.post("/setup", json=body).json()["model_version"]
    assert version == backend.version
    assert web.get("/versions").json() == {"versions": [version]}
    assert web.post("/webhook", json={"action": "ANNOTATION_CREATED"}).status_code == 201


def test_moments_and_masks_are_regions_of_exact_frames(prediction, backend, clip):
    (job,) = [value for key, value in backend._known.items() if key.startswith("job")][:1]
    by_label = {
        label: backend.client.prediction(job, k) for k, label in enumerate(["square", "thing"])
    }
    assert by_label["square"].sentence == "the red square"
    boxes = [one for one in prediction["result"] if one["type"] == "videorectangle"]
    moments = [one for one in prediction["result"] if one["type"] == "timelinelabels"]
    assert {one["from_name"] for one in boxes} == {"where"}
    assert {one["to_name"] for one in prediction["result"]} == {"clip"}
    for label, one in by_label.items():
        spans = [
            (part["start"] - 1, part["end"] - 1)
            for region in moments
            if region["value"]["timelinelabels"] == [label]
            for part in region["value"]["ranges"]
        ]
        assert spans == list(one.moment.spans)
        frames = [
            part["frame"] - 1
            for region in boxes
            if region["value"]["labels"] == [label]
            for part in region["value"]["sequence"]
        ]
        assert frames == one.masklet.frames()
    assert boxes or moments
    assert prediction["score"] == max(one.presence for one in by_label.values())


def test_label_studios_own_package_takes_it(prediction):
    interface = pytest.importorskip(
        "label_studio_sdk.label_interface", reason="label-studio-sdk is not installed"
    )
    from label_studio_sdk.label_interface.objects import PredictionValue

    made = PredictionValue(**prediction)
    assert made.result == prediction["result"]
    assert (
        interface.LabelInterface(CONFIG).validate_prediction(prediction, return_errors=True) == []
    )


def test_a_task_that_is_opened_again_is_not_computed_again(web, prediction, answering):
    before = len(answering.get("/api/jobs").json())
    assert ask(web).json()["results"] == [prediction]
    assert len(answering.get("/api/jobs").json()) == before


def test_a_box_that_is_drawn_is_a_click_on_its_object(web, backend):
    box = {"x": 10, "y": 20, "width": 30, "height": 40, "frame": 3, "enabled": True, "rotation": 0}
    region = {
        "type": "videorectangle",
        "from_name": "where",
        "to_name": "clip",
        "value": {"sequence": [box], "labels": ["square"]},
    }
    made = ask(web, [region]).json()["results"][0]
    key = next(reversed(backend._known))
    job = backend.client.job(backend._known[key])
    assert [one["sentence"] for one in job["asks"]] == ["the red square"]
    (click,) = job["asks"][0]["clicks"]
    assert (click["frame"], click["object"]) == (2, True)
    assert (click["x"], click["y"]) == (pytest.approx(16.0), pytest.approx(19.2))
    labels = [value for one in made["result"] for value in one["value"].get("labels", [])]
    assert set(labels) <= {"square"}


@pytest.mark.parametrize(
    ("region", "ask"),
    [
        (
            {"value": {"x": 50, "y": 50, "frame": 2, "keypointlabels": ["thing"]}},
            {"clicks": [{"frame": 1, "x": 32.0, "y": 24.0}]},
        ),
        (
            {
                "value": {
                    "sequence": [{"x": 100, "y": 100, "width": 0, "height": 0, "frame": 1}],
                    "labels": ["thing"],
                }
            },
            {"clicks": [{"frame": 0, "x": 63.0, "y": 47.0}]},
        ),
        (
            {
                "value": {
                    "ranges": [{"start": 2, "end": 4}, {"start": 1, "end": 2}],
                    "timelinelabels": ["thing"],
                }
            },
            {"moment": [[0, 3]]},
        ),
    ],
)
def test_points_and_stretches_that_are_drawn(region, ask):
    made = asks(Controls.parse(CONFIG), {}, [region, {"value": {"labels": ["other"]}}], (64, 48))
    assert made == {"thing": {"sentence": "a thing that moves"} | ask}


def test_clicks_of_a_region_are_bounded():
    keys = [{"x": 1, "y": 1, "width": 1, "height": 1, "frame": k + 1} for k in range(500)]
    region = {"value": {"sequence": keys, "labels": ["thing"]}}
    made = asks(Controls.parse(CONFIG), {}, [region], (64, 48))
    assert len(made["thing"]["clicks"]) == 32


def test_a_task_may_bring_its_sentence():
    label = '<Labels name="l"><Label value="it"/></Labels>'
    controls = Controls.parse(f'<View><Video name="v" value="$url"/>{label}</View>')
    assert (controls.key, controls.moments, controls.boxes) == ("url", None, None)
    made = asks(controls, {"sentence": "the dog"}, [], (64, 48))
    assert made == {"it": {"sentence": "the dog"}}


def test_local_files_come_from_their_folder_alone(web):
    assert ask(web, video="/data/local-files/?d=clip.mp4").status_code == 200
    for path in ("../../etc/passwd", "/etc/passwd", "", "nothing.mp4"):
        assert ask(web, video=f"/data/local-files/?d={path}").status_code == 422


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"video": "https://evil.example/a.mp4"}, "fetched from nowhere else"),
        ({"video": "file:///etc/passwd"}, "fetched from nowhere else"),
        ({"video": "//evil.example/a.mp4"}, "fetched from nowhere else"),
        ({"video": "/data/upload/none.mp4"}, "status 404"),
        ({"video": None}, "has no 'video'"),
        ({"config": "<View>"}, "no XML"),
        ({"config": "<View/>"}, "no <Video>"),
        ({"config": '<View><Video name="v" value="$video"/></View>'}, "no <Label>"),
        ({"config": '<!DOCTYPE x [<!ENTITY a "b">]><View/>'}, "declares entities"),
        ({"drawn": [{"value": {"labels": ["thing"], "sequence": [{"frame": 1}]}}]}, "not as"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(web, data, says):
    answer = ask(web, **data)
    assert answer.status_code == 422
    assert says in answer.json()["detail"]


@pytest.mark.parametrize("params", [[1], {"context": [1]}, {"context": {"result": 5}}])
def test_a_request_of_another_form_is_refused(web, params):
    task = {"data": {"video": "/data/upload/my%20clip.mp4"}}
    body = {"tasks": [task], "label_config": CONFIG, "params": params}
    assert web.post("/predict", json=body).status_code == 422


@pytest.mark.parametrize("address", ["localhost:8080", "/videos", "ftp://localhost"])
def test_the_address_of_label_studio_is_one(address):
    with pytest.raises(ArgumentError, match="no address of Label Studio"):
        Backend(None, address)


def test_a_job_that_takes_longer_goes_on_meanwhile(backend, Web, clip, make_clip):
    backend.patience = 0.0
    try:
        with listening(create_app(backend, ["127.0.0.1"])) as url:
            answer = ask(Web(url), config=CONFIG.replace("the red square", "a longer one"))
            assert answer.status_code == 503
            assert "still being computed" in answer.json()["detail"]
    finally:
        backend.patience = 80.0


def test_strangers_pages_and_other_names_are_refused(web, Web):
    stranger = Web(web.url)
    assert stranger.get("/health").status_code == 401
    assert web.get("/health", headers={"Authorization": "Basic bm8="}).status_code == 401
    assert web.get("/health", headers={"Origin": web.url}).status_code == 403
    assert web.get("/health", headers={"Host": "evil.example"}).status_code == 400


def test_a_server_that_is_away_is_503(studio, Web):
    with (
        Client("http://127.0.0.1:9") as client,
        listening(create_app(Backend(client, studio, KEY), ["127.0.0.1"])) as url,
    ):
        answer = ask(Web(url))
        assert answer.status_code == 503
        assert "cannot be reached" in answer.json()["detail"]


def test_others_need_a_password(monkeypatch, capsys):
    from momentvos.server.adapters.label_studio import main

    with pytest.raises(SystemExit) as ended:
        main("http://localhost:8080", host="0.0.0.0")
    assert ended.value.code == 2
    assert "--password-file" in capsys.readouterr().err
    with pytest.raises(ArgumentError):
        Controls.parse("x" * (2 << 20))
