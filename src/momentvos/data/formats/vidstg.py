"""VidSTG on disk: statements and questions about objects of VidOR's videos.

    annotations/{train,val,test}_annotations.json    [{"vid", "frame_count", "fps", "used_segment":
        {"begin_fid", "end_fid"}, "temporal_gt": {"begin_fid", "end_fid"}, "captions":
        [{"description", "target_id"}], "questions": [...]}]; or at the root
    {training,validation}/<group>/<video>.json       VidOR's annotations, with every box
    video/<group>/<video>.mp4

The model is given the used segment. Of a moment the last number does not belong to it, as in
TubeDETR's program. A sentence's kind is "declarative" or "interrogative".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from momentvos.data.formats.entry import BrokenEntry, Entry, Report, gather, load, refuse
from momentvos.data.formats.tube_samples import Box, TubeSample, check_tube, tube_fields
from momentvos.data.formats.video_samples import VideoFiles
from momentvos.data.sample import Target

FORMS = {"captions": "declarative", "questions": "interrogative"}


@dataclass(frozen=True)
class VidorSample(TubeSample):
    """Its boxes are read from VidOR's file on first use. count: of boxes."""

    annotation: Path = field(kw_only=True)
    count: int = field(kw_only=True)

    def boxes(self) -> Sequence[Box]:
        """Raises DataError where a frame of the moment has no box of the target."""
        every = _trajectories(self.annotation)
        return [_box(every, number, self.targets[0].id)
                for number in range(self.first, self.first + self.count)]  # fmt: skip


def read(root: Path, split: str = "test", report: Report = refuse) -> list[VidorSample]:
    """Read every sentence of a split. Raises DataError, or passes broken entries to `report`."""
    folder = root / "annotations"
    index = (folder if folder.is_dir() else root) / f"{split}_annotations.json"
    vidor = root / ("validation" if split == "test" else "training")
    files = VideoFiles(root, ("video", "videos"), deep=True)
    known = {path.stem: path for path in sorted(vidor.glob("*/*.json"))}
    annotations = enumerate(load(index).each())
    return gather(annotations, lambda item: _annotation(files, known, vidor, *item, report), report)


def _annotation(
    files: VideoFiles,
    known: dict[str, Path],
    vidor: Path,
    number: int,
    entry: Entry,
    report: Report,
) -> Iterator[VidorSample]:
    video, fps = entry["vid"].name(), entry["fps"].number()
    if fps <= 0:
        raise entry["fps"].broken(f"is {fps:g}, which is no rate")
    begin, end = _pair(entry["used_segment"])
    first, stop = _pair(entry["temporal_gt"])
    moment = check_tube(range(begin, end + 1), first, stop - 1, entry["temporal_gt"])
    for form, kind in FORMS.items():
        for place, one in enumerate(entry[form].each()):
            try:
                made: Any = tube_fields(
                    files.path(video),
                    (f"{video}_{begin}_{end}", f"{number}-{kind[0]}{place}"),
                    (one["description"].text(), kind),
                    range(begin, end + 1),
                    fps,
                    Target(str(one["target_id"].whole()), moment),
                )
                path = known.get(video, vidor / f"{video}.json")
                yield VidorSample(**made, first=first, annotation=path, count=stop - first)
            except BrokenEntry as broken:
                report(broken)


def _pair(entry: Entry) -> tuple[int, int]:
    begin, end = entry["begin_fid"].whole(), entry["end_fid"].whole()
    if not 0 <= begin < end:
        raise entry.broken(f"runs from frame {begin} to {end}, which is no span")
    return begin, end


@lru_cache(maxsize=8)
def _trajectories(path: Path) -> Entry:
    return load(path)["trajectories"]


def _box(every: Entry, number: int, target: str) -> Box:
    frames = every.list()
    if number < len(frames):
        for one in Entry(every.path, f"{every.key}/{number}", frames[number]).each():
            if str(one["tid"].whole()) == target:
                left, top, right, bottom = (
                    one["bbox"][side].number() for side in ("xmin", "ymin", "xmax", "ymax")
                )
                return left, top, right, bottom
    raise every.broken(f"has no box of object {target} in frame {number}")
