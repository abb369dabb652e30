"""Ref-SAV on disk (Sa2VA): long and short sentences about objects of SA-V.

Evaluation, as in MeViS with a ``type_id``, 0 for "long" and 1 for "short":

    meta_expressions_valid.json, mask_dict.json, videos/<video>/<frame>.jpg

also within ``ref_sav_eval``. Training, sentences alone, beside SA-V's own files:

    Ref-SAV.json            {video: {"video_path", "anno_path", "objects": {k: {"formated": text}}}}
    <video_path>            24 frames a second, of which every fourth is annotated
    <anno_path>             {"masklet": [[RLE of object k, ...], ...]}, one list a frame

Leading folders of the two paths that do not exist are dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from momentvos.data.formats import rle
from momentvos.data.formats.entry import BrokenEntry, Entry, Report, load, refuse
from momentvos.data.formats.mevis import read_index
from momentvos.data.sample import Sample, Target
from momentvos.moment import Moment

if TYPE_CHECKING:
    from momentvos.media.video import Video

KINDS = {0: "long", 1: "short"}
FPS = 6.0
STEP = 4
"""Distance of two annotated frames in the video file."""
_LAZY = ("length", "size", "targets")


@dataclass(frozen=True)
class SavSample(Sample):
    """A sentence about object `number` of a video of SA-V's.

    Frame i is the file's frame 4 i. `length`, `size` and `targets` are read from the annotations
    on first access.
    """

    length: int = field(init=False, repr=False, compare=False)
    size: tuple[int, int] = field(init=False, repr=False, compare=False)
    targets: tuple[Target, ...] = field(init=False, repr=False, compare=False)
    annotation: Path = field(kw_only=True)
    number: int = field(kw_only=True)

    def __getattr__(self, name: str) -> Any:
        if name not in _LAZY:
            raise AttributeError(name)
        masklet = _masklet(self.annotation)
        if (count := len(masklet.list())) == 0:
            raise masklet.broken("is empty")
        values = {
            "length": count,
            "size": rle.size(self._run(0)),
            "targets": (Target(str(self.number), Moment.all(count)),),
        }
        for key, value in values.items():
            object.__setattr__(self, key, value)
        return values[name]

    def video(self) -> Video:
        """The file itself. Raises VideoError where it is missing or damaged."""
        from momentvos.media.video import Video

        assert self.path is not None
        return Video.open(self.path)

    def frames(self, indices: Sequence[int]) -> np.ndarray:
        """RGB, uint8 [N, H, W, 3]. Raises DataError where the video does not fit its masks."""
        video = self.video()
        wanted = sorted({STEP * index for index in indices})
        if wanted and wanted[-1] >= len(video):
            raise self._broken(f"has {len(video)} frames, too few for its masks")
        if video.size != self.size:
            raise self._broken(
                f"has {video.size[1]} x {video.size[0]} pixels, its masks have "
                f"{self.size[1]} x {self.size[0]}"
            )
        read = {frame.index: frame.rgb for frame in video.read(wanted)}
        return np.stack([read[STEP * index] for index in indices])

    def masks(self, indices: Sequence[int]) -> np.ndarray:
        """Bool [1, N, H, W]. Raises DataError for a broken one."""
        return np.stack([[rle.decode(self._run(index), self.size) for index in indices]])

    def _broken(self, why: str) -> BrokenEntry:
        assert self.path is not None
        return BrokenEntry(self.path, "", why)

    def _run(self, index: int) -> Entry:
        frame = Entry(self.annotation, f"masklet/{index}", _masklet(self.annotation).value[index])
        if not 0 <= self.number < len(frame.list()):
            raise frame.broken(f"has no object {self.number}")
        return Entry(self.annotation, f"{frame.key}/{self.number}", frame.value[self.number])


@lru_cache(maxsize=4)
def _masklet(path: Path) -> Entry:
    entry = load(path)["masklet"]
    entry.list()
    return entry


def read(root: Path, split: str = "valid", report: Report = refuse) -> list[Sample]:
    """Read every expression of a split. Raises DataError, or passes broken entries to `report`."""
    if split == "train":
        return list(_train(root, report))
    folder = root / "ref_sav_eval" if (root / "ref_sav_eval").is_dir() else root
    meta, masks = folder / f"meta_expressions_{split}.json", folder / "mask_dict.json"
    return list(read_index(meta, folder / "videos", masks, FPS, report, KINDS))


def _train(root: Path, report: Report) -> Iterator[SavSample]:
    dropped: dict[str, int] = {}
    for video, entry in load(root / "Ref-SAV.json").items():
        try:
            places = {
                name: _placed(root, entry[name].name(), dropped, name)
                for name in ("video_path", "anno_path")
            }
            objects = list(entry["objects"].items())
        except BrokenEntry as broken:
            report(broken)
            continue
        for number, one in objects:
            try:
                if not number.isascii() or not number.isdigit():
                    raise one.broken("is no number of an object")
                sentence = one["formated"].text()
            except BrokenEntry as broken:
                report(broken)
                continue
            yield SavSample(
                video_id=video,
                expression_id=number,
                sentence=sentence,
                kind="long",
                fps=FPS,
                timed=False,
                path=places["video_path"],
                annotation=places["anno_path"],
                number=int(number),
            )


def _placed(root: Path, name: str, dropped: dict[str, int], key: str) -> Path:
    """Where a stated path is below `root`; what the first needs dropped is dropped of all."""
    parts = PurePosixPath(name).parts
    if key not in dropped:
        tails = [k for k in range(len(parts)) if root.joinpath(*parts[k:]).exists()]
        dropped[key] = tails[0] if tails else 0
    return root.joinpath(*parts[dropped[key] :])
