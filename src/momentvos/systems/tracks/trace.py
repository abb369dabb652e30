"""Trace: the pictures that models were shown and what they said, for people to see why."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from momentvos.errors import OutputError

INDEX = "index.html"
_HEAD = """<!doctype html><meta charset="utf-8"><title>MomentVOS: trace</title>
<style>body{font:15px/1.5 sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}
img{max-height:13rem;margin:2px;border:1px solid #ccc}pre{white-space:pre-wrap;background:#f4f4f4;
padding:.6rem}pre.answer{background:#e8f3e8}h2{margin-top:2.5rem}</style>
<h1>What was asked, and what was said</h1>
"""


class Trace:
    """Writes one entry after the other, so that what was asked is there whatever comes after.

    folder: None keeps nothing.
    Raises OutputError where the folder cannot be written, or holds something else.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._pictures = 0
        if folder is None:
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
            index = folder / INDEX
            if any(folder.iterdir()) and not index.is_file():
                raise OutputError(f"'{folder}' holds something else; give --trace a new folder.")
            for earlier in folder.glob("picture_*.jpg"):
                earlier.unlink()
            index.write_text(_HEAD, encoding="utf-8")
        except OSError as error:
            raise OutputError(f"'{folder}' cannot be written: {error.strerror}.") from None

    def heading(self, text: str) -> None:
        """Begin a chapter."""
        self._write(f"<h2>{html.escape(text)}</h2>\n")

    def text(self, text: str) -> None:
        """Write a paragraph."""
        self._write(f"<p>{html.escape(text)}</p>\n")

    def pictures(self, pictures: Sequence[tuple[str, NDArray[np.uint8]]]) -> None:
        """Show pictures, uint8 [H, W, 3], with a word on each."""
        if self.folder is not None:
            self._write("<p>" + "".join(self._picture(*one) for one in pictures) + "</p>\n")

    def asked(self, parts: Sequence[str | NDArray[np.uint8]], answer: str) -> None:
        """Keep a question of texts and pictures in order, and its answer."""
        if self.folder is None:
            return
        shown = [
            f"<pre>{html.escape(part)}</pre>" if isinstance(part, str) else self._picture("", part)
            for part in parts
        ]
        said = f'<pre class="answer">{html.escape(answer)}</pre>\n'
        self._write("<hr>" + "".join(shown) + said)

    def _picture(self, title: str, rgb: NDArray[np.uint8]) -> str:
        from PIL import Image

        assert self.folder is not None
        self._pictures += 1
        name = f"picture_{self._pictures:04}.jpg"
        try:
            Image.fromarray(rgb).save(self.folder / name, quality=88)
        except OSError as error:
            raise self._failure(error) from None
        said = html.escape(title, quote=True)
        return f'<img src="{name}" alt="{said}" title="{said}">'

    def _write(self, text: str) -> None:
        if self.folder is None:
            return
        try:
            with (self.folder / INDEX).open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise self._failure(error) from None

    def _failure(self, error: OSError) -> OutputError:
        return OutputError(f"'{self.folder}' cannot be written: {error.strerror or error}.")
