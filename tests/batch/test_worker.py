"""The worker by itself, as any engine calls it: pickled, set up once, asked query by query."""

import errno
import os
import pickle
from pathlib import Path

import pytest
from PIL import Image

from momentvos import Prediction
from momentvos.batch import Ask, Query, StopError, TransientError, Worker
from momentvos.batch.failure import kind_of
from momentvos.errors import ModelError, OutputError, VideoError


@pytest.fixture(scope="module")
def loaded():
    worker = pickle.loads(pickle.dumps(Worker(device="cpu", threads=1)))
    worker.setup()
    return worker


@pytest.fixture(scope="module")
def video(write_clip, tmp_path_factory):
    return write_clip(tmp_path_factory.mktemp("videos") / "a.mp4")


def with_out(worker, **changes):
    """The same with its model and other options."""
    changed = Worker(device="cpu", threads=1, **changes)
    object.__setattr__(changed, "_loaded", worker._loaded)
    return changed


def query(path, *asks):
    return Query(str(path), Path(path).name, tuple(Ask("i", *one) for one in asks))


def test_a_record_has_an_answer_to_each_sentence_and_its_prediction(loaded, video):
    record = loaded(query(video, ("the cat",), ("the dog",)))
    assert [one.sentence for one in record.answers] == ["the cat", "the dog"]
    for one in record.answers:
        assert one.status in ("found", "not_found") and one.error is None
        assert (one.width, one.height, one.length, one.duration) == (64, 48, 4, 0.5)
        made = Prediction.from_json(one.prediction)
        assert made.sentence == one.sentence and made.moment.spans == one.moment
    (row, _) = record.to_json()["answers"]
    assert set(row) == {"schema", *loaded.outputs}
    assert pickle.loads(pickle.dumps(record)) == record


def test_the_content_of_a_file_is_answered_as_the_file_is(loaded, video):
    by_path = loaded(Query.of(video, ["the cat", "the dog", "the cat"]))
    asked = pickle.loads(
        pickle.dumps(Query.of(video.read_bytes(), ["the cat", "the dog"], "a.mp4"))
    )
    by_content = loaded(asked)
    assert by_path.video == str(video) and by_content.video == "a.mp4"
    for one, other in zip(by_path.answers, by_content.answers, strict=True):
        assert (one.sentence, one.moment, one.presence) == (
            other.sentence,
            other.moment,
            other.presence,
        )
        same = one.prediction | {"video": None}
        assert same == other.prediction | {"video": None}
        assert other.prediction["video"] == one.prediction["video"] | {"path": "a.mp4"}
    (bad,) = loaded(Query.of(b"no video", ["the cat"], "b.mp4")).answers
    assert (bad.status, bad.failure) == ("failed", "permanent") and "'b.mp4'" in bad.error
    (empty,) = loaded(Query.of(b"", ["the cat"])).answers
    assert empty.error == "'video' is empty; it holds no video."
    assert len(repr(asked)) < 300


def test_content_has_its_overlay_and_its_pictures_a_suffix(loaded, video, tmp_path):
    asked = Query.of(video.read_bytes(), ["the cat"], "a.mp4")
    (answer,) = with_out(loaded, out=tmp_path, save="overlay")(asked).answers
    assert (tmp_path / answer.folder / "overlay.mp4").stat().st_size > 0
    Image.new("RGB", (64, 48)).save(tmp_path / "a.png")
    (answer,) = loaded(Query.of((tmp_path / "a.png").read_bytes(), ["the cat"], "p")).answers
    assert answer.length == 1 and answer.prediction["video"]["path"] == "p"


def test_answers_tell_how_far_they_are(loaded, video):
    heard = []
    list(loaded.answers(query(video, ("the cat",)), lambda *one: heard.append(one)))
    assert heard[-1] == ("segmenting", 4, 4)
    assert loaded.system.base_model_prefix == "tgl"


def test_a_worker_travels_without_its_model(loaded):
    assert len(pickle.dumps(loaded)) < 1000
    assert pickle.loads(pickle.dumps(loaded)) == loaded
    assert Worker(device="cuda").resources == {"cpus": 1, "gpus": 1.0}
    assert Worker(device="auto", gpus=0.25, threads=2).resources == {"cpus": 2, "gpus": 0.25}
    assert loaded.resources == {"cpus": 1, "gpus": 0.0}
    assert loaded.inputs == ("video", "name", "asks")


def test_what_cannot_be_asked_takes_no_other_along(loaded, video):
    asks = [
        ("the cat", "1:2"),
        ("the cat", "nonsense"),
        ("the cat", "3:9"),
        ("x " * 300,),
        ("???",),
    ]
    answers = loaded(query(video, *asks)).answers
    by_ask = {(one.sentence, one.asked_moment): one for one in answers}
    assert len(answers) == len(by_ask) == 5
    assert not by_ask["the cat", "1:2"].failed
    errors = {key: one.error for key, one in by_ask.items() if one.failed}
    assert "is not a moment" in errors["the cat", "nonsense"]
    assert "outside the video" in errors["the cat", "3:9"]
    assert "300 words" in errors["x " * 300, None]
    assert "no word" in errors["???", None]
    assert all(one.failure == "permanent" for one in answers if one.failed)


def test_videos_that_are_none(loaded, video, tmp_path):
    (tmp_path / "text.mp4").write_text("no video")
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "torn.mp4").write_bytes(video.read_bytes()[:700])
    (tmp_path / "folder.mp4").mkdir()
    os.mkfifo(tmp_path / "pipe.mp4")
    Image.new("RGB", (8, 8)).save(tmp_path / "damaged.png")
    damaged = (tmp_path / "damaged.png").read_bytes()
    (tmp_path / "damaged.png").write_bytes(damaged[:40])
    names = [
        "text.mp4",
        "empty.mp4",
        "torn.mp4",
        "folder.mp4",
        "pipe.mp4",
        "damaged.png",
        "gone.mp4",
    ]
    for name in names:
        (answer,) = loaded(query(tmp_path / name, ("the cat",))).answers
        assert (answer.status, answer.failure) == ("failed", "permanent"), name
        assert name in answer.error and str(tmp_path) not in answer.error
        assert answer.at and answer.prediction is None


