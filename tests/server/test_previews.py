"""What is shown of a job while it runs: written by the process that computes, and read here."""

import io
import json

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
from momentvos.moment import Moment
from momentvos.results.masklet_builder import MaskletBuilder
from momentvos.server import previews
from momentvos.server.previews import PART, Previews, masks_of, relevance_of
from momentvos.systems.session import Partial

SIZE = (48, 64)


class Clock:
    time = 100.0

    def __call__(self):
        return self.time


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(previews, "monotonic", made)
    return made


def square(frame):
    mask = np.zeros(SIZE, bool)
    mask[frame % 20 : frame % 20 + 9, 5:15] = True
    return mask


def partial(length=6, frames=(), moment=Moment([(1, 3)]), row=0):  # noqa: B008
    builder = MaskletBuilder(SIZE, length)
    for frame in frames:
        builder.add(frame, square(frame), 0.9)
    return Partial(row, moment, [0.25] * length, builder)


@pytest.fixture
def said():
    return []


@pytest.fixture
def writer(tmp_path, said, clock):
    return Previews(tmp_path / "previews", lambda *words: said.append(words))


def test_the_moment_is_shown_at_once_and_masks_as_they_come(writer, said, clock, tmp_path):
    known = partial()
    writer(4, known)
    assert said == [(4, [[1, 3]], [])]
    folder = tmp_path / "previews" / "4"
    assert relevance_of(folder) == [0.25] * 6
    assert masks_of(folder, SIZE, range(6)).frames() == []
    known.masks.add(2, square(2), 0.5)
    writer(4, known)  # the first mask does not wait
    assert said[-1] == (4, [[1, 3]], [[2, 2]])
    known.masks.add(4, square(4), 0.5)
    writer(4, known)
    assert len(said) == 2  # it is too soon
    clock.time += 1.0
    known.masks.add(3, np.zeros(SIZE, bool), 0.5)
    writer(4, known)
    assert said[-1] == (4, [[1, 3]], [[2, 4]])
    read = masks_of(folder, SIZE, range(6))
    assert read.frames() == [2, 4]
    np.testing.assert_array_equal(read.get(4), square(4))


def test_many_masks_at_once_are_shown_without_waiting(writer, said):
    known = partial(length=200)
    writer(0, known)
    for frame in range(40):
        known.masks.add(frame, square(frame), 0.5)
        writer(0, known)
    shown = [spans[-1][1] + 1 for _, _, spans in said if spans]
    assert shown == [1, 17, 33]


def test_only_files_of_frames_that_changed_are_written_anew(writer, clock, tmp_path):
    known = partial(length=4 * PART, frames=range(3 * PART))
    writer(0, known)
    folder = tmp_path / "previews" / "0"
    before = {path.name: path.stat().st_ino for path in folder.iterdir()}
    assert set(before) == {"relevance.json", "0.json", "1.json", "2.json"}
    clock.time += 1.0
    known.masks.add(PART + 1, square(7), 0.5)
    known.masks.add(3 * PART, square(8), 0.5)
    writer(0, known)
    changed = {p.name for p in folder.iterdir() if before.get(p.name) != p.stat().st_ino}
    assert changed == {"1.json", "3.json"}
    read = masks_of(folder, SIZE, range(PART - 1, PART + 2))
    np.testing.assert_array_equal(read.get(PART + 1), square(PART + 1) | square(7))
    assert read.frames() == [PART - 1, PART, PART + 1]


def test_showing_takes_a_small_part_of_the_time(writer, said, clock, monkeypatch):
    write = writer._write

    def slow(*words):
        write(*words)
        clock.time += 1.0

    monkeypatch.setattr(writer, "_write", slow)
    known = partial(length=9000)
    for frame in range(9000):
        clock.time += 0.1
        known.masks.add(frame, square(frame), 0.5)
        writer(0, known)
    assert len(said) <= clock.time / previews.SHARE


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"size": [48, 64], "masks": {"1": "x"}}'])
def test_what_is_no_preview_is_refused(tmp_path, content):
    (tmp_path / "0.json").write_text(content)
    with pytest.raises((ValueError, KeyError, TypeError)):
        masks_of(tmp_path, SIZE, [1])


