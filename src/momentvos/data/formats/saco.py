"""SA-Co/VEval on disk (SAM 3): noun phrases about videos, with every instance that is meant.

    annotation/saco_veval_<split>.json    or at the root, as YouTube-VIS has it: {"videos": [{"id",
        "file_names", "height", "width"}], "annotations": [{"video_id", "category_id",
        "segmentations": [RLE or null, one a frame], "iscrowd"}], "categories": [{"id", "name"}],
        "video_np_pairs": [{"video_id", "category_id", "noun_phrase", "num_masklets"}]}
    media/saco_sav/JPEGImages_24fps/<file name>, media/saco_yt1b/JPEGImages_6fps/<file name>,
    media/saco_sg/JPEGImages_6fps/<file name>

A split is domain and part, such as ``sav_test``. Each pair of a video and a phrase is a sample;
pairs without a masklet are about nothing. Of SA-V's frames every fourth is annotated and listed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from momentvos.data.formats import rle
from momentvos.data.formats.entry import BrokenEntry, Entry, Report, load, refuse
from momentvos.data.formats.frame_samples import RLESample
from momentvos.data.sample import Target
from momentvos.moment import Moment

FPS = 6.0
_MEDIA = {
    "sav": "saco_sav/JPEGImages_24fps",
    "yt1b": "saco_yt1b/JPEGImages_6fps",
    "smartglasses": "saco_sg/JPEGImages_6fps",
}


@dataclass(frozen=True)
class PhraseSample(RLESample):
    """A video and a noun phrase; a target is an instance. crowd: those that cgF1 leaves out.

    numbers: ids of video and category, as predictions name them.
    """

    inline: tuple[Entry, ...] = field(default=(), repr=False, kw_only=True, compare=False)
    crowd: frozenset[int] = field(default=frozenset(), kw_only=True)
    numbers: tuple[int, int] = field(kw_only=True)

    def rows(self) -> list[Entry]:
        """RLEs of each instance, one per frame."""
        return list(self.inline)

    def tracks(self) -> list[list[dict[str, Any] | None]]:
        """The same as COCO's compressed RLE, checked. Raises DataError for a broken one."""
        return [[_mask(row, n, self.size) for n in range(self.length)] for row in self.inline]


def read(root: Path, split: str = "sav_test", report: Report = refuse) -> list[PhraseSample]:
    """Read every pair of a split. Raises DataError, or passes broken entries to `report`."""
    name = f"saco_veval_{split}.json"
    path = root / "annotation" / name if (root / "annotation").is_dir() else root / name
    index = load(path)
    media = root / "media" / _MEDIA[split.split("_")[0]]
    videos = {one["id"].whole(): one for one in index["videos"].each()}
    masklets: dict[tuple[int, int], list[Entry]] = defaultdict(list)
    for one in index["annotations"].each():
        try:
            masklets[one["video_id"].whole(), one["category_id"].whole()].append(one)
        except BrokenEntry as broken:
            report(broken)
    samples: list[PhraseSample] = []
    for pair in index["video_np_pairs"].each():
        try:
            numbers = pair["video_id"].whole(), pair["category_id"].whole()
            if numbers[0] not in videos:
                raise pair["video_id"].broken(f"is {numbers[0]}, which is no video")
            samples.append(_sample(media, videos[numbers[0]], pair, numbers, masklets[numbers]))
        except BrokenEntry as broken:
            report(broken)
    return samples


def _sample(
    media: Path, video: Entry, pair: Entry, numbers: tuple[int, int], masklets: list[Entry]
) -> PhraseSample:
    images = tuple(media / one.name() for one in video["file_names"].each())
    size = video["height"].whole(), video["width"].whole()
    if not images or min(size) < 1 or size[0] * size[1] > rle.MAX_PIXELS:
        raise video.broken("has no frames, or no size")
    rows = tuple(one["segmentations"] for one in masklets)
    for row in rows:
        if len(row.list()) != len(images):
            raise row.broken(f"has {len(row.list())} masks for {len(images)} frames")
    name = video.get("video_name")
    sample = PhraseSample(
        name.name() if name else str(numbers[0]),
        str(numbers[1]),
        pair["noun_phrase"].text(),
        "" if rows else "none",
        length=len(images),
        fps=FPS,
        targets=tuple(Target(str(k), Moment.all(len(images))) for k in range(len(rows))),
        timed=False,
        images=images,
        inline=rows,
        crowd=frozenset(k for k, one in enumerate(masklets) if _crowd(one)),
        numbers=numbers,
    )
    object.__setattr__(sample, "size", size)
    return sample


def _mask(row: Entry, index: int, size: tuple[int, int]) -> dict[str, Any] | None:
    run = row.list()[index]
    if run is None:
        return None
    rle.check(Entry(row.path, f"{row.key}/{index}", run), size)
    if isinstance(run["counts"], str):
        return {"size": list(size), "counts": run["counts"]}
    from pycocotools import mask as coco

    packed: dict[str, Any] = coco.frPyObjects({"size": list(size), "counts": run["counts"]}, *size)
    return packed


def _crowd(masklet: Entry) -> bool:
    flag = masklet.get("iscrowd")
    return flag is not None and bool(flag.whole())
