"""Videos of one's own with masks, in a plain layout, as samples that `momentvos.evaluation` scores.

    FOLDER/sentences.tsv                     VIDEO <tab> OBJECTS <tab> SENTENCE [<tab> MOMENT]
    FOLDER/videos/VIDEO.mp4                  (or .mkv, .webm, .avi, .mov), or a folder of pictures:
    FOLDER/videos/VIDEO/FRAME.jpg
    FOLDER/masks/VIDEO/OBJECT/FRAME.png      not black where the object is

OBJECTS are names of objects, joined by commas, or "-" where the sentence means nothing in the
video. MOMENT is "3.2s-5.0s", "40:62" (frames, both included), several joined by commas, "all", or
"-" for never; without it nobody knows when. Lines that begin with "#" are left out. A mask's FRAME
is the name of the frame's picture, or in a video file the frame's number from 0, with or without
zeros in front. Pictures count as 24 frames a second. Every frame counts: where an object has no
mask, it is not to be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from momentvos.data.formats import Dataset, Published, pictures
from momentvos.data.formats.catalogue import DATASETS
from momentvos.data.formats.entry import BrokenEntry, Entry, Report, check_name, read_text
from momentvos.data.formats.video_samples import SUFFIXES
from momentvos.data.sample import Sample, Target
from momentvos.errors import DataError, MomentError, VideoError
from momentvos.evaluation.benchmarks import BENCHMARKS, Benchmark
from momentvos.media import Video
from momentvos.media.folder import pictures_of
from momentvos.moment import Moment

NAME, SENTENCES = "folder", "sentences.tsv"


@dataclass(frozen=True)
class FolderSample(Sample):
    """A sentence about a video of one's own.

    clip: the video. folder: of its objects' masks. names: of the frames, as masks have them.
    """

    clip: Video = field(repr=False, kw_only=True, compare=False)
    folder: Path = field(kw_only=True)
    names: tuple[str, ...] = field(repr=False, kw_only=True)

    def frames(self, indices: Sequence[int]) -> NDArray[np.uint8]:
        """RGB, uint8 [N, H, W, 3]. Raises VideoError."""
        read = {frame.index: frame.rgb for frame in self.clip.read(sorted(set(indices)))}
        return np.stack([read[index] for index in indices])

    def masks(self, indices: Sequence[int]) -> NDArray[np.bool_]:
        """Masks, bool [O, N, H, W]. Raises DataError for one that is damaged or of another size."""
        made = np.zeros((len(self.targets), len(indices), *self.size), dtype=bool)
        for masks, target in zip(made, self.targets, strict=True):
            for mask, index in zip(masks, indices, strict=True):
                path = self.files[target.id].get(self.names[index])
                if path is not None:
                    mask[:] = self._read(path)
        return made

    @cached_property
    def files(self) -> dict[str, dict[str, Path]]:
        """Of each target, its masks by frame."""
        return {one.id: masks_of(self.folder / one.id, self.names) for one in self.targets}

    def _read(self, path: Path) -> NDArray[np.bool_]:
        shown = pictures.rgb(path).any(axis=2)
        if shown.shape != self.size:
            raise BrokenEntry(
                path,
                "",
                f"is a mask of {shown.shape[1]} x {shown.shape[0]} pixels for a frame of "
                f"{self.size[1]} x {self.size[0]}",
            )
        return shown


@dataclass(frozen=True)
class BrokenSample(Sample):
    """A sentence whose video or masks cannot be had: it fails when asked, and others go on."""

    problem: DataError = field(kw_only=True)

    def frames(self, indices: Sequence[int]) -> NDArray[np.uint8]:
        """Raise the problem."""
        raise self.problem

    def masks(self, indices: Sequence[int]) -> NDArray[np.bool_]:
        """Raise the problem."""
        raise self.problem


def read(root: Path, split: str, report: Report) -> list[Sample]:
    """Every sentence of a folder. Raises DataError, or passes broken lines to `report`."""
    path = root / SENTENCES
    clips: dict[str, tuple[Video, tuple[str, ...]]] = {}
    samples: list[Sample] = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            place = Entry(path, f"line {number}", line)
            try:
                samples.append(_sample(root, place, line, str(len(samples)), clips))
            except BrokenEntry as broken:
                report(broken)
    return samples


def masks_of(folder: Path, names: Sequence[str]) -> dict[str, Path]:
    """The masks of an object by its frame's name. Raises BrokenEntry for one of no frame."""
    if not folder.is_dir():
        raise BrokenEntry(folder, "", "is missing; it should hold the object's masks")
    known = set(names)
    numbers = {str(int(name)): name for name in names if name.isdecimal()}
    made = {}
    for path in sorted(folder.glob("*.png")):
        stem = path.stem
        name = stem if stem in known else numbers.get(stem.lstrip("0") or "0")
        if name is None:
            raise BrokenEntry(path, "", "is a mask of a frame that the video does not have")
        made[name] = path
    if not made:
        raise BrokenEntry(folder, "", "holds no masks (FRAME.png)")
    return made


