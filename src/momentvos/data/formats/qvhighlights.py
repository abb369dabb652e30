"""QVHighlights on disk: sentences about moments of videos, several windows each.

    highlight_{train,val}_release.jsonl, highlight_test_with_gt.jsonl or _test_release.jsonl
        {"qid", "query", "vid", "duration", "relevant_windows": [[start, end], ...],
         "relevant_clip_ids": [...], "saliency_scores": [[0..4 of three people], ...]}
    videos/<vid>.mp4

A frame of the grid is one of its clips of two seconds. ``_test_release`` has no ground truth.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from momentvos.data.formats.activitynet import pair
from momentvos.data.formats.entry import BrokenEntry, Entry, Report, load_lines, refuse
from momentvos.data.formats.video_samples import (
    VideoFiles,
    VideoSample,
    clamped,
    positive,
    video_sample_fields,
)

FPS = 0.5


@dataclass(frozen=True)
class HighlightSample(VideoSample):
    """saliency: per relevant clip its number and the scores, 0 to 4, of three annotators."""

    saliency: tuple[tuple[int, tuple[int, ...]], ...] = field(default=(), repr=False, kw_only=True)


def read(root: Path, split: str = "val", report: Report = refuse) -> list[HighlightSample]:
    """Read every sentence of a split. Raises DataError, or passes broken entries to `report`."""
    path = root / f"highlight_{split}_release.jsonl"
    if split == "test" and (known := root / "highlight_test_with_gt.jsonl").exists():
        path = known
    files = VideoFiles(root, ("videos",))
    seen: set[str] = set()
    samples: list[HighlightSample] = []
    for entry in load_lines(path, report):
        try:
            samples.append(_sample(files, entry, seen, report))
        except BrokenEntry as broken:
            report(broken)
    return samples


def _sample(files: VideoFiles, entry: Entry, seen: set[str], report: Report) -> HighlightSample:
    number, video = entry["qid"].name(), entry["vid"].name()
    if number in seen:
        raise entry["qid"].broken(f"is {number}, which is there more than once")
    seen.add(number)
    duration, sentence = positive(entry["duration"]), entry["query"].text()
    windows = entry.get("relevant_windows")
    spans = None
    if windows is not None:
        spans = []
        for one in windows.each():
            span, note = clamped(pair(one), duration, one, lenient=False)
            spans.append(span)
            if note is not None:
                report(note)
    made = video_sample_fields(files.path(video), (video, number), sentence, spans, duration, FPS)
    return HighlightSample(**made, saliency=_saliency(entry))


def _saliency(entry: Entry) -> tuple[tuple[int, tuple[int, ...]], ...]:
    clips, scores = entry.get("relevant_clip_ids"), entry.get("saliency_scores")
    if clips is None or scores is None:
        return ()
    numbers = [one.whole() for one in clips.each()]
    marks = [tuple(mark.whole() for mark in one.each()) for one in scores.each()]
    if len(numbers) != len(marks):
        raise scores.broken(f"has {len(marks)} entries for {len(numbers)} clips")
    return tuple(zip(numbers, marks, strict=True))
