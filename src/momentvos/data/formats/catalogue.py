"""The data sets by name: their readers, splits and published counts.

`DATASETS` are those of this package. Another package adds one by an entry point of the group
``momentvos.datasets`` that names a :class:`Dataset`; see docs/add-a-data-set.md.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Literal

from momentvos.data.formats import (
    activitynet,
    charades,
    davis,
    hcstvg,
    longrvos,
    mevis,
    qvhighlights,
    reasonseg,
    reasonvos,
    refcoco,
    refsav,
    revos,
    saco,
    timelens,
    vidstg,
    ytvos,
)
from momentvos.data.formats.entry import Report, refuse
from momentvos.data.sample import Sample
from momentvos.errors import DataError
from momentvos.paths import real
from momentvos.suggestion import did_you_mean

GROUP = "momentvos.datasets"


@dataclass(frozen=True)
class Published:
    """Size of a split as published; None where unknown.

    videos: videos or images. sentences: all, including those that a reader leaves out as unusable.
    """

    videos: int | None = None
    sentences: int | None = None


@dataclass(frozen=True)
class Dataset:
    """One data set on disk.

    kind: type of annotation: "masks" in videos, "picture" (a mask in an image), "moments" in
    videos, or "tubes" (a moment, and a box in each of its frames). splits: the one that papers
    report comes first. licence: of the annotations, as far as it is stated.
    """

    name: str
    title: str
    kind: Literal["masks", "picture", "moments", "tubes"]
    splits: Mapping[str, Published]
    licence: str
    read: Callable[[Path, str, Report], Sequence[Sample]]

    def parts(self, root: Path) -> list[str]:
        """Splits to look for: only one where `root` is a split's own folder (MeViS's layout)."""
        alone = any((root / name).is_file() for name in mevis.V1 + mevis.V2)
        named = [split for split in self.splits if split == real(root).name]
        return (named or list(self.splits))[:1] if alone else list(self.splits)

    def open(self, root: Path, split: str | None = None, report: Report = refuse) -> list[Sample]:
        """Every expression of a split, in the files' order, without reading frames or masks.

        report: receives each broken entry, whose expression is then left out; by default the first
        one is raised as DataError. Raises DataError for an unknown split.
        """
        split = self.check(root, split)
        with _without_gc():
            return list(self.read(root, split, report))

    def check(self, root: Path, split: str | None = None) -> str:
        """The split that `open` reads. Raises DataError for an unknown one, or without the folder.

        `root` is not looked into.
        """
        split = split or next(iter(self.splits))
        if split not in self.splits:
            raise DataError(
                f"{self.title} has no split '{split}'; choose {', '.join(self.splits)}"
                f"{did_you_mean(split, self.splits)}"
            )
        if not root.is_dir():
            raise DataError(f"'{root}' is no folder; give the one that holds {self.title}.")
        return split


@contextmanager
def _without_gc() -> Iterator[None]:
    """Suspend garbage collection, which would traverse a large index again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _mevis(names: tuple[str, ...], fps: float) -> Callable[[Path, str, Report], Sequence[Sample]]:
    return lambda root, split, report: mevis.read(root, split, fps, report, names)


def _refcoco(name: str, by: str) -> Callable[[Path, str, Report], Sequence[Sample]]:
    return lambda root, split, report: refcoco.read(root, split, report, name, by)


def _timelens(part: str) -> Callable[[Path, str, Report], Sequence[Sample]]:
    return lambda root, split, report: timelens.read(root, split, report, part)


_NON_COMMERCIAL, _COCO = "CC BY-NC-SA 4.0", "CC BY 4.0 (COCO's annotations)"

