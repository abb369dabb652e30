"""Walk a data set on disk: what is there, and everything that is missing or broken."""

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
from momentvos.data.formats.video_samples import VideoSample
from momentvos.data.sample import Sample
from momentvos.errors import MomentVOSError

SLACK = 2.0
"""Seconds by which a video's length may differ from what the data set says."""

Progress = Callable[[str, int, int], None]


@dataclass
class Faults:
    """Sentences about what is wrong; alike ones, that differ in numbers and names, in one group."""

    groups: dict[str, list[str]] = field(default_factory=dict)

    def add(self, error: MomentVOSError) -> None:
        why = error.why if isinstance(error, BrokenEntry) else str(error)
        alike = re.sub(r"'[^']*'|\S*/\S*|\S*\d\S*", "#", why)
        self.groups.setdefault(alike, []).append(str(error))

    def __len__(self) -> int:
        return sum(map(len, self.groups.values()))


@dataclass
class SplitCheck:
    """What is there of a split.

    there: its index is. files: frames or videos. masks: those that are not empty.
    """

    split: str
    published: Published
    there: bool = True
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
    def looking(self) -> Iterator[None]:
        """Note what a look at the data raises, and go on."""
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
    """Look at every split in turn.

    Frames and label pictures must exist; of each video the first is opened and compared in size.
    Every run length and polygon is checked. deep: every frame and label picture is decoded, every
    video file opened. Raises DataError where `root` is no folder.
    """
    for split in splits:
        found = SplitCheck(split, dataset.splits[split])
        try:
            samples = dataset.open(root, split, found.report)
        except BrokenEntry as broken:
            found.there = broken.path.exists()
            found.broken.add(broken)
            yield found
            continue
        found.sentences = len(samples)
        found.moments = sum(one.timed and bool(one.targets) for one in samples)
        ordered = sorted(samples, key=lambda one: one.video_id)
        videos = [list(group) for _, group in groupby(ordered, lambda one: one.video_id)]
        found.videos = len(videos)
        for number, group in enumerate(videos, start=1):
            _video(group, found, deep)
            if progress is not None:
                progress(split, number, len(videos))
        yield found


def _video(group: list[Sample], found: SplitCheck, deep: bool) -> None:
    first = group[0]
    if isinstance(first, FrameSample):
        _frames(first, found, deep)
    elif isinstance(first, VideoSample | SavSample):
        _video_file(first, found, deep)
    seen: set[str] = set()
    for sample in group:
        fresh = [k for k, target in enumerate(sample.targets) if target.id not in seen]
        seen.update(target.id for target in sample.targets)
        if not sample.annotated or not fresh:
            continue
        if isinstance(sample, RLESample):
            _runs(sample, fresh, found)
        elif isinstance(sample, LabelSample):
            _labels(sample, found, deep and sample is first)
        elif deep or not isinstance(sample, SavSample):
            _drawn(sample, found)


def _frames(sample: FrameSample, found: SplitCheck, deep: bool) -> None:
    there = _there(sample.images, "frames", found)
    found.files += len(there)
    for index in there if deep else there[:1]:
        with found.looking():
            path = sample.images[index]
            size = pictures.rgb(path).shape[:2] if deep else pictures.size(path)
            if size != sample.size:
                raise BrokenEntry(
                    path,
                    "",
                    f"is a frame of {size[1]} x {size[0]} pixels, its masks have "
                    f"{sample.size[1]} x {sample.size[0]}",
                )


def _video_file(sample: VideoSample | SavSample, found: SplitCheck, deep: bool) -> None:
    assert sample.path is not None
    with found.looking():
        if not sample.path.exists():
            raise BrokenEntry(sample.path, "", "is missing")
        if isinstance(sample, SavSample) and not sample.annotation.exists():
            raise BrokenEntry(sample.annotation, "", "is missing")
        found.files += 1
        if deep and isinstance(sample, SavSample):
            sample.frames([sample.length - 1])
        elif deep and isinstance(sample, VideoSample):
            lasts = sample.video().duration
            if abs(lasts - sample.duration) > SLACK:
                why = f"lasts {lasts:.1f} s, the data set says {sample.duration:.1f} s"
                found.report(BrokenEntry(sample.path, "", why, note=True))


def _runs(sample: RLESample, places: list[int], found: SplitCheck) -> None:
    with found.looking():
        rows = sample.rows()
        for place in places:
            for index in range(sample.length):
                with found.looking():
                    found.masks += sample.has_mask(rows[place], index)


def _labels(sample: LabelSample, found: SplitCheck, deep: bool) -> None:
    there = _there(sample.labels, "masks", found)
    for index in there if deep else there[:1]:
        with found.looking():
            sample.masks([index])
    found.masks += len(there)


def _drawn(sample: Sample, found: SplitCheck) -> None:
    with found.looking():
        for index in range(sample.length):
            found.masks += int(sample.masks([index]).any())


def _there(paths: tuple[Path, ...], what: str, found: SplitCheck) -> list[int]:
    """Places of the files that exist; many in a folder are looked up at once."""
    there: list[int] = []
    for folder, group in groupby(enumerate(paths), lambda one: one[1].parent):
        files = list(group)
        try:
            listed = folder.iterdir() if len(files) > 1 else [p for _, p in files if p.exists()]
            names = {one.name for one in listed}
        except OSError:
            names = set()
        missing = [path.name for _, path in files if path.name not in names]
        there += [place for place, path in files if path.name in names]
        if missing:
            why = f"lacks {len(missing)} of {len(files)} {what}, the first is {missing[0]}"
            found.report(BrokenEntry(folder, "", why))
    return there
