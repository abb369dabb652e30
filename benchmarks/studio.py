"""The studio as annotators feel it: a long list, marking by a script, a long film's first frame.

A project of 10,000 expressions is imported; first paint of its list is timed in a browser, which
then scrolls through it, and rows in view without content are counted at every picture. A scripted
annotator marks MomentWorld's moments through the page: keys and spans are counted. The film is
1080p, ten minutes long, with a keyframe every ten seconds. Figures of time are of the machine as it
is; beside the first paint and the first frame stands the processor time that server and browser
took for it together.

python benchmarks/studio.py [--expressions 10000] [--videos 2] [--minutes 10]
"""

import argparse
import json
import random
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import av
import numpy as np
from studio_people import (
    Annotator,
    add_accounts,
    chromium,
    load,
    login,
    moments,
    processor_seconds,
    serve,
)

from momentvos.data.world.write import write
from momentvos.server.database import Database
from momentvos.server.inspection import inspect
from momentvos.server.settings import Limits, Settings
from momentvos.studio.imports.read import read
from momentvos.studio.projects import Projects
from momentvos.studio.queries import Queries
from momentvos.studio.schema import migrate

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
        folders = {"many": many, "world": world, "films": folder / "films"}
        projects, imported = _prepare(database, folders)
        database.close()
        with serve(data) as url:
            row = {"load": load(), "import (s)": imported} | _browse(url, projects, world)
    print(json.dumps(row, indent=1))


def _prepare(database: Database, folders: dict[str, Path]) -> tuple[dict, dict]:
    """Accounts, and projects by their names, with the seconds of each import."""
    migrate(database.engine)
    add_accounts(database)
    projects, limits, made, seconds = Projects(database), asdict(Limits()), {}, {}
    for name, folder in folders.items():
        start = time.perf_counter()
        new = read(folder, None, None, lambda path: inspect(path, limits))
        made[name] = projects.add(name, new, "ada")
        seconds[name] = round(time.perf_counter() - start, 1)
        print(f"imported {name} in {seconds[name]} s", file=sys.stderr)
    projects.share(made["world"], ["ann"], "ada", blank=True)
    videos = Queries(database).videos(made["films"])
    projects.add_expression(made["films"], videos[0]["id"], "the red square", "ada")
    return made, seconds


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--expressions", type=int, default=10_000)
    parser.add_argument("--videos", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=10)
    return parser.parse_args()


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
    row: dict = {}
    with chromium() as browser:
        ann, ada = login(browser, url, "ann"), login(browser, url, "ada")
        row |= _list(ann, url, projects["many"])
        annotator, start = Annotator(ann, "ann"), time.perf_counter()
        annotator.work(projects["world"], moments(world))
        minutes = (time.perf_counter() - start) / 60
        row |= {
            "spans": annotator.spans,
            "keys a span": round(annotator.keys / annotator.spans, 2),
            "spans a minute, by a script": round(annotator.spans / minutes, 1),
        }
        row |= _first_frame(ada, url, projects["films"])
    return row


def _list(page, url: str, project: int) -> dict:
    paints, computed = [], []
    for _ in range(3):
        page.goto("about:blank")
        page.wait_for_timeout(3000)
        before, start = processor_seconds(), time.perf_counter()
        page.goto(f"{url}/studio#/p/{project}")
        page.wait_for_selector(".item .sentence")
        paints.append(time.perf_counter() - start)
        computed.append(processor_seconds() - before)
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
        "processor time of first paint (s)": round(sorted(computed)[1], 2),
        "list scrolled": figures,
        "search (s)": round(searched, 3),
    }


def _first_frame(page, url: str, project: int) -> dict:
    """Seconds from the click on a sentence about the film to its first frame on the canvas."""
    page.goto(f"{url}/studio#/p/{project}")
    page.wait_for_selector(".item .sentence")
    before, start = processor_seconds(), time.perf_counter()
    page.locator(".item a").first.click()
    page.wait_for_selector('.surface[data-frame="0"]:not([data-loading])')
    return {
        "first frame of the film (s)": round(time.perf_counter() - start, 2),
        "processor time of the first frame (s)": round(processor_seconds() - before, 2),
    }


if __name__ == "__main__":
    main()
