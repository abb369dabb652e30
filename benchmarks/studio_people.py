"""Scripted people at the studio's page, as benchmarks use them: two annotators and a reviewer.

An annotator sees the true moments of MomentWorld in place of the video, and marks what a person
might have marked: edges up to three frames off, a span in 25 forgotten, one in 25 drawn to the end
of the video.
"""

import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from momentvos.moment import Moment
from momentvos.server.accounts import Accounts
from momentvos.server.database import Database
from momentvos.studio.agreement import mean_tiou

ROOT = Path(__file__).parents[1]
PASSWORD = "a word for a benchmark"
ANNOTATORS = ("ann", "bob")
ACCOUNTS = (*((name, "annotator") for name in ANNOTATORS), ("rae", "reviewer"), ("ada", "admin"))
PATIENCE = 120_000
"""Milliseconds for the page to do something on a busy machine."""
Moments = dict[str, list]


def add_accounts(database: Database) -> None:
    accounts = Accounts(database)
    for name, role in ACCOUNTS:
        accounts.add(name, PASSWORD, role)


@contextmanager
def serve(data: Path) -> Iterator[str]:
    """A server as a user starts it: its address."""
    words = ["serve", "--data", str(data), "--port", "0", "--device", "cpu"]
    place = data / "log"
    with place.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "momentvos", *words], stderr=log, stdout=log
        )
    try:
        while not (found := re.search(r"http://\S+", place.read_text())):
            if process.poll() is not None:
                sys.exit(place.read_text())
            time.sleep(0.1)
        yield found[0]
    finally:
        process.terminate()
        process.wait()


@contextmanager
def chromium() -> Iterator:
    """A browser without a window."""
    from playwright.sync_api import sync_playwright

    sys.path.insert(0, str(ROOT))
    from tools.chromium import installed

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=installed(), args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


def login(browser, url: str, name: str):
    """A window in which somebody is logged in."""
    context = browser.new_context(viewport={"width": 1360, "height": 860})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"{url}/studio")
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_selector(".project")
    return page


def fetch(page, path: str):
    """What the server answers in the window."""
    return page.evaluate(f"fetch({json.dumps(path)}).then((r) => r.json())")


def todo(page, project: int, which: str) -> list[dict]:
    """What somebody is to do."""
    items: list[dict] = []
    while True:
        query = f"{which}&limit=500&offset={len(items)}"
        part = fetch(page, f"/api/studio/projects/{project}/expressions?{query}")
        items += part["items"]
        if len(items) >= part["total"]:
            return items


def moments(folder: Path) -> dict[tuple[str, str], Moments]:
    """Moments by object of a data set in MeViS-M's form, by video and expression."""
    index = json.loads((folder / "meta_expressions.json").read_text())["videos"]
    return {
        (video, name): one["moments"]
        for video, entry in index.items()
        for name, one in entry["expressions"].items()
        if "moments" in one
    }


@dataclass
class Annotator:
    """Somebody who marks what is true, with small errors."""

    page: object
    name: str
    keys: int = 0
    """To mark, and to choose an object; one more hands an expression in."""
    spans: int = 0
    seconds: list[float] = field(default_factory=list)
    """Of each expression, from its first frame on the screen until it is handed in."""
    opening: list[float] = field(default_factory=list)
    """Of each expression, until its first frame is on the screen."""

    def work(self, project: int, truth: dict[tuple[str, str], Moments]) -> None:
        """Annotate everything that is to be done."""
        dice = random.Random(self.name)
        for item in todo(self.page, project, "mine=todo"):
            before = time.perf_counter()
            shown = self._open(item)
            start = time.perf_counter()
            self.opening.append(start - before)
            length = shown["video"]["frames"]
            mine = next(one for one in shown["annotations"] if one["author"] == self.name)
            true = truth[item["video_name"], item["name"]]
            for lane, one in enumerate(mine["moments"][:9]):
                if lane:
                    self._press(str(lane + 1))
                for first, last in _erring(dice, true.get(one["object"], []), length):
                    seek(self.page, first)
                    self._press("i")
                    seek(self.page, last)
                    self._press("o")
                    self.spans += 1
            self.page.keyboard.press("Enter")
            self.page.wait_for_url(lambda url, item=item: not url.endswith(f"/e/{item['id']}"))
            self.seconds.append(time.perf_counter() - start)

    def _open(self, item: dict) -> dict:
        self.page.evaluate(f"location.hash = '#/e/{item['id']}'")
        sentence = self.page.get_by_role("heading", name=item["sentence"], exact=True)
        sentence.wait_for()
        self.page.locator(".head p", has_text=f"{item['video_name']} · {item['name']}").wait_for()
        self.page.wait_for_selector('.surface[data-frame="0"]:not([data-loading])')
        return fetch(self.page, f"/api/studio/expressions/{item['id']}")

    def _press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.keys += 1