def _sample(
    root: Path,
    place: Entry,
    line: str,
    number: str,
    clips: dict[str, tuple[Video, tuple[str, ...]]],
) -> Sample:
    columns = [one.strip() for one in line.split("\t")]
    if not 3 <= len(columns) <= 4 or not all(columns[:3]):
        raise place.broken("is not VIDEO, OBJECTS, SENTENCE and perhaps MOMENT between tabs")
    video = check_name(columns[0], place)
    try:
        if video not in clips:
            clips[video] = _opened(root / "videos", video, place)
        return _whole(root, place, video, columns[1:], number, *clips[video])
    except BrokenEntry as problem:
        nothing: dict[str, Any] = {"kind": "", "length": 1, "size": (1, 1), "fps": 1.0}
        targets = (Target("", Moment.empty()),)
        return BrokenSample(video, number, columns[2], **nothing, targets=targets, problem=problem)


def _whole(
    root: Path,
    place: Entry,
    video: str,
    columns: Sequence[str],
    number: str,
    clip: Video,
    names: tuple[str, ...],
) -> FolderSample:
    timed = len(columns) == 3 and bool(columns[2])
    moment = _moment(columns[2], clip, place) if timed else Moment.all(len(clip))
    objects = [] if columns[0] == "-" else [one.strip() for one in columns[0].split(",")]
    sample = FolderSample(
        video_id=video,
        expression_id=number,
        sentence=columns[1],
        kind="" if objects else "none",
        length=len(clip),
        size=clip.size,
        fps=clip.fps,
        targets=tuple(Target(check_name(one, place), moment) for one in objects),
        timed=timed or not objects,
        path=clip.path if clip.path.is_file() else None,
        clip=clip,
        folder=root / "masks" / video,
        names=names,
    )
    _ = sample.files  # so that a wrong name is not found out after an hour
    return sample


def _opened(folder: Path, video: str, place: Entry) -> tuple[Video, tuple[str, ...]]:
    """A video and the names of its frames."""
    there = [folder / video, *(folder / f"{video}{suffix}" for suffix in SUFFIXES)]
    path = next((one for one in there if one.exists()), None)
    if path is None:
        raise place.broken(f"names the video '{video}', which is not in {folder}")
    try:
        clip = Video.open(path)
        names = [one.stem for one in pictures_of(path)[0]] if path.is_dir() else None
    except VideoError as error:
        raise place.broken(f"names a video that cannot be read ({error})") from None
    return clip, tuple(names or map(str, range(len(clip))))


def _moment(text: str, clip: Video, place: Entry) -> Moment:
    if text == "-":
        return Moment.empty()
    try:
        return Moment.parse(text, clip.times)
    except MomentError as error:
        raise place.broken(f"has no moment ({error})") from None


def register() -> None:
    """Make the layout a benchmark named `NAME`, for this process."""
    data = Dataset(NAME, "a folder with masks", "masks", {"all": Published()}, "", read)
    DATASETS[NAME] = data
    BENCHMARKS[NAME] = Benchmark(NAME, "videos of one's own", ("mevis-v2",))
