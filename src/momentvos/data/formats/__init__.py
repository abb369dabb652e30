"""Readers of data sets on disk, one file per format; each gives a list of samples.

    from momentvos.data import formats

    samples = formats.open("mevis", "/data/mevis", "valid_u")   # reads the index only
    sample = samples[0]
    sample.sentence, sample.video_id, sample.expression_id, sample.length, sample.fps
    sample.frames([0, 5])        # uint8 [2, H, W, 3]
    sample.masks([0, 5])         # bool [O, 2, H, W], O = len(sample.targets)
    sample.rle(0)                # the union of all targets as COCO's RLE, None where empty
    sample.ignored([0])          # pixels left out of evaluation (void), bool [1, H, W]
    sample.moment                # M+ in frames; sample.timed: whether it is annotated
    sample.seconds               # the moment in seconds, where the data set gives seconds
    sample.annotated             # whether masks are known; without them `masks` raises DataError

`datasets()` gives names, splits and published counts. A picture is a video of one frame; a data set
of moments gives frames on an even grid, and the file itself as `sample.path`.
"""

from __future__ import annotations

from pathlib import Path

from momentvos.data.formats.catalogue import DATASETS, Dataset, Published, dataset, datasets
from momentvos.data.formats.entry import BrokenEntry, Report, refuse
from momentvos.data.sample import Sample

__all__ = [
    "DATASETS",
    "BrokenEntry",
    "Dataset",
    "Published",
    "Report",
    "dataset",
    "datasets",
    "open",
]


def open(
    name: str, root: str | Path, split: str | None = None, report: Report = refuse
) -> list[Sample]:
    """Open a split of a data set by name, see `Dataset.open`.

    split: None stands for the one that papers report. Raises DataError.
    """
    return dataset(name).open(Path(root), split, report)