def _erring(dice: random.Random, spans: list, length: int) -> list[tuple[int, int]]:
    """Spans as a person might mark them."""
    made = []
    for first, last in spans:
        if dice.random() < 0.04:
            continue  # overlooked
        first = min(max(first + _off(dice), 0), length - 1)
        last = length - 1 if dice.random() < 0.04 else last + _off(dice)
        made.append((first, min(max(last, first), length - 1)))
    return made


def _off(dice: random.Random) -> int:
    return max(-3, min(3, round(dice.gauss(0, 1.2))))


def seek(page, frame: int) -> None:
    """Go to a frame as a mouse does, by the lane."""
    page.evaluate(
        """(frame) => {
          const strip = document.querySelector('.lane.chosen .strip');
          const box = strip.getBoundingClientRect();
          const text = document.querySelector('.controls .figure').textContent;
          const length = Number(/of (\\d+)/.exec(text)[1]) + 1;
          const clientX = box.left + ((frame + 0.5) * box.width) / length;
          const how = { clientX, clientY: box.top + 1, button: 0, pointerId: 1, bubbles: true };
          strip.setPointerCapture = () => {};
          strip.dispatchEvent(new PointerEvent('pointerdown', how));
          strip.dispatchEvent(new PointerEvent('pointerup', how));
        }""",
        frame,
    )


def decide(page, project: int, truth: dict[tuple[str, str], Moments]) -> list[float]:
    """Decide what is disputed; seconds of each.

    The reviewer takes whichever is nearer to the truth: what both say, with which the lane begins,
    or one annotator's.
    """
    seconds = []
    for item in todo(page, project, "status=disputed"):
        page.evaluate(f"location.hash = '#/e/{item['id']}/final'")
        page.get_by_role("button", name="Decide").wait_for()
        page.wait_for_selector('.surface[data-frame="0"]:not([data-loading])')
        start = time.perf_counter()
        shown = fetch(page, f"/api/studio/expressions/{item['id']}")
        true = truth[item["video_name"], item["name"]]
        best = max(shown["annotations"], key=lambda one, true=true: nearness(one, true))
        if best["author"]:
            page.get_by_role("button", name=f"Take {best['author']}’s").click()
        page.get_by_role("button", name="Decide").click()
        page.wait_for_url(lambda where, item=item: f"/e/{item['id']}/" not in where)
        seconds.append(time.perf_counter() - start)
    return seconds


def nearness(annotation: dict, true: Moments) -> float:
    """Mean tIoU of an annotation with the truth; what is unusable is near to nothing."""
    if annotation["state"] == "unusable":
        return -1.0
    said = {one["object"]: Moment(one["spans"]) for one in annotation["moments"]}
    return mean_tiou([said, {name: Moment(spans) for name, spans in true.items()}]) or 0.0


def against(truth: dict[tuple[str, str], Moments], folder: Path) -> dict:
    """Mean tIoU, by expression and object, of an export with the true moments."""
    made = moments(folder)
    values = [
        Moment(spans).iou(Moment(made[key].get(name, [])))
        for key, true in truth.items()
        if key in made
        for name, spans in true.items()
    ]
    return {"objects": len(values), "tiou": round(sum(values) / max(len(values), 1), 3)}


def processor_seconds() -> float:
    """Time that the server, the browser and its driver have computed so far."""
    import psutil

    total = 0.0
    for one in psutil.Process().children(recursive=True):
        try:
            used = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += used.user + used.system
    return total


def load() -> str:
    """How busy the machine is: figures of time are to be read with it."""
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
