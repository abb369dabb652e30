"""What people do at the page, in a real browser, against a real server with the bundled model."""

import base64
import io
import re
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from tests.page.conftest import ANSWER, SENTENCE


def pixels(page) -> np.ndarray:
    """The frame on the canvas."""
    url = page.evaluate("document.querySelector('.surface .frame').toDataURL('image/png')")
    data = base64.b64decode(url.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def served(server, video: str, frame: int) -> np.ndarray:
    data = server.get(f"/api/videos/{video}/frames/{frame}").content
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def test_a_video_is_sent_asked_and_its_moment_drawn(visit, server, clips):
    one = visit(server)
    one.open()
    one.page.get_by_role("button", name="Choose a video").wait_for()
    one.accessible()
    one.shot("start")
    one.send(clips("asked", short=True))
    one.ask(SENTENCE)
    one.answered()
    assert "0.25–1.00 s" in one.card().inner_text()
    assert one.answer()["moment"] == [[2, 7]]
    ends = one.page.get_by_role("slider", name="frame: ")
    assert [ends.nth(at).get_attribute("aria-valuenow") for at in (0, 1)] == ["2", "7"]
    one.page.wait_for_selector(".curve path[d^=M]")
    one.accessible()
    # Its masks lie on the frames.
    one.page.keyboard.press("Escape")
    one.page.keyboard.press("1")
    one.frame_is(2)
    one.page.get_by_role("img", name="marked: a turtle").wait_for()
    one.shot("found")

    # An end is dragged, and what is asked then has the moment that was drawn.
    first = one.answers()
    box = ends.nth(0).bounding_box()
    lane = one.page.locator(".inner").bounding_box()
    middle = box["y"] + box["height"] / 2
    one.page.mouse.move(box["x"] + 12, middle)
    one.page.mouse.down()
    for frame in (3, 4, 5):
        one.page.mouse.move(box["x"] + 12 + (frame - 2) * lane["width"] / 12, middle)
    one.frame_is(5)
    one.page.mouse.up()
    one.card().get_by_text("with your moment").wait_for(timeout=ANSWER)
    assert one.answers() != first
    assert one.asked()["moment"] == [[5, 7]]
    assert one.answer()["moment"] == [[5, 7]]
    # What was before is kept, and Back goes to it.
    one.page.go_back()
    one.page.wait_for_url(re.compile(f"answer={first[0][0]}.0"))
    one.page.get_by_text("Earlier answers (1)").wait_for()
    one.answered()
    assert "your moment" not in one.card().inner_text()

    # All of it is there after a reload.
    one.page.reload()
    one.answered()
    assert one.answers() == first


def test_the_frame_that_is_shown_is_the_one_that_was_asked_for(visit, server, clips):
    one = visit(server)
    video = one.at(clips("scrubbed"))
    number = one.page.get_by_label("Frame number")
    frames = {at: served(server, video, at) for at in (0, 3, 11, 17, 18, 31)}
    for left, right in pairwise(frames.values()):
        assert abs(left - right).mean() > 1  # they could be told apart
    for at in (17, 3, 31, 0):
        number.fill(str(at))
        number.press("Enter")
        one.frame_is(at)
        assert abs(pixels(one.page) - frames[at]).max() <= 2
    number.press("Escape")
    for _ in range(18):
        one.page.keyboard.press("ArrowRight")
    one.frame_is(18)
    assert abs(pixels(one.page) - frames[18]).max() <= 2
    # Along the timeline, faster than frames come.
    box = one.page.get_by_role("slider", name="Frame", exact=True).bounding_box()
    one.page.mouse.move(box["x"] + 5, box["y"] + 8)
    one.page.mouse.down()
    for at in range(0, 32, 2):
        one.page.mouse.move(box["x"] + (at + 0.5) / 32 * box["width"], box["y"] + 8)
    one.page.mouse.move(box["x"] + 11.5 / 32 * box["width"], box["y"] + 8)
    one.page.mouse.up()
    one.frame_is(11)
    assert abs(pixels(one.page) - frames[11]).max() <= 2
    one.page.keyboard.press("End")
    one.frame_is(31)
    one.page.keyboard.press("Shift+ArrowLeft")
    one.frame_is(21)


def test_errors_are_sentences(visit, server, tmp_path):
    one = visit(server)
    one.expected += ["status of 422", "status of 404"]
    broken = tmp_path / "notes.mp4"
    broken.write_text("no video at all")
    one.open()
    one.page.get_by_label("Video file").set_input_files(broken)
    one.page.get_by_text("is not a video").first.wait_for()
    one.open(f"/?video={'0' * 32}")
    one.page.get_by_role("alert").get_by_text("no such video").wait_for()
    one.page.get_by_role("button", name="All videos").click()
    one.page.get_by_role("heading", name="Ask a video").wait_for()


@pytest.mark.slow  # the server lets wait for ten seconds
def test_a_busy_server_is_waited_for_and_waiting_jobs_are_cancelled(visit, still, clips):
    with still(limits={"queue": 1}) as web:
        one = visit(web)
        one.expected += ["status of 429"]
        one.at(clips("busy"))
        one.ask("the first")
        one.card(1).get_by_text("Waits").wait_for()
        one.ask("the second")
        one.card(2).get_by_text("The server is busy. Trying again in").wait_for()
        one.card(1).get_by_role("button", name="Cancel").click()
        one.card(1).get_by_text("Cancelled before it was answered").wait_for()
        one.card(2).get_by_text("Waits").wait_for(timeout=30_000)
        states = {job["asks"][0]["sentence"]: job["state"] for job in web.get("/api/jobs").json()}
        assert states == {"the first": "cancelled", "the second": "queued"}
        one.page.reload()
        one.card(2).get_by_text("Waits").wait_for()
        one.card(1).get_by_text("Cancelled").wait_for()
