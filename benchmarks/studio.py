"""The studio as annotators feel it: a long list, marking by a script, a long film's first frame.

A project of 10,000 expressions is imported; first paint of its list is timed in a browser, which
then scrolls through it, and rows in view without content are counted at every picture. A scripted
annotator marks MomentWorld's own moments through the page, up to two frames off, as people are:
keys and spans are counted. Two such annotators, and a reviewer who decides where they disagree,
give the figures of agreement. The film is 1080p, ten minutes long, with a keyframe every ten
seconds.

python benchmarks/studio.py [--expressions 10000] [--videos 10] [--minutes 10] [--keep FOLDER]

With --keep the annotated data set is written there as MeViS-M, for training on it.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import av
import numpy as np

from momentvos.data.world.write import write
from momentvos.moment import Moment
from momentvos.server.accounts import Accounts
from momentvos.server.database import Database
from momentvos.server.inspection import inspect
from momentvos.server.settings import Limits, Settings
from momentvos.studio.exports import export
from momentvos.studio.imports.read import read
from momentvos.studio.projects import Projects
from momentvos.studio.queries import Queries
from momentvos.studio.schema import migrate
from momentvos.studio.snapshot import take

WORDS = [
    "the",
    "dog",
    "that",
    "jumps",
    "over",
    "a",
    "box",
    "while",
    "two",
    "cats",
    "sleep",
    "near",
    "red",
    "balloons",
]


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = folder / "data"
        data.mkdir()
        world = write(folder / "world", "train", options.videos, size=128)
        many = _many(folder / "many", options.expressions)
        _film(folder / "films" / "long.mp4", options.minutes)
        database = Database(Settings(data).url)
        projects = _prepare(database, {"many": many, "world": world, "films": folder / "films"})
        process, url = _serve(data)
        try:
            row = _browse(url, projects, world)
        finally:
            process.terminate()
            process.wait()
        row["agreement"] = Queries(database).agreement(projects["world"]).model_dump()
        out = options.keep or folder / "out"
        export.write(take(database, projects["world"]), "mevis-m", out, images=True)
        row["against the truth"] = _truth(world, out)
        database.close()
    print(json.dumps(row, indent=1))


def _prepare(database: Database, folders: dict[str, Path]) -> dict[str, int]:
    """Accounts, and projects by their names; MomentWorld is given blank to two annotators."""
    migrate(database.engine)
    accounts = Accounts(database)
    for name, role in ACCOUNTS:
        accounts.add(name, PASSWORD, role)
    projects, limits, made = Projects(database), asdict(Limits()), {}
    for name, folder in folders.items():
        start = time.perf_counter()
        new = read(folder, None, None, lambda path: inspect(path, limits))
        made[name] = projects.add(name, new, "ada", wanted=2 if name == "world" else 1)
        print(f"imported {name} in {time.perf_counter() - start:.1f} s", file=sys.stderr)
    projects.share(made["world"], ["ann", "bob"], "ada", each=2, blank=True)
    videos = Queries(database).videos(made["films"])
    projects.add_expression(made["films"], videos[0]["id"], "the red square", "ada")
    return made


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--expressions", type=int, default=10_000)
    parser.add_argument("--videos", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--keep", type=Path)
    return parser.parse_args()


PASSWORD = "a word for a benchmark"
ACCOUNTS = (("ann", "annotator"), ("bob", "annotator"), ("rae", "reviewer"), ("ada", "admin"))


def _serve(data: Path) -> tuple[subprocess.Popen, str]:
    words = ["serve", "--data", str(data), "--port", "0", "--device", "cpu"]
    log = (data / "log").open("w")
    process = subprocess.Popen([sys.executable, "-m", "momentvos", *words], stderr=log, stdout=log)
    while True:
        found = re.search(r"http://\S+", (data / "log").read_text())
        if found:
            return process, found[0]
        if process.poll() is not None:
            sys.exit((data / "log").read_text())
        time.sleep(0.1)


def _many(folder: Path, expressions: int) -> Path:
    """A data set of so many sentences, ten a video, without masks; its frames are links to one."""
    from PIL import Image

    dice = random.Random(0)
    folder.mkdir()
    Image.new("RGB", (64, 48), (90, 120, 60)).save(folder / "frame.jpg")
    videos = {}
    for number in range(-(-expressions // 10)):
        name = f"video_{number:05d}"
        images = folder / "JPEGImages" / name
        images.mkdir(parents=True)
        (images / "00000.jpg").symlink_to(folder / "frame.jpg")
        sentences = (" ".join(dice.sample(WORDS, 6)) for _ in range(10))
        videos[name] = {
            "frames": ["00000"],
            "expressions": {str(k): {"exp": one} for k, one in enumerate(sentences)},
        }
    (folder / "meta_expressions.json").write_text(json.dumps({"videos": videos}))
    return folder


def _film(path: Path, minutes: float) -> None:
    path.parent.mkdir()
    ground = np.zeros((1080, 1920, 3), dtype=np.uint8)
    ground[:] = np.linspace(40, 200, 1920, dtype=np.uint8)[None, :, None]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"preset": "ultrafast", "g": "250"})
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        for number in range(int(minutes * 60 * 25)):
            if number % 25 == 0:
                left = 4 * (number // 25) % 1700
                rgb = ground.copy()
                rgb[400:600, left : left + 200] = (220, 60, 40)
                picture = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p")
            picture.pts = number
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))


def _browse(url: str, projects: dict[str, int], world: Path) -> dict:
    from playwright.sync_api import sync_playwright

    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tools.chromium import installed

    row: dict = {}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=installed(), args=["--no-sandbox", "--disable-gpu"]
        )
        pages = {name: _login(browser, url, name) for name, _ in ACCOUNTS}
        row |= _list(pages["ann"], url, projects["many"])
        row |= _mark(pages, url, projects["world"], _moments(world))
        row |= _first_frame(pages["ada"], url, projects["films"])
        browser.close()
    return row


def _login(browser, url: str, name: str):
    page = browser.new_context(viewport={"width": 1360, "height": 860}).new_page()
    page.goto(f"{url}/studio")
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_selector(".project")
    return page


def _list(page, url: str, project: int) -> dict:
    paints = []
    for _ in range(3):
        page.goto("about:blank")
        start = time.perf_counter()
        page.goto(f"{url}/studio#/p/{project}")
        page.wait_for_selector(".item .sentence")
        paints.append(time.perf_counter() - start)
    page.wait_for_timeout(1500)
    figures = page.evaluate(
        """async () => {
          const list = document.querySelector('.list');
          let pictures = 0, blank = 0, rows = 0;
          for (let at = 0; at <= list.scrollHeight - list.clientHeight; at += 2000) {
            list.scrollTop = at;
            await new Promise(requestAnimationFrame);
            await new Promise(requestAnimationFrame);
            const box = list.getBoundingClientRect();
            for (let y = box.top + 30; y < box.bottom; y += 60) {
              rows += 1;
              const row = document.elementFromPoint(box.left + 50, y)?.closest('.item');
              if (!row?.querySelector('.sentence')) blank += 1;
            }
            pictures += 1;
          }
          return { pictures, rows, blank };
        }"""
    )
    count = page.locator(".list-page [role=status]")
    before, start = count.inner_text(), time.perf_counter()
    page.get_by_label("Search").fill("cats jumps")
    while count.inner_text() == before:
        time.sleep(0.005)
    searched = time.perf_counter() - start
    return {
        "list first paint (s)": round(sorted(paints)[1], 3),
        "list scrolled": figures,
        "search (s)": round(searched, 3),
    }


def _moments(world: Path) -> dict[tuple[str, str], dict[str, list]]:
    index = json.loads((world / "meta_expressions.json").read_text())["videos"]
    return {
        (video, name): one["moments"]
        for video, entry in index.items()
        for name, one in entry["expressions"].items()
    }


def _mark(pages: dict, url: str, project: int, truth: dict) -> dict:
    keys = spans = 0
    dice = random.Random(1)
    start = time.perf_counter()
    for name in ("ann", "bob"):
        page = pages[name]
        path = f"/api/studio/projects/{project}/expressions?mine=todo&limit=500"
        items = page.evaluate(f"fetch('{path}').then(r => r.json())")["items"]
        for item in items:
            page.evaluate(f"location.hash = '#/e/{item['id']}'")
            page.wait_for_selector(f".head:has-text({json.dumps(item['name'])}) >> nth=0")
            page.wait_for_selector('.surface[data-frame="0"]:not([data-loading])')
            shown = page.evaluate(
                f"fetch('/api/studio/expressions/{item['id']}').then(r => r.json())"
            )
            length = shown["video"]["frames"]
            moments = truth[item["video_name"], item["name"]]
            mine = next(one for one in shown["annotations"] if one["author"] == name)
            for lane, one in enumerate(mine["moments"]):
                if lane < 9:
                    page.keyboard.press(str(lane + 1))
                for first, last in moments.get(one["object"], []):
                    first = min(max(first + dice.choice((-2, -1, 0, 0, 0, 1, 2)), 0), length - 1)
                    last = min(max(last + dice.choice((-2, -1, 0, 0, 0, 1, 2)), first), length - 1)
                    _seek(page, first)
                    page.keyboard.press("i")
                    _seek(page, last)
                    page.keyboard.press("o")
                    keys, spans = keys + 2, spans + 1
            page.keyboard.press("Enter")
            page.wait_for_url(lambda where, item=item: not where.endswith(f"/e/{item['id']}"))
    minutes = (time.perf_counter() - start) / 60
    decided = _decide(pages["rae"], project)
    return {
        "spans": spans,
        "keys a span": round(keys / max(spans, 1), 2),
        "spans a minute, by a script": round(spans / minutes, 1),
        "decided by the reviewer": decided,
    }


def _seek(page, frame: int) -> None:
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


def _decide(page, project: int) -> int:
    path = f"/api/studio/projects/{project}/expressions?status=disputed&limit=500"
    items = page.evaluate(f"fetch('{path}').then(r => r.json())")["items"]
    for item in items:
        page.evaluate(f"location.hash = '#/e/{item['id']}/final'")
        page.get_by_role("button", name="Decide").wait_for()
        page.get_by_role("button", name="Decide").click()
        page.wait_for_url(lambda where, item=item: f"/e/{item['id']}" not in where)
    return len(items)


def _first_frame(page, url: str, project: int) -> dict:
    """Seconds from the click on a sentence about the film to its first frame on the canvas."""
    page.goto(f"{url}/studio#/p/{project}")
    page.wait_for_selector(".item .sentence")
    start = time.perf_counter()
    page.locator(".item a").first.click()
    page.wait_for_selector('.surface[data-frame="0"]:not([data-loading])')
    return {"first frame of the film (s)": round(time.perf_counter() - start, 2)}


def _truth(world: Path, out: Path) -> dict:
    """Mean tIoU, by expression and object, of what was exported with MomentWorld's own moments."""
    true, made = _moments(world), _moments(out)
    values = [
        Moment(spans).iou(Moment(made[key][name]))
        for key, moments in true.items()
        for name, spans in moments.items()
        if key in made and name in made[key]
    ]
    return {"objects": len(values), "tiou": round(sum(values) / len(values), 3)}


if __name__ == "__main__":
    main()
