"""Trace: the pictures that models were shown and what they said, for people to see why."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from momentvos.errors import OutputError
from momentvos.results.journal import NO_JOURNAL, Journal

INDEX = "index.html"
Picture = tuple[str, NDArray[np.uint8]]
"""A caption and RGB, uint8 [H, W, 3]."""
_HEAD = """<!doctype html><html lang="en"><meta charset="utf-8"><title>MomentVOS: trace</title>
<meta name="viewport" content="width=device-width">
<style>
:root{color-scheme:light dark;--line:#8884;--quiet:#777;--asked:#4a90d91c;--said:#3aa65533}
body{font:16px/1.5 system-ui,sans-serif;max-width:76rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{margin:2.5rem 0 .5rem;padding-top:.8rem;border-top:2px solid var(--line)}
.row{display:flex;flex-wrap:wrap;gap:.5rem;margin:.6rem 0}
figure{margin:0}img{display:block;max-height:11.5rem;max-width:100%;border-radius:4px}
figcaption{font-size:.8rem;color:var(--quiet)}
pre{font:inherit;font-size:.9rem;white-space:pre-wrap;overflow-wrap:anywhere;margin:.4rem 0;
padding:.5rem .8rem;border-radius:6px;background:var(--asked)}
pre.answer{background:var(--said);font-weight:600}
pre:before{content:"asked ";color:var(--quiet);font-size:.75rem}pre.answer:before{content:"said "}
table{border-collapse:collapse;margin:.6rem 0}
td,th{text-align:left;padding:.2rem .8rem .2rem 0;border-bottom:1px solid var(--line)}
.question{margin:1rem 0 1.6rem}
</style>
<h1>Why this answer</h1>
"""


class Trace:
    """Writes one entry after the other, so that what was asked is there whatever comes after.

    folder: None keeps nothing.
    journal: where answers are kept that need not be had again when a run is gone on with.
    Raises OutputError where the folder cannot be written, or holds something else.
    """

    def __init__(self, folder: Path | None, journal: Journal = NO_JOURNAL) -> None:
        self.folder, self.journal = folder, journal
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

    @property
    def kept(self) -> bool:
        """Whether anything is kept, and thus worth drawing."""
        return self.folder is not None

    def heading(self, text: str) -> None:
        """Begin a chapter."""
        self._write(f"<h2>{html.escape(text)}</h2>\n")

    def text(self, text: str) -> None:
        """Write a paragraph."""
        self._write(f"<p>{html.escape(text)}</p>\n")

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Write a table of plain text."""
        cells = [
            "<tr>" + "".join(f"<{kind}>{html.escape(cell)}</{kind}>" for cell in row) + "</tr>"
            for kind, row in (("th", head), *(("td", row) for row in rows))
        ]
        self._write(f"<table>{''.join(cells)}</table>\n")

    def pictures(self, pictures: Sequence[Picture]) -> None:
        """Show pictures in a row, each above its caption."""
        if self.kept:
            self._write(self._row(pictures) + "\n")

    def asked(self, parts: Sequence[str | NDArray[np.uint8]], answer: str) -> None:
        """Keep a question of texts and pictures in order, and its answer.

        A text of one line before a picture is its caption.
        """
        if not self.kept:
            return
        shown, row, caption = [], list[Picture](), ""
        for place, part in enumerate(parts):
            if not isinstance(part, str):
                row.append((caption.strip().rstrip(":"), part))
                caption = ""
                continue
            following = parts[place + 1] if place + 1 < len(parts) else ""
            if "\n" not in part.strip() and not isinstance(following, str):
                caption = part
                continue
            if row:
                shown.append(self._row(row))
                row = []
            shown.append(f"<pre>{html.escape(part)}</pre>")
        if row:
            shown.append(self._row(row))
        said = f'<pre class="answer">{html.escape(answer)}</pre>'
        self._write(f'<div class="question">{"".join(shown)}{said}</div>\n')

    def _row(self, pictures: Sequence[Picture]) -> str:
        return f'<div class="row">{"".join(self._picture(*one) for one in pictures)}</div>'

    def _picture(self, caption: str, rgb: NDArray[np.uint8]) -> str:
        from PIL import Image

        assert self.folder is not None
        self._pictures += 1
        name = f"picture_{self._pictures:04}.jpg"
        try:
            Image.fromarray(rgb).save(self.folder / name, quality=90)
        except OSError as error:
            raise self._failure(error) from None
        said = html.escape(caption, quote=True)
        below = f"<figcaption>{said}</figcaption>" if said else ""
        return f'<figure><img src="{name}" alt="{said}" loading="lazy">{below}</figure>'

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
