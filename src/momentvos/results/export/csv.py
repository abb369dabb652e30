"""A table: one row per moment, or one per frame.

Text that a spreadsheet would take for a formula gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentvos.results.export.boxes import box_of
from momentvos.results.export.footage import footage
from momentvos.results.export.names import by_video
from momentvos.results.export.text_file import write_text

if TYPE_CHECKING:
    from momentvos.results.export.exporter import Options
    from momentvos.results.prediction import Prediction

_MOMENTS = (
    *("video", "sentence", "found", "presence", "moment", "first_frame", "last_frame"),
    *("start_seconds", "end_seconds", "fps", "frames", "model", "in_domain", "path"),
)
_FRAMES = (
    *("video", "sentence", "frame", "seconds", "in_moment", "relevance", "score", "area"),
    *("x", "y", "width", "height"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(predictions: Sequence[Prediction], out: Path, options: Options) -> tuple[str, ...]:
    """Write the table; returns notes."""
    from momentvos.results.export.entries import CSV

    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    notes: tuple[str, ...] = ()
    frames = CSV.choice("rows", options) == "frames"
    table.writerow(_FRAMES if frames else _MOMENTS)
    for group in by_video(predictions):
        times: Sequence[float] = ()
        if frames:
            clip = footage(group.first, options)
            times, notes = clip.times, (*notes, *clip.notes)
        for one in group.predictions:
            rows = _by_frame(group.name, one, times) if frames else _by_moment(group.name, one)
            table.writerows([cell(value) for value in row] for row in rows)
    write_text(out, text.getvalue())
    return notes


def _by_moment(video: str, one: Prediction) -> Iterator[tuple[Any, ...]]:
    """A row per span; one without numbers where there is none."""
    facts = one.video
    head = (video, one.sentence, one.found, one.presence)
    tail = (facts.fps, facts.length, one.model, one.in_domain, facts.path)
    if not one.moment:
        yield (*head, None, None, None, None, None, *tail)
    pairs = zip(one.moment.spans, one.seconds, strict=True)
    for number, ((first, last), (start, end)) in enumerate(pairs, start=1):
        yield (*head, number, first, last, start, end, *tail)


def _by_frame(video: str, one: Prediction, times: Sequence[float]) -> Iterator[tuple[Any, ...]]:
    flags, areas = one.moment.flags(one.video.length), one.masklet.areas
    for frame, inside in enumerate(flags):
        box = box_of(one.masklet, frame) or (None,) * 4
        figures = (one.relevance[frame], one.scores[frame], areas.get(frame, 0))
        yield (video, one.sentence, frame, round(times[frame], 6), inside, *figures, *box)


def cell(value: Any) -> Any:
    """A value as spreadsheets take it: no text is a formula."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
