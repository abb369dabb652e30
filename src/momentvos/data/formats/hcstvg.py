"""HC-STVG on disk, versions 1 and 2: sentences about a person in clips of 20 s from films.

    {train,test}.json, or {trainv2,valv2}.json    {"<video>.mp4": {"bbox": [[x, y, w, h], ...],
                                                  "st_frame": 268, "img_num": 600, "caption"
                                                  (v1) or "English" (v2): text}}
    video/<part>/<video>.mp4, or video/<video>.mp4

Frames lie evenly on 20 s. ``st_frame`` is used as a number from 0 on, as TubeDETR and all who
report with its program do, though the authors count from 1.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from momentvos.data.formats.entry import BrokenEntry, Entry, Report, load, refuse
from momentvos.data.formats.tube_samples import Box, TubeSample, check_tube, tube_fields
from momentvos.data.formats.video_samples import VideoFiles
from momentvos.data.sample import Target

SECONDS = 20.0


def read(root: Path, split: str = "test", report: Report = refuse) -> list[TubeSample]:
    """Read every sentence of a split ("test" of v1, "val" of v2 is in valv2.json).

    Raises DataError, or passes broken entries to `report`.
    """
    return _read(root, root / f"{split}.json", report)


def read_v2(root: Path, split: str = "val", report: Report = refuse) -> list[TubeSample]:
    """The same of version 2."""
    return _read(root, root / f"{split}v2.json", report)


def _read(root: Path, index: Path, report: Report) -> list[TubeSample]:
    files = VideoFiles(root, ("video", "videos"), deep=True)
    samples: list[TubeSample] = []
    for video, entry in load(index).items():
        try:
            samples.append(_sample(files, Entry(index, entry.key, video).name(), entry))
        except BrokenEntry as broken:
            report(broken)
    return samples


def _sample(files: VideoFiles, name: str, entry: Entry) -> TubeSample:
    video = name.removesuffix(".mp4")
    length, first = entry["img_num"].whole(), entry["st_frame"].whole()
    tube = tuple(_box(one) for one in entry["bbox"].each())
    if not tube:
        raise entry["bbox"].broken("is empty")
    moment = check_tube(range(max(length, 0)), first, first + len(tube) - 1, entry)
    text = entry.get("English") or entry["caption"]
    made: Any = tube_fields(
        files.path(video),
        (video, "0"),
        (text.text(), ""),
        range(length),
        length / SECONDS,
        Target("0", moment),
    )
    return TubeSample(**made, first=first, tube=tube)


def _box(entry: Entry) -> Box:
    """[x, y, width, height]. Raises BrokenEntry."""
    values = [one.number() for one in entry.each()]
    if len(values) != 4 or min(values[2:]) < 0:
        raise entry.broken("is no box [x, y, width, height]")
    left, top, width, height = values
    return left, top, left + width, top + height