@pytest.mark.parametrize(
    ("save", "names"),
    [
        ("none", None),
        ("json", ["prediction.json"]),
        ("masks", ["masks", "prediction.json"]),
        ("overlay", ["overlay.mp4", "prediction.json"]),
        ("all", ["masks", "overlay.mp4", "prediction.json", "timeline.png"]),
    ],
)
def test_files_are_those_asked_for(loaded, video, tmp_path, save, names):
    (answer,) = with_out(loaded, out=tmp_path, save=save)(query(video, ("the cat", "all"))).answers
    assert answer.prediction is None
    with Image.open(tmp_path / answer.thumbnail) as picture:
        assert picture.format == "JPEG" and picture.size == (240, 180)
    if names is None:
        assert answer.folder is None and not (tmp_path / "results").exists()
        return
    assert sorted(one.name for one in (tmp_path / answer.folder).iterdir()) == names
    assert Prediction.load(tmp_path / answer.folder).sentence == "the cat"


def test_a_grounder_says_when(loaded, video, tmp_path):
    fixed = Worker(device="cpu", threads=1, grounder="0:1")
    fixed.setup()
    given, own = fixed(query(video, ("the cat",), ("the cat", "2:3"))).answers
    assert Prediction.from_json(given.prediction).relevance == (1, 1, 0, 0)
    assert Prediction.from_json(own.prediction).relevance == (0, 0, 1, 1)


def test_results_that_cannot_be_written_stop_everything(loaded, video, tmp_path):
    (tmp_path / "results").write_text("in the way")
    with pytest.raises(StopError, match="results"):
        with_out(loaded, out=tmp_path)(query(video, ("the cat",)))


def caused(error, cause):
    try:
        try:
            raise cause
        except Exception as inner:
            raise error from inner
    except Exception as outer:
        return outer


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (VideoError("it is no video"), "permanent"),
        (ModelError("parts do not fit"), "permanent"),
        (OutputError("no encoder takes this size"), "permanent"),
        (caused(VideoError("x"), PermissionError(errno.EACCES, "not allowed")), "permanent"),
        (MemoryError(), "transient"),
        (caused(ModelError("x"), MemoryError()), "transient"),
        (
            RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate"),
            "transient",
        ),
        (caused(ModelError("x"), RuntimeError("CUDA out of memory. Tried")), "transient"),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), "transient"),
        (caused(VideoError("x"), OSError(errno.ESTALE, "stale file handle")), "transient"),
        (caused(ModelError("x"), ConnectionResetError(errno.ECONNRESET, "reset")), "transient"),
        (caused(OutputError("x"), OSError(errno.ENOSPC, "no space left")), "stop"),
        (caused(OutputError("x"), PermissionError(errno.EACCES, "not allowed")), "stop"),
    ],
)
def test_kinds_of_failure(error, kind):
    assert kind_of(error) == kind


def test_a_lost_connection_to_a_model_elsewhere_may_come_back():
    from momentvos.http_client import client

    with client() as http, pytest.raises(Exception) as caught:
        http.get("http://127.0.0.1:9/")  # where nobody listens
    assert kind_of(caused(ModelError("x"), caught.value)) == "transient"


def test_memory_that_lacks_is_the_engines_matter(loaded, video, monkeypatch):
    """The one fault that no file brings about: the model's own call is made to fail once."""
    model = loaded._loaded.model
    monkeypatch.setattr(
        type(model),
        "segment_each",
        lambda *_, **__: (_ for _ in ()).throw(RuntimeError("CUDA out of memory.")),
    )
    with pytest.raises(TransientError, match="out of memory") as caught:
        loaded(query(video, ("the cat",), ("the dog",)))
    assert not caught.value.fresh


class Killed(BaseException):
    """Stands for a kill."""


def test_work_that_was_stopped_goes_on_and_ends_in_the_same_answers(
    loaded, write_clip, tmp_path, monkeypatch
):
    from momentvos.batch import worker as module
    from momentvos.results import journal

    monkeypatch.setattr(module, "AFTER", 0.0)
    for name in ("LEAST", "SHARE", "LOST"):
        monkeypatch.setattr(journal, name, 0.0)
    folder = tmp_path / "kept"
    asked = query(write_clip(tmp_path / "a.mp4", 12), ("the square",), ("a thing", "2:7"))
    wanted = [one.prediction for one in loaded.answers(asked)]

    def stop(stage, done, total):
        stages.append(stage)
        if stage == "segmenting" and done >= 6:
            raise Killed

    stages: list[str] = []
    with pytest.raises(Killed):
        list(loaded.answers(asked, stop, checkpoint=folder))
    assert list(folder.iterdir())
    assert "grounding" in stages
    stages.clear()
    made = loaded.answers(asked, lambda stage, *_: stages.append(stage), checkpoint=folder)
    assert [one.prediction for one in made] == wanted
    assert set(stages) == {"segmenting"}  # what was done was not done again
    assert not folder.exists()
    other = query(tmp_path / "a.mp4", ("the square",))
    with pytest.raises(Killed):
        list(loaded.answers(other, stop, checkpoint=folder))
    again = [one.prediction for one in loaded.answers(asked, checkpoint=folder)]
    assert again == wanted  # the progress of another question is none of this one
