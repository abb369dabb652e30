"""A browser that is killed in mid-save loses nothing that its page has said to be kept."""

import os
import random
import re
import shutil
import signal
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
pytestmark = pytest.mark.slow
TIMES = int(os.environ.get("MOMENTVOS_KILLS", "50"))
LENGTH = 400
SAVED = re.compile("^(Saved|Nothing to save)")


@pytest.fixture
def item(people, data_sets, tmp_path):
    """Bo's own annotation of a sentence about a long video: (expression, annotation)."""
    library = people[""].service.settings.library
    data_sets.mevis(library / "killed", length=LENGTH, names=("cats",))
    asked = {"name": "killed", "path": "killed"}
    project = people["ada"].post("/api/studio/projects", json=asked).json()["id"]
    share = {"to": ["bo"], "blank": True}
    people["ada"].post(f"/api/studio/projects/{project}/assignments", json=share)
    found = people["bo"].get(f"/api/studio/projects/{project}/expressions").json()["items"][0]
    yield found["id"], found["annotations"][0]["id"]
    shutil.rmtree(library / "killed")


@pytest.fixture
def chromium(browser, tmp_path):
    """Start a browser of its own with a profile that stays: `with chromium() as (page, kill)`."""
    from playwright.sync_api import Error
    from tests.page.browser import installed

    profile = tmp_path / "profile"

    @contextmanager
    def start(web):
        words = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        context = browser.browser_type.launch_persistent_context(
            profile, executable_path=installed(), args=words, timeout=120_000
        )
        context.set_default_timeout(120_000)
        cookie, value = web.headers["Cookie"].split("=", 1)
        context.add_cookies([{"name": cookie, "value": value, "url": web.url}])
        try:
            yield context.pages[0], lambda: kill(profile)
        finally:
            with suppress(Error):  # it was killed
                context.close()

    return start


def kill(profile: Path) -> None:
    """Kill every process of a browser at once, the one that stores first."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"--user-data-dir={profile}".encode() in words:
            found.append((any(one.startswith(b"--type=") for one in words), int(place.name)))
    assert found, "there is no such browser"
    for _, number in sorted(found):
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


def marks(people, annotation):
    """Frames that were marked one by one, as the history has them."""
    events = people["bo"].get(f"/api/studio/annotations/{annotation}/history").json()
    return [one["change"]["span"][0] for one in events]


def opened(page, people, expression):
    page.goto(f"{people['bo'].url}/studio#/e/{expression}")
    page.wait_for_selector(".surface:not([data-loading])")


SEEK = """(frame) => {
  const strip = document.querySelector('.lane.chosen .strip');
  const box = strip.getBoundingClientRect();
  const clientX = box.left + ((frame + 0.5) * box.width) / LENGTH;
  const how = { clientX, clientY: box.top + 1, button: 0, pointerId: 1, bubbles: true };
  strip.setPointerCapture = () => {};
  strip.dispatchEvent(new PointerEvent('pointerdown', how));
  strip.dispatchEvent(new PointerEvent('pointerup', how));
}""".replace("LENGTH", str(LENGTH))


def mark(page, frame):
    """Go to a frame by its lane and mark it alone."""
    page.evaluate(SEEK, frame)
    page.keyboard.press("i")
    page.keyboard.press("o")


def test_a_browser_that_is_killed_loses_nothing(chromium, people, item):
    """In turn: the server answers, and the kill comes at any time; it is away, and it comes then.

    What the page has said to be saved is stored, and what it has said to try again is sent by the
    next browser. Marked are every second frames, so that no mark joins another.
    """
    expression, annotation = item
    dice = random.Random(0)
    said, tried = [], []
    for number in range(TIMES):
        with chromium(people["bo"]) as (page, die):
            opened(page, people, expression)
            page.locator(".chip.saved", has_text=SAVED).wait_for()
            assert set(said) <= set(marks(people, annotation)), f"lost before kill {number}"
            if number % 2:
                page.route("**/changes", lambda route: route.abort())
            now = [2 * (len(tried) + k) for k in range(dice.choice((1, 2, 3)))]
            tried += now
            for frame in now:
                mark(page, frame)
            if number % 2:
                page.locator(".chip.saved", has_text="Not saved").wait_for()
                sleep(0.5)  # it is said once the first is on the disk; the others take as long
                said += now
            else:
                sleep(dice.uniform(0, 0.3))
                if page.locator(".chip.saved", has_text=re.compile("^Saved")).count():
                    said += now
            die()
    with chromium(people["bo"]) as (page, _):
        opened(page, people, expression)
        page.locator(".chip.saved", has_text=SAVED).wait_for()
    made = marks(people, annotation)
    assert set(said) <= set(made) <= set(tried)
    assert len(made) == len(set(made)), "a change was made twice"
    print(
        f"{TIMES} kills: of {len(tried)} marks {len(said)} were said to be saved or kept, "
        f"{len(made)} are stored",
        file=sys.stderr,
    )
