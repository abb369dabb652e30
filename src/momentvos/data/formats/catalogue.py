"""The data sets by name: who reads them, their splits, and how large they are said to be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from momentvos.data.formats import mevis
from momentvos.data.formats.entry import Report, refuse
from momentvos.data.sample import Sample
from momentvos.errors import DataError


@dataclass(frozen=True)
class Published:
    """Counts of a split as its authors, or those who use it, give them; None where unknown.

    videos: or pictures. sentences: all of them, those too that a reader leaves out as unusable.
    """

    videos: int | None = None
    sentences: int | None = None


@dataclass(frozen=True)
class Dataset:
    """One data set on disk.

    kind: what a sentence is about, and what is known: "masks" in videos, "picture" (a mask in a
    picture) or "moments" in videos. splits: the one that papers report first. licence: of the
    annotations, as far as it is stated.
    """

    name: str
    title: str
    kind: Literal["masks", "picture", "moments"]
    splits: Mapping[str, Published]
    licence: str
    read: Callable[[Path, str, Report], Sequence[Sample]]

    def open(self, root: Path, split: str | None = None, report: Report = refuse) -> list[Sample]:
        """Every expression of a split, in the files' order, without reading frames or masks.

        report: gets each broken entry, whose expression is then left out; by default the first
        one is raised as DataError. Raises DataError for a split there is not.
        """
        split = split or next(iter(self.splits))
        if split not in self.splits:
            raise DataError(
                f"{self.title} has no split '{split}'; choose {', '.join(self.splits)}."
            )
        if not root.is_dir():
            raise DataError(f"'{root}' is no folder; give the one that holds {self.title}.")
        return list(self.read(root, split, report))


def _mevis(names: tuple[str, ...], fps: float) -> Callable[[Path, str, Report], Sequence[Sample]]:
    return lambda root, split, report: mevis.read(root, split, fps, report, names)


_NON_COMMERCIAL = "CC BY-NC-SA 4.0"

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
            "momentworld",
            "MomentWorld",
            "masks",
            {"test": Published(), "val": Published(), "train": Published()},
            "Apache-2.0",
            _mevis(mevis.V1, 8.0),
        ),
    )
}


def dataset(name: str) -> Dataset:
    """The data set of a name. Raises DataError where there is none."""
    if name not in DATASETS:
        raise DataError(f"There is no data set '{name}'; choose one of {', '.join(DATASETS)}.")
    return DATASETS[name]
