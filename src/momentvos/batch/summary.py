"""A batch in figures, and its files for people: ``index.html`` and ``summary.csv``."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from momentvos.batch.inputs import natural
from momentvos.batch.manifest import PAGE, TABLE, Manifest
from momentvos.batch.page import render
from momentvos.batch.query import Query
from momentvos.batch.record import STATUSES, Answer
from momentvos.results.exclusive import alone
from momentvos.results.text_file import save_bytes, save_text

COLUMNS = (
    *("id", "video", "sentence", "status", "presence", "start", "end", "moments"),
    *("length", "fps", "duration", "elapsed", "folder", "error"),
)
"""Of ``summary.csv``. start, end: of the first span in seconds; moments: all of them."""


@dataclass(frozen=True)
class Summary:
    """Where a batch stands.

    Attributes:
        questions: that were asked for; found, not_found, failed: what became of them.
        missing: those without an answer yet, of other shards or since the run was ended.
        now: questions answered by this process; frames, seconds: of their videos, and taken.
        sentences: found, not_found and failed of each sentence.
        failures: video and error of what failed.
    """

    videos: int
    questions: int
    found: int
    not_found: int
    failed: int
    missing: int
    now: int
    frames: int
    seconds: float
    sentences: dict[str, dict[str, int]]
    failures: list[tuple[str, str]]

    @property
    def frames_per_second(self) -> float:
        return self.frames / self.seconds if self.seconds else 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dumps`."""
        return asdict(self) | {"frames_per_second": round(self.frames_per_second, 2)}


def conclude(
    manifest: Manifest,
    queries: Sequence[Query],
    seconds: float,
    now: Sequence[Answer],
    files: Sequence[str],
) -> Summary:
    """Write the page and the table of all that the folder's manifests hold.

    now: what this process has answered, in so many seconds. files: of an answer's folder, for the
    page to link. Raises OutputError.
    """
    with alone(manifest.folder, "conclude"):
        rows = manifest.read()
        order = sorted(rows.values(), key=lambda row: (natural(row.video), row.id))
        save_bytes(manifest.folder / TABLE, table(order).encode("utf-8", "replace"))
        save_text(manifest.folder / PAGE, render(order, files))
    asked = [rows.get(ask.key) for query in queries for ask in query.asks]
    answered = [row for row in asked if row is not None]
    counts = Counter(row.status for row in answered)
    sentences: dict[str, dict[str, int]] = {}
    for row in answered:
        cells = sentences.setdefault(row.sentence, dict.fromkeys(STATUSES, 0))
        cells[row.status] += 1
    lengths = {row.video: row.length or 0 for row in now}
    return Summary(
        videos=len(queries),
        questions=len(asked),
        found=counts["found"],
        not_found=counts["not_found"],
        failed=counts["failed"],
        missing=len(asked) - len(answered),
        now=len(now),
        frames=sum(lengths.values()),
        seconds=round(seconds, 3),
        sentences=sentences,
        failures=[(row.video, row.error or "") for row in answered if row.failed],
    )


def table(rows: Iterable[Answer]) -> str:
    """The answers as CSV."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for row in rows:
        first = row.seconds[0] if row.seconds else (None, None)
        spans = ";".join(f"{start:.3f}-{end:.3f}" for start, end in row.seconds)
        known = {"start": first[0], "end": first[1], "moments": spans}
        writer.writerow(
            known[name] if name in known else getattr(row, name, None) for name in COLUMNS
        )
    return file.getvalue()