DATASETS: dict[str, Dataset] = {
    one.name: one
    for one in (
        Dataset(
            "mevis",
            "MeViS",
            "masks",
            {
                "valid_u": Published(50, 793),
                "valid": Published(140, 2_236),
                "train": Published(1_662, 23_051),
            },
            _NON_COMMERCIAL,
            _mevis(mevis.V1 + mevis.V2, 6.0),
        ),
        Dataset(
            "mevis-v2",
            "MeViS v2",
            "masks",
            {
                "valid_u": Published(50, 907),
                "valid": Published(140, 2_523),
                "train": Published(1_662, 27_502),
            },
            _NON_COMMERCIAL,
            _mevis(mevis.V2 + mevis.V1, 6.0),
        ),
        Dataset(
            "mevis-m",
            "MeViS-M",
            "masks",
            {
                "valid_u": Published(50, 793),
                "valid": Published(140, 2_236),
                "train": Published(1_596, 21_773),
            },
            _NON_COMMERCIAL,
            _mevis(mevis.V1, 6.0),
        ),
        Dataset(
            "ref-youtube-vos",
            "Ref-YouTube-VOS",
            "masks",
            {
                "valid": Published(202, 834),
                "test": Published(305),
                "train": Published(3_471, 12_913),
            },
            "CC BY 4.0",
            ytvos.read,
        ),
        Dataset(
            "ref-davis17",
            "Ref-DAVIS17",
            "masks",
            {"valid": Published(30, 244), "train": Published(60)},
            "CC BY-NC 4.0 (videos and masks)",
            davis.read,
        ),
        Dataset(
            "revos",
            "ReVOS",
            "masks",
            {"valid": Published(416), "train": Published(626)},
            _NON_COMMERCIAL,
            revos.read,
        ),
        Dataset(
            "ref-sav",
            "Ref-SAV",
            "masks",
            {"valid": Published(), "train": Published()},
            "not stated; SA-V: CC BY 4.0",
            refsav.read,
        ),
        Dataset(
            "long-rvos",
            "Long-RVOS",
            "masks",
            {"valid": Published(112), "test": Published(226), "train": Published(1_855)},
            "not stated; its code: MIT",
            longrvos.read,
        ),
        Dataset(
            "reasonvos",
            "ReasonVOS",
            "masks",
            {"test": Published(None, 458)},
            "non-commercial research",
            reasonvos.read,
        ),
        Dataset(
            "saco-veval",
            "SA-Co/VEval",
            "masks",
            {
                f"{domain}_{part}": Published()
                for domain in ("sav", "yt1b", "smartglasses")
                for part in ("test", "val")
            },
            "CC BY-NC 4.0; SmartGlasses: CC BY 4.0",
            saco.read,
        ),
        Dataset(
            "hc-stvg",
            "HC-STVG",
            "tubes",
            {"test": Published(1_160, 1_160), "train": Published(4_500, 4_500)},
            "not stated",
            hcstvg.read,
        ),
        Dataset(
            "hc-stvg-v2",
            "HC-STVG v2",
            "tubes",
            {"val": Published(2_000, 2_000), "train": Published(10_131, 10_131)},
            "not stated",
            hcstvg.read_v2,
        ),
        Dataset(
            "vidstg",
            "VidSTG",
            "tubes",
            {"test": Published(None, 10_303), "val": Published(), "train": Published()},
            "not stated",
            vidstg.read,
        ),
        Dataset(
            "charades-timelens",
            "Charades-TimeLens",
            "moments",
            {"test": Published(1_313, 3_363)},
            "non-commercial (Charades); its sentences: BSD-3-Clause",
            _timelens("charades"),
        ),
        Dataset(
            "activitynet-timelens",
            "ActivityNet-TimeLens",
            "moments",
            {"test": Published()},
            "BSD-3-Clause (its sentences)",
            _timelens("activitynet"),
        ),
        Dataset(
            "qvhighlights-timelens",
            "QVHighlights-TimeLens",
            "moments",
            {"test": Published()},
            "BSD-3-Clause (its sentences)",
            _timelens("qvhighlights"),
        ),
        Dataset(
            "reasonseg",
            "ReasonSeg",
            "picture",
            {"val": Published(200), "test": Published(779), "train": Published(239)},
            "not stated",
            reasonseg.read,
        ),
        Dataset(
            "refcoco",
            "RefCOCO (UNC)",
            "picture",
            {
                "val": Published(None, 10_834),
                "testA": Published(None, 5_657),
                "testB": Published(None, 5_095),
                "train": Published(None, 120_624),
            },
            _COCO,
            _refcoco("refcoco", "unc"),
        ),
        Dataset(
            "refcoco+",
            "RefCOCO+ (UNC)",
            "picture",
            {
                "val": Published(None, 10_758),
                "testA": Published(None, 5_726),
                "testB": Published(None, 4_889),
                "train": Published(None, 120_191),
            },
            _COCO,
            _refcoco("refcoco+", "unc"),
        ),
        Dataset(
            "refcocog",
            "RefCOCOg (UMD)",
            "picture",
            {
                "val": Published(None, 4_896),
                "test": Published(None, 9_602),
                "train": Published(None, 80_512),
            },
            _COCO,
            _refcoco("refcocog", "umd"),
        ),
        Dataset(
            "refcocog-google",
            "RefCOCOg (Google)",
            "picture",
            {"val": Published(), "train": Published()},
            _COCO,
            _refcoco("refcocog", "google"),
        ),
        Dataset(
            "charades-sta",
            "Charades-STA",
            "moments",
            {"test": Published(1_334, 3_720), "train": Published(5_338, 12_408)},
            "non-commercial (Charades)",
            charades.read,
        ),
        Dataset(
            "activitynet-captions",
            "ActivityNet Captions",
            "moments",
            {
                "val_2": Published(4_885, 17_031),
                "val_1": Published(4_917, 17_505),
                "train": Published(10_009, 37_421),
            },
            "not stated",
            activitynet.read,
        ),
        Dataset(
            "qvhighlights",
            "QVHighlights",
            "moments",
            {
                "val": Published(1_519, 1_550),
                "test": Published(1_529, 1_542),
                "train": Published(7_100, 7_218),
            },
            _NON_COMMERCIAL,
            qvhighlights.read,
        ),
        Dataset(
            "momentworld",
            "MomentWorld",
            "masks",
            {"test": Published(), "val": Published(), "train": Published()},
            "Apache-2.0",
            _mevis(mevis.V1, 8.0),
        ),
    )
}


@cache
def registered() -> Mapping[str, Dataset]:
    """The data sets of other packages by name. Raises DataError for an unusable entry point."""
    others: dict[str, Dataset] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        where = f"The data set '{point.name}' ({point.value})"
        try:
            one = point.load()
        except Exception as error:
            raise DataError(f"{where} cannot be imported: {error}.") from error
        if not isinstance(one, Dataset) or one.name != point.name:
            raise DataError(f"{where} is no Dataset of that name.")
        if one.name in DATASETS or one.name in others:
            raise DataError(f"{where} has the name of another one; uninstall one of them.")
        others[one.name] = one
    return others


def datasets() -> Mapping[str, Dataset]:
    """Every data set by name, those of other packages last. Raises DataError as `registered`."""
    return {**DATASETS, **registered()}


def dataset(name: str) -> Dataset:
    """The data set of a name. Raises DataError that lists the known ones."""
    known = datasets()
    if name not in known:
        raise DataError(
            f"There is no data set '{name}'; choose one of {', '.join(known)}"
            f"{did_you_mean(name, known)}"
        )
    return known[name]
