"""One server with the bundled model and one browser for all tests of the page."""

import re
import shutil
import struct
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import av
import pytest
from tests.server.conftest import Program, changed, settings_in

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "outputs" / "page"
"""Where pictures of the page are kept, to be looked at."""
SENTENCE = "a turtle that is sliding towards the left in the video"
PATIENCE, ANSWER = 60_000, 300_000
"""Milliseconds for the page, and for a model, to do something on a busy machine."""
SIZES = {"desktop": (1360, 860), "phone": (360, 740)}


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """`momentvos serve` with tgl-mini, as a user starts it."""
    pytest.importorskip("fastapi", reason="the extra `web` is not installed")
    made = Program(tmp_path_factory.mktemp("page") / "data", "--model", "tgl-mini")
    yield made
    made.end()


@pytest.fixture(scope="session")
def clips(tmp_path_factory):
    """Copies of the sample that are other videos to the server: clips("name") -> path.

    short: its frames 20 to 31 alone, whose moment are the frames 2 to 7.
    """
    folder = tmp_path_factory.mktemp("clips")

    def make(name: str, short: bool = False) -> Path:
        path = folder / f"{name}.mp4"
        if short:
            shorten(ROOT / "samples" / "demo.mp4", path)
        else:
            shutil.copy(ROOT / "samples" / "demo.mp4", path)
        with path.open("ab") as file:  # a box that players skip
            file.write(struct.pack(">I4s", 8 + len(name), b"free") + name.encode())
        return path

    return make


def shorten(source: Path, path: Path) -> None:
    with av.open(str(source)) as video, av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=8, options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = 256, 256, "yuv420p"
        for number, frame in enumerate(video.decode(video=0)):
            if number >= 20:
                rgb = frame.to_ndarray(format="rgb24")
                out.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        out.mux(stream.encode(None))


class Visit:
    """A person at the page."""

    def __init__(self, page, server) -> None:
        self.page, self.server = page, server
        self.faults: list[str] = []
        self.expected: list[str] = []
        """Patterns of what the console may say: a request that is refused is no fault of a page."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("request", self._request)

    def _console(self, message) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"{message.type}: {message.text}")

    def _request(self, request) -> None:
        if urlsplit(request.url).netloc != urlsplit(self.server.url).netloc and not (
            request.url.startswith(("blob:", "data:"))
        ):
            self.faults.append(f"another host: {request.url}")

    def check(self) -> None:
        """Nothing was wrong with the page, and nothing came from another host."""
        left = [
            one for one in self.faults if not any(re.search(word, one) for word in self.expected)
        ]
        assert left == []

    def open(self, path: str = "/") -> None:
        self.page.goto(self.server.url + path)

    def send(self, path: Path) -> None:
        """Choose a file, and wait until its first frame is there."""
        self.open()
        self.page.get_by_label("Video file").set_input_files(path)
        self.frame_is(0)

    def at(self, path: Path) -> str:
        """Open a video that is sent by a program, and return its id."""
        video = self.server.upload(path, path.name)
        self.open(f"/?video={video}")
        self.frame_is(0)
        return video

    def ask(self, *sentences: str) -> None:
        self.page.get_by_label("What do you look for?").fill("\n".join(sentences))
        self.page.get_by_role("button", name="Ask", exact=True).click()

    def frame_is(self, number: int) -> None:
        """Wait until that frame is on the canvas."""
        self.page.wait_for_selector(f'.surface[data-frame="{number}"]:not([data-loading])')

    def card(self, number: int = 1):
        return self.page.locator(".sentence").nth(number - 1)

    def answered(self, number: int = 1, words: str = "Found") -> None:
        """Wait until a sentence's card says so, and nothing of it is under way."""
        card = self.card(number)
        card.locator(".verdict", has_text=words).wait_for(timeout=ANSWER)
        card.locator(".under").wait_for(state="hidden", timeout=ANSWER)

    def answers(self) -> list[tuple[str, int]]:
        """Jobs and numbers that the address names."""
        named = parse_qs(urlsplit(self.page.url).query).get("answer", [])
        return [(one[:32], int(one[33:])) for one in named]

    def asked(self, number: int = 1) -> dict:
        """What the server was asked last for a card."""
        job, place = self.answers()[number - 1]
        return self.server.job(job)["asks"][place]

    def answer(self, number: int = 1) -> dict:
        """What the server answered for a card."""
        job, place = self.answers()[number - 1]
        (made,) = [one for one in self.server.job(job)["answers"] if one["number"] == place]
        return made

    def shot(self, name: str, **how) -> None:
        """Keep a picture."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png", **how)

    def accessible(self) -> None:
        """axe finds no serious fault."""
        axe = pytest.importorskip("axe_playwright_python", reason="no axe-core is installed")
        script = (Path(axe.__file__).parent / "axe.min.js").read_text("utf-8")
        self.page.evaluate(script)  # by the browser's own debugger, which no policy binds
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        serious = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
        assert [(one["id"], one["nodes"][0]["html"][:200]) for one in serious] == []


@pytest.fixture
def visit(browser):
    """Open a window: visit(server, size="phone", dark=True) -> Visit; checked at the end."""
    made = []

    def start(server, size: str = "desktop", dark: bool = False, **how) -> Visit:
        width, height = SIZES[size]
        phone = {"has_touch": True, "is_mobile": True, "device_scale_factor": 2}
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            **(phone if size == "phone" else {}) | how,
        )
        context.set_default_timeout(PATIENCE)
        one = Visit(context.new_page(), server)
        made.append(one)
        return one

    yield start
    for one in made:
        one.check()
        one.page.context.close()


@pytest.fixture
def still(tmp_path):
    """Run a server whose jobs wait for ever: `with still(limits={"queue": 1}) as web`."""
    return lambda **changes: changed(settings_in(tmp_path), **changes)
