"""Indices of frames, and a table of spans."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Any

from momentvos.json_text import to_text
from momentvos.moment import Moment
from momentvos.results.export.csv import cell
from momentvos.studio.snapshot import Film, Result, Snapshot

_COLUMNS = (
    *("video", "expression", "sentence", "object", "state", "annotators", "agreement"),
    *("span", "first_frame", "last_frame", "start_seconds", "end_seconds", "reason"),
)


def frames(snapshot: Snapshot) -> str:
    """``{video: {expression: {"exp", "frames": [...], "objects": {object: [...]}}}}`` as JSON.

    frames: those in which the sentence holds for any object, counted from 0.
    """
    made: dict[str, Any] = {
        film.name: {
            one.name: {
                "exp": one.sentence,
                "frames": reduce(or_, one.moments.values(), Moment.empty()).frames(),
                "objects": {name: m.frames() for name, m in one.moments.items() if name},
            }
            for one in film.results
            if not one.unusable
        }
        for film in snapshot.films
    }
    return to_text(made, ensure_ascii=False)


def spans(snapshot: Snapshot) -> str:
    """A CSV with a row a span; objects without spans, and unusable ones, have one too."""
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_COLUMNS)
    for film in snapshot.films:
        for result in film.results:
            table.writerows([cell(one) for one in row] for row in _rows(film, result))
    return text.getvalue()


def _rows(film: Film, result: Result) -> Iterator[tuple[Any, ...]]:
    answer = result.answer
    state = "imported" if answer is None else answer.state
    who = ";".join(one or "adjudication" for one in result.authors)
    agreement = None if result.agreement is None else round(result.agreement, 6)
    head = (film.name, result.name, result.sentence)
    reason = answer.reason if answer else ""
    times, durations = clock(film)
    for name, moment in result.moments.items() or [("", Moment.empty())]:
        about = (*head, name, state, who, agreement)
        if not moment or result.unusable:
            yield (*about, None, None, None, None, None, reason)
            continue
        seconds = moment.seconds(times, durations)
        pairs = zip(moment.spans, seconds, strict=True)
        for number, ((first, last), (start, end)) in enumerate(pairs, start=1):
            yield (*about, number, first, last, round(start, 6), round(end, 6), reason)


def clock(film: Film) -> tuple[list[float], list[float]]:
    """Start and duration of each frame in seconds."""
    if "times" in film.place:
        return film.place["times"], film.place["durations"]
    step = 1 / film.fps
    return [frame * step for frame in range(film.masks.frames)], [step] * film.masks.frames
