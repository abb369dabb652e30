"""TimeLens-Bench on disk: Charades, ActivityNet and QVHighlights with sentences corrected by hand.

    {charades,activitynet,qvhighlights}-timelens.json   {video: {"duration": seconds, "spans":
                                                        [[start, end], ...], "queries": [...]}}
    videos/{charades,activitynet,qvhighlights}/<video>.mp4

A query has one span. White space is joined and a full stop at the end left out, as the authors'
loader does. A query with the same words and span of the same video counts once, as in their
program. A sentence's number is its index in the list.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from momentvos.data.formats.activitynet import pair
from momentvos.data.formats.entry import BrokenEntry, Entry, Report, gather, load, refuse
from momentvos.data.formats.video_samples import (
    VideoFiles,
    VideoSample,
    grid,
    positive,
    video_sample_fields,
)
from momentvos.data.sample import Target

FPS = 2.0


def read(
    root: Path, split: str = "test", report: Report = refuse, part: str = "charades"
) -> list[VideoSample]:
    """Read every sentence of a part. Raises DataError, or passes broken entries to `report`."""
    files = VideoFiles(root, (f"videos/{part}", "videos", part))
    videos = load(root / f"{part}-timelens.json").items()
    return gather(videos, lambda item: _video(files, *item, report), report)


def _video(files: VideoFiles, video: str, entry: Entry, report: Report) -> Iterator[VideoSample]:
    path = files.path(Entry(entry.path, entry.key, video).name())
    duration = positive(entry["duration"])
    spans, queries = list(entry["spans"].each()), list(entry["queries"].each())
    if len(spans) != len(queries):
        raise entry.broken(f"has {len(queries)} queries and {len(spans)} spans")
    seen: set[tuple[str, tuple[float, float]]] = set()
    for number, (span, query) in enumerate(zip(spans, queries, strict=True)):
        try:
            start, end = pair(span)
            if not 0 <= start < end:
                raise span.broken(f"is {start:g} to {end:g} s, which is no span")
            text = " ".join(query.text().split()).strip(".").strip()
            if (text, (start, end)) in seen:
                raise query.broken("is there twice with the same span; it counts once", note=True)
            seen.add((text, (start, end)))
        except BrokenEntry as broken:
            report(broken)
            continue
        made = video_sample_fields(path, (video, str(number)), text, None, duration, FPS)
        # Ends beyond the video stay as they are: the authors' program does not clamp them.
        _, moment = grid([(start, end)], duration, FPS)
        made |= {"seconds": ((start, end),), "timed": True, "targets": (Target("", moment),)}
        yield VideoSample(**made)
