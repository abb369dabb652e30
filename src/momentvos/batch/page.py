"""``index.html`` of a batch: every answer as a card; it needs nothing but the folder it lies in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from momentvos.batch.query import RESULTS, THUMBNAILS
from momentvos.batch.record import Answer
from momentvos.json_text import to_text

_TEMPLATE = Path(__file__).with_name("page.html")
_LONGEST = 300
"""Characters of a name, a sentence or an error on a card."""
_SPANS = 60
"""Most spans that a bar shows."""


def render(rows: Sequence[Answer], files: Sequence[str] = ("prediction.json",)) -> str:
    """The whole document; the rows are in it as JSON, the thumbnails are files beside it.

    files: of an answer's folder, to be linked: "overlay" and "prediction.json".
    """
    videos = len({row.id for row in rows})
    sentences = list(dict.fromkeys(row.sentence for row in rows))
    title = f"{_count(videos, 'video')}, {_count(len(sentences), 'sentence')}"
    numbers = {sentence: number for number, sentence in enumerate(sentences)}
    data = {
        "sentences": [_short(one) for one in sentences],
        "rows": [_row(row, numbers[row.sentence]) for row in rows],
        "files": list(files),
    }
    models = sorted({f"{row.model} ({row.method})" for row in rows if row.model})
    latest = max((row.at for row in rows), default="")
    facts = [*models[:3], *([_day(latest)] if latest else [])]
    text = to_text(data, separators=(",", ":"))
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    page = _TEMPLATE.read_text(encoding="utf-8")
    page = page.replace("{{title}}", escape(title)).replace("{{facts}}", escape(" · ".join(facts)))
    return page.replace("{{data}}", text)


def _row(row: Answer, sentence: int) -> list[Any]:
    """Values of a card in the order that the page's script reads them."""
    return [
        _short(row.video),
        sentence,
        _kind(row),
        row.presence,
        row.duration,
        [[round(start, 2), round(end, 2)] for start, end in row.seconds[:_SPANS]],
        _below(row.thumbnail, THUMBNAILS),
        _below(row.folder, RESULTS),
        _short(row.error or ""),
        row.length,
    ]


def _kind(row: Answer) -> str:
    if row.status == "not_found" and row.in_domain is False:
        return "cannot_tell"
    return row.status


def _below(path: str | None, folder: str) -> str | None:
    """A path without its first folder; None for another one's, which no link may lead to."""
    parts = [] if path is None else path.split("/")
    if len(parts) != 3 or parts[0] != folder or ".." in parts:
        return None
    return "/".join(parts[1:])


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _day(at: str) -> str:
    try:
        return f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return at[:40]
