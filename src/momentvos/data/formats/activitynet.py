"""ActivityNet Captions on disk: sentences about moments of videos from YouTube.

    {train,val_1,val_2}.json   {"v_...": {"duration": seconds, "timestamps": [[start, end], ...],
                               "sentences": [...]}}
    videos/<video>.mp4         or another container; also v1-2, v1-3, Activity_Videos

val_1 and val_2 are two annotations of the same videos. Moments are clamped to the video, and the
few that are then empty are left out. A sentence's number is its index in the list.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from momentvos.data.formats.entry import BrokenEntry, Entry, Report, gather, load, refuse
from momentvos.data.formats.video_samples import (
    VideoFiles,
    VideoSample,
    clamped,
    positive,
    video_sample_fields,
)

FPS = 1.0
_FOLDERS = ("videos", "Activity_Videos", "v1-3", "v1-2")


def read(root: Path, split: str = "val_2", report: Report = refuse) -> list[VideoSample]:
    """Read every sentence of a split. Raises DataError, or passes broken entries to `report`."""
    files = VideoFiles(root, _FOLDERS)
    videos = load(root / f"{split}.json").items()
    return gather(videos, lambda item: _video(files, *item, report), report)


def _video(files: VideoFiles, video: str, entry: Entry, report: Report) -> Iterator[VideoSample]:
    path = files.path(Entry(entry.path, entry.key, video).name())
    duration = positive(entry["duration"])
    times, sentences = list(entry["timestamps"].each()), list(entry["sentences"].each())
    if len(times) != len(sentences):
        raise entry.broken(f"has {len(sentences)} sentences and {len(times)} timestamps")
    for number, (time, sentence) in enumerate(zip(times, sentences, strict=True)):
        try:
            span, note = clamped(pair(time), duration, time)
            text = sentence.text().strip()
        except BrokenEntry as broken:
            report(broken)
            continue
        if note is not None:
            report(note)
        yield VideoSample(
            **video_sample_fields(path, (video, str(number)), text, [span], duration, FPS)
        )


def pair(entry: Entry) -> tuple[float, float]:
    """[start, end] in seconds. Raises BrokenEntry."""
    values = [one.number() for one in entry.each()]
    if len(values) != 2:
        raise entry.broken("is not a pair [start, end]")
    return values[0], values[1]
