"""What a browser gets, as HTTP: files of the page, and answers of several jobs together."""

import csv
import io

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
from momentvos.server.shipped import Shipped

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def web(waiting):
    with waiting() as made:
        yield made


def test_a_browser_gets_the_page_and_programs_a_few_lines(web):
    page = web.get("/", headers=HTML)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.text.startswith("<!doctype html>")
    assert '<script type="module" src="/page/main.js">' in page.text
    assert page.headers["vary"] == "Accept"
    lines = web.get("/", headers={"Accept": "*/*"})
    assert lines.headers["content-type"].startswith("text/plain")
    assert "POST /api/jobs" in lines.text
    assert lines.headers["vary"] == "Accept"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("main.js", "text/javascript; charset=utf-8"),
        ("base.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ],
)
def test_files_have_their_types_and_are_sent_once(web, name, kind):
    first = web.get(f"/page/{name}")
    assert first.headers["content-type"] == kind
    assert first.headers["cache-control"] == "no-cache"
    assert "script-src 'self'" in first.headers["content-security-policy"]
    known = {"If-None-Match": f'"other", W/{first.headers["etag"]}'}
    again = web.get(f"/page/{name}", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert web.get(f"/page/{name}", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    "name", ["none.js", "..%2fapp.py", "%2e%2e", "main.py", "MAIN.JS", ".js", "x" * 70 + ".js"]
)
def test_nothing_else_is_served(web, name):
    assert web.get(f"/page/{name}").status_code in (404, 422)


def test_only_files_of_the_folder_with_known_endings_are_shipped(tmp_path):
    folder = tmp_path / "page"
    folder.mkdir()
    (folder / "a.js").write_text("1")
    (folder / "a.py").write_text("1")
    (tmp_path / "b.js").write_text("1")
    (folder / "c.js").mkdir()
    shipped = Shipped(folder)
    assert shipped.answer("a.js").body == b"1"
    for name in ("a.py", "../b.js", "c.js", "b.js", ""):
        assert shipped.answer(name) is None


def test_the_sample_comes_with_its_sentence(web):
    got = web.get("/page/sample.mp4")
    assert got.headers["content-type"] == "video/mp4"
    assert got.content[4:8] == b"ftyp"
    assert got.headers["x-sentence"].startswith("a turtle")


def test_info_says_why_jobs_wait(web):
    assert web.get("/api/info").json()["unready"] == "The models are loading."


@pytest.fixture(scope="module")
def answered(answering, clip):
    """A server, a video, and two jobs about it that have ended."""
    video = answering.upload(clip)
    jobs = [answering.ask(video, "the red square"), answering.ask(video, "the noise", "a square")]
    for job in jobs:
        answering.until(job, "done")
    return answering, video, jobs


@pytest.mark.slow
def test_answers_of_several_jobs_come_together(answered):
    web, video, (first, second) = answered
    named = [("answers", f"{second}.1"), ("answers", f"{first}.0")]
    got = web.get(f"/api/videos/{video}/exports/csv", params=named)
    assert got.status_code == 200, got.text
    assert got.headers["content-disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(got.text)))
    assert {row["sentence"] for row in rows} <= {"the red square", "a square"}
    overlay = web.get(f"/api/videos/{video}/overlay", params=[*named, ("style", "contour")])
    assert overlay.headers["content-type"] == "video/mp4"
    # Written once.
    assert web.get(f"/api/videos/{video}/exports/csv", params=named).text == got.text


def test_answers_that_do_not_belong_together_are_refused(answered, make_clip):
    web, video, (first, _) = answered
    other = web.upload(make_clip(seed=5))
    path = f"/api/videos/{other}/exports/csv"
    got = web.get(path, params={"answers": f"{first}.0"})
    assert (got.status_code, got.json()["detail"]) == (
        422,
        "These answers are not all about this video.",
    )
    assert web.get(path).status_code == 422
    assert web.get(path, params={"answers": "0.0"}).status_code == 422
    assert web.get(path, params={"answers": f"{'0' * 32}.0"}).status_code == 404
    mine = f"/api/videos/{video}/exports"
    assert web.get(f"{mine}/csv", params={"answers": f"{first}.7"}).status_code == 404
    assert web.get(f"{mine}/nothing", params={"answers": f"{first}.0"}).status_code == 404


def test_relevance_has_the_domain_that_the_model_knows(answered):
    web, _, (first, _) = answered
    got = web.get(f"/api/jobs/{first}/answers/0/relevance").json()
    prediction = web.get(f"/api/jobs/{first}/answers/0/prediction").json()
    for name in ("relevance", "scores", "domain"):
        assert got[name] == prediction[name]
