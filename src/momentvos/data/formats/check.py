"""Integrity check of a data set on disk: inventory, and all missing or broken files and entries."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from momentvos.data.formats import pictures
from momentvos.data.formats.catalogue import Dataset, Published
from momentvos.data.formats.entry import BrokenEntry
from momentvos.data.formats.frame_samples import FrameSample, LabelSample, RLESample
from momentvos.data.formats.refsav import SavSample
from momentvos.data.formats.tube_samples import TubeSample
from momentvos.data.formats.video_samples import VideoSample
from momentvos.data.sample import Sample
from momentvos.errors import MomentVOSError

SLACK = 2.0
"""Seconds by which a video's length may differ from what the data set says."""

Progress = Callable[[str, int, int], None]


@dataclass
class Faults:
    """Messages about faults, grouped where they differ in numbers and names only."""

    groups: dict[str, list[str]] = field(default_factory=dict)

    def add(self, error: MomentVOSError) -> None:
        why = error.why if isinstance(error, BrokenEntry) else str(error)
        alike = re.sub(r"'[^']*'|\S*/\S*|\S*\d\S*", "#", why)
        self.groups.setdefault(alike, []).append(str(error))

    def __len__(self) -> int:
        return sum(map(len, self.groups.values()))


@dataclass
class SplitCheck:
    """Inventory and faults of a split.

    present: whether its index exists. files: frames or videos. masks: non-empty ones.
    """

    split: str
    published: Published
    present: bool = True
    videos: int = 0
    sentences: int = 0
    files: int = 0
    masks: int = 0
    moments: int = 0
    broken: Faults = field(default_factory=Faults)
    notes: Faults = field(default_factory=Faults)

    def report(self, broken: BrokenEntry) -> None:
        (self.notes if broken.note else self.broken).add(broken)

    @contextmanager
    def catching(self) -> Iterator[None]:
        """Record an error of the block and go on."""
        try:
            yield
        except MomentVOSError as error:
            self.broken.add(error)


def check(
    dataset: Dataset,
    root: Path,
    splits: Iterable[str],
    deep: bool = False,
    progress: Progress | None = None,
) -> Iterator[SplitCheck]:
    """Check the splits, one after the other.

    Frames and label pictures must exist; of each video the first is opened and compared in size.
    Every run length and polygon is checked. deep: every frame and label picture is decoded, every
    video file opened. Raises DataError where `root` is no folder.
    """
    for split in splits:
        result = SplitCheck(split, dataset.splits[split])
        try:
            samples = dataset.open(root, split, result.report)
        except BrokenEntry as broken:
            result.present = broken.path.exists()
            result.broken.add(broken)
            yield result
            continue
        result.sentences = len(samples)
        result.moments = sum(one.timed and bool(one.targets) for one in samples)
        ordered = sorted(samples, key=lambda one: one.video_id)
        videos = [list(group) for _, group in groupby(ordered, lambda one: one.video_id)]
        result.videos = len(videos)
        for number, group in enumerate(videos, start=1):
            _video(group, result, deep)
            if progress is not None:
                progress(split, number, len(videos))
        yield result


def _video(group: list[Sample], result: SplitCheck, deep: bool) -> None:
    first = group[0]
    if isinstance(first, FrameSample):
        _frames(first, result, deep)
    elif isinstance(first, VideoSample | SavSample):
        _video_file(first, result, deep)
    seen: set[str] = set()
    for sample in group:
        fresh = [k for k, target in enumerate(sample.targets) if target.id not in seen]
        seen.update(target.id for target in sample.targets)
        if not sample.annotated or not fresh:
            continue
        if isinstance(sample, RLESample):
            _runs(sample, fresh, result)
        elif isinstance(sample, LabelSample):
            _labels(sample, result, deep and sample is first)
        elif deep or not isinstance(sample, SavSample):
            _rasterised(sample, result)


def _frames(sample: FrameSample, result: SplitCheck, deep: bool) -> None:
    present = _existing(sample.images, "frames", result)
    result.files += len(present)
    for index in present if deep else present[:1]:
        with result.catching():
            path = sample.images[index]
            size = pictures.rgb(path).shape[:2] if deep else pictures.size(path)
            if size != sample.size:
                raise BrokenEntry(
                    path,
                    "",
                    f"is a frame of {size[1]} x {size[0]} pixels, its masks have "
                    f"{sample.size[1]} x {sample.size[0]}",
                )


def _video_file(sample: VideoSample | SavSample, result: SplitCheck, deep: bool) -> None:
    assert sample.path is not None
    with result.catching():
        if not sample.path.exists():
            raise BrokenEntry(sample.path, "", "is missing")
        if isinstance(sample, SavSample) and not sample.annotation.exists():
            raise BrokenEntry(sample.annotation, "", "is missing")
        result.files += 1
        if deep and isinstance(sample, SavSample | TubeSample):
            sample.frames([sample.length - 1])
        elif deep and isinstance(sample, VideoSample):
            lasts = sample.video().duration
            if abs(lasts - sample.duration) > SLACK:
                why = f"lasts {lasts:.1f} s, the data set says {sample.duration:.1f} s"
                result.report(BrokenEntry(sample.path, "", why, note=True))


def _runs(sample: RLESample, places: list[int], result: SplitCheck) -> None:
    with result.catching():
        rows = sample.rows()
        for place in places:
            for index in range(sample.length):
                with result.catching():
                    result.masks += sample.has_mask(rows[place], index)


def _labels(sample: LabelSample, result: SplitCheck, deep: bool) -> None:
    present = _existing(sample.labels, "masks", result)
    for index in present if deep else present[:1]:
        with result.catching():
            sample.masks([index])
    result.masks += len(present)


def _rasterised(sample: Sample, result: SplitCheck) -> None:
    with result.catching():
        for index in range(sample.length):
            result.masks += int(sample.masks([index]).any())


def _existing(paths: tuple[Path, ...], what: str, result: SplitCheck) -> list[int]:
    """Indices of the files that exist; files of one folder are looked up together."""
    present: list[int] = []
    for folder, group in groupby(enumerate(paths), lambda one: one[1].parent):
        files = list(group)
        try:
            listed = folder.iterdir() if len(files) > 1 else [p for _, p in files if p.exists()]
            names = {one.name for one in listed}
        except OSError:
            names = set()
        missing = [path.name for _, path in files if path.name not in names]
        present += [place for place, path in files if path.name in names]
        if missing:
            why = f"lacks {len(missing)} of {len(files)} {what}, the first is {missing[0]}"
            result.report(BrokenEntry(folder, "", why))
    return present
