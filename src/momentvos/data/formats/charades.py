"""Charades-STA on disk: sentences about moments of videos of daily life.

    charades_sta_{train,test}.txt     lines: video start end##sentence
    Charades_v1_{train,test}.csv      columns "id" and "length" (seconds)
    Charades_v1_480/<video>.mp4       or Charades_v1, or videos

Many moments end after their video: they are clamped to it, and the few that are then empty are left
out. A sentence's number is its index among those of its video.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from pathlib import Path

from momentvos.data.formats.entry import BrokenEntry, Entry, Report, read_text, refuse
from momentvos.data.formats.video_samples import (
    VideoFiles,
    VideoSample,
    clamped,
    video_sample_fields,
)

FPS = 2.0
_LINE = re.compile(r"(\S+) (\S+) (\S+?)\s?##(.+)")
_FOLDERS = ("Charades_v1_480", "Charades_v1", "videos")


def read(root: Path, split: str = "test", report: Report = refuse) -> list[VideoSample]:
    """Read every sentence of a split. Raises DataError, or passes broken entries to `report`."""
    path = root / f"charades_sta_{split}.txt"
    table = root / f"Charades_v1_{split}.csv"
    lengths = _lengths(table, report)
    files = VideoFiles(root, _FOLDERS)
    samples: list[VideoSample] = []
    numbers: Counter[str] = Counter()
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        place = Entry(path, f"line {number}", line)
        try:
            video, span, sentence = _parse(place)
            if video not in lengths:
                raise place.broken(f"is about {video}, which is not in {table.name}")
            expression = str(numbers[video])
            numbers[video] += 1
            span, note = clamped(span, lengths[video], place)
        except BrokenEntry as broken:
            report(broken)
            continue
        if note is not None:
            report(note)
        about = files.path(video), (video, expression), sentence
        samples.append(VideoSample(**video_sample_fields(*about, [span], lengths[video], FPS)))
    return samples


def _parse(place: Entry) -> tuple[str, tuple[float, float], str]:
    match = _LINE.fullmatch(place.value.strip())
    if match is None:
        raise place.broken("is not of the form: video start end##sentence")
    try:
        start, end = float(match[2]), float(match[3])
    except ValueError:
        start = end = math.nan
    if not (math.isfinite(start) and math.isfinite(end)):
        raise place.broken("has no two numbers of seconds")
    return Entry(place.path, place.key, match[1]).name(), (start, end), match[4]


def _lengths(path: Path, report: Report) -> dict[str, float]:
    rows = csv.DictReader(io.StringIO(read_text(path), newline=""))
    try:
        table = [(rows.line_num, row) for row in rows]
    except csv.Error as error:
        raise BrokenEntry(path, f"line {rows.line_num}", f"is no CSV ({error})") from None
    if not {"id", "length"} <= set(rows.fieldnames or ()):
        raise BrokenEntry(path, "line 1", "has no columns 'id' and 'length'")
    durations: dict[str, float] = {}
    for number, row in table:
        place = Entry(path, f"line {number}", row)
        try:
            seconds = float(row["length"] or "")
        except ValueError:
            seconds = math.nan
        if not 0 < seconds < math.inf:
            report(place.broken(f"has the length '{row['length']}', which is no duration"))
        elif row["id"] in durations:
            report(place.broken(f"is about {row['id']}, which is there more than once"))
        else:
            durations[row["id"]] = seconds
    return durations