@pytest.fixture(scope="module")
def web(waiting):
    with waiting() as web:
        yield web


@pytest.fixture
def running(web, clip):
    """A job that runs, with the masks of two frames of its first sentence."""
    job = web.ask(web.upload(clip), "a", "b")
    assert web.service.jobs.take("cpu").id == job
    show(web, job, partial(frames=(0, 1, 3)))
    yield job
    web.service.jobs.end(job, "done")


def show(web, job, known, number=0):
    """What the process and its thread do."""
    jobs, store = web.service.jobs, web.service.store
    shown = jobs.get(job)
    Previews(store.preview(job, 0).parent, lambda *said: jobs.preview(shown, *said))(number, known)


def test_a_running_job_shows_what_is_known(web, running):
    (shown,) = web.job(running)["previews"]
    assert shown == {
        "number": 0,
        "moment": [[1, 3]],
        "seconds": [[0.125, 0.5]],
        "frames": 2,
        "masks": [[0, 1], [3, 3]],
    }
    assert web.job(running)["answers"] == []
    show(web, running, partial(moment=None), number=1)
    assert web.job(running)["previews"][1] == {
        "number": 1,
        "moment": [],
        "seconds": [],
        "frames": 0,
        "masks": [],
    }


def test_masks_are_there_and_say_that_they_may_change(web, running):
    at = f"/api/jobs/{running}/answers/0"
    content = web.get(f"{at}/masks").json()
    assert (content["preview"], content["size"], content["stop"]) == (True, [48, 64], 6)
    assert [one is not None for one in content["masks"]] == [True, True, False, True, False, False]
    assert len(web.get(f"{at}/masks?start=1&stop=2").json()["masks"]) == 1
    assert web.get(f"{at}/masks?start=0&stop=7").status_code == 422
    picture = np.array(Image.open(io.BytesIO(web.get(f"{at}/masks/3").content)))
    np.testing.assert_array_equal(picture == 255, square(3))
    assert web.get(f"{at}/masks/2").status_code == 409  # nobody knows yet
    assert web.get(f"{at}/masks/6").status_code == 404
    curve = web.get(f"{at}/relevance").json()
    assert (curve["relevance"], curve["scores"], curve["preview"]) == ([0.25] * 6, [], True)


def test_nothing_else_is_made_of_a_preview(web, running):
    for path in ("prediction", "overlay", "timeline", "exports/coco"):
        assert web.get(f"/api/jobs/{running}/answers/0/{path}").status_code == 409
    assert web.get(f"/api/jobs/{running}/answers/1/masks").status_code == 409
    assert web.get(f"/api/jobs/{running}/answers/2/masks").status_code == 404


def test_the_answer_takes_its_place(web, running):
    web.service.jobs.answer(running, 0, "not_found", {"presence": 0.1})
    shown = web.job(running)
    assert shown["previews"] == []
    assert shown["answers"][0]["status"] == "not_found"


def test_a_preview_that_is_gone_or_broken_is_409(web, running):
    folder = web.service.store.preview(running, 0)
    (folder / "0.json").write_text(json.dumps({"size": [1, 1], "masks": {}}))
    at = f"/api/jobs/{running}/answers/0"
    assert web.get(f"{at}/masks").status_code == 409
    web.service.store.end_work(running)
    assert web.get(f"{at}/masks").status_code == 409
    assert web.get(f"{at}/relevance").status_code == 409


def test_a_job_that_waits_again_shows_nothing(web, running):
    web.service.jobs.again(running, "its process was lost")
    assert web.job(running)["previews"] == []
    assert web.get(f"/api/jobs/{running}/answers/0/masks").status_code == 409
