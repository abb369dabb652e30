"""A headless Chromium for the tools that photograph pages.

It is driven over a pipe by the DevTools protocol, so that nothing has to be installed but the
browser itself. CHROMIUM=/path names one that is not on the path.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import io
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from PIL import Image

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
PATIENCE = 30
"""Seconds for an answer of the browser."""
FAREWELL = 3
"""Seconds in which it ends by itself."""
HIGHEST = 8000
"""Pixels of a page's height in one picture; graphics cards have no higher textures than 16384."""
_READY = """(async () => {
  for (let top = 0; top < document.documentElement.scrollHeight; top += innerHeight) {
    scrollTo(0, top);
    await new Promise(done => setTimeout(done, 20));
  }
  scrollTo(0, 0);
  await document.fonts.ready;
  await Promise.all([...document.images].map(image => image.decode().catch(() => null)));
})()"""
"""Lazy pictures load when they come into view."""


def installed() -> str | None:
    """The browser's path, None where there is none."""
    named = os.environ.get("CHROMIUM")
    paths = map(shutil.which, [named] if named else [*NAMES, str(MAC)])
    return next((path for path in paths if path), None)


def executable() -> str:
    """The browser's path. Exits with one sentence where there is none."""
    path = installed()
    if path is not None:
        return path
    named = os.environ.get("CHROMIUM")
    if named:
        sys.exit(f"CHROMIUM={named} is no program.")
    sys.exit(
        "No Chromium or Chrome is on the path. Install one (Debian: apt-get install chromium), "
        "or name it: CHROMIUM=/path/to/chrome."
    )


class Chromium:
    """One page of one browser, which ends with the `with` block.

    dark: pages that have a dark theme show it.
    """

    def __init__(self, *, dark: bool = False) -> None:
        self._dark = dark
        self._events: list[str | None] = []

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        command = [
            executable(),
            "--headless=new",
            "--remote-debugging-pipe",
            f"--user-data-dir={self._folder.name}",
            "--no-first-run",
            "--disable-gpu",
            "--hide-scrollbars",
            "--allow-file-access-from-files",
            "about:blank",
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.insert(1, "--no-sandbox")  # Chromium refuses to run as root with one
        self._read, theirs_to_write = _high(os.pipe())
        theirs_to_read, self._write = _high(os.pipe())

        def place() -> None:
            os.dup2(theirs_to_read, 3)  # where Chromium looks for them
            os.dup2(theirs_to_write, 4)

        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(
            command,
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
            preexec_fn=place,
            pass_fds=(3, 4),
            start_new_session=True,
        )
        os.close(theirs_to_read)
        os.close(theirs_to_write)
        self._rest, self._number, self._session = b"", 0, ""
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self._ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self._ask("Page.enable")
        theme = {"name": "prefers-color-scheme", "value": "dark" if self._dark else "light"}
        self._ask("Emulation.setEmulatedMedia", features=[theme])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError, EOFError, TimeoutError):
            self._session = ""
            self._ask("Browser.close")
        for one in (self._read, self._write):
            os.close(one)
        try:
            self._process.wait(FAREWELL)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._folder.cleanup()

    def open(
        self, url: str, width: int, height: int = 900, *, scale: float = 1, phone: bool = False
    ) -> None:
        """Show an address in a window of that many CSS pixels, with all its pictures."""
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=phone,
        )
        self._events.clear()
        failure = self._ask("Page.navigate", url=url).get("errorText")
        if failure:
            raise OSError(f"{url}: {failure}")
        self._wait_for("Page.loadEventFired")
        self.evaluate(_READY)

    def evaluate(self, expression: str) -> Any:
        """What JavaScript's expression comes to; promises are awaited."""
        answer = self._ask(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:400])
        return answer["result"].get("value")

    def picture(self) -> Image.Image:
        """The whole page, RGB, however high it is."""
        size = self._ask("Page.getLayoutMetrics")["cssLayoutViewport"]
        width = size["clientWidth"]
        height = int(self.evaluate("document.documentElement.scrollHeight"))
        parts = []
        for top in range(0, height, HIGHEST):
            clip = {"x": 0, "y": top, "width": width, "height": min(HIGHEST, height - top)}
            data = self._ask(
                "Page.captureScreenshot", clip=clip | {"scale": 1}, captureBeyondViewport=True
            )["data"]
            parts.append(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))
        made = Image.new("RGB", (parts[0].width, sum(one.height for one in parts)))
        top = 0
        for one in parts:
            made.paste(one, (0, top))
            top += one.height
        return made

    def _ask(self, method: str, **values: Any) -> dict[str, Any]:
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": values}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._write, data) :]
        while True:
            answer = self._next()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                result: dict[str, Any] = answer["result"]
                return result
            self._events.append(answer.get("method"))

    def _wait_for(self, event: str) -> None:
        while event not in self._events:
            self._events.append(self._next().get("method"))
        self._events.clear()

    def _next(self) -> dict[str, Any]:
        """The next message of the browser."""
        while b"\0" not in self._rest:
            if not select.select([self._read], [], [], PATIENCE)[0]:
                raise TimeoutError(f"Chromium has said nothing for {PATIENCE} seconds.")
            part = os.read(self._read, 1 << 16)
            if not part:
                raise EOFError("Chromium has ended.")
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer


def _high(pair: tuple[int, int]) -> tuple[int, int]:
    """The same pipe with numbers from 10 on, so that 3 and 4 are free in the browser."""
    made = tuple(fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, 10) for one in pair)
    for one in pair:
        os.close(one)
    return made[0], made[1]
