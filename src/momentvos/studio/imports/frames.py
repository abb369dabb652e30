"""Data sets of frames as pictures: MeViS and what is like it, and those with pictures of labels.

Frames and masks stay where they are; the studio keeps their paths.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from momentvos.data.formats import mevis, pictures
from momentvos.data.formats.entry import load
from momentvos.data.formats.frame_samples import FrameSample, LabelSample, RLESample
from momentvos.data.sample import Sample
from momentvos.errors import DataError
from momentvos.moment import Moment
from momentvos.studio.content import Annotation
from momentvos.studio.imports.dataset import (
    Form,
    NewExpression,
    NewObject,
    NewProject,
    NewVideo,
)

Json = dict[str, Any]
HOLE = None
"""In a raw entry, where the studio keeps a value elsewhere: so keys keep their order."""


def read(samples: Sequence[Sample], root: Path) -> NewProject:
    """A project of samples that have their frames as pictures. Raises DataError for others."""
    frames = [one for one in samples if isinstance(one, FrameSample)]
    if len(frames) < len(samples) or not frames:
        raise DataError(f"{root} holds no videos as folders of frames, which the studio needs.")
    indices = {_index(one) for one in frames if isinstance(one, RLESample)} - {None}
    index: Json = {}
    form: Form = "labels"
    if len(indices) == 1 and all(isinstance(one, RLESample) for one in frames):
        meta = indices.pop() or Path()
        form, index = "mevis", load(meta).object()
    entries = index.get("videos", {})
    groups = {name: list(group) for name, group in groupby(frames, lambda one: one.video_id)}
    videos = tuple(
        _video(name, groups[name], entries.get(name, {}))
        if name in groups
        else _silent(name, frames[0], entries[name], meta)
        for name in entries or groups
    )
    return NewProject(form, str(root.absolute()), videos, index | {"videos": HOLE} if index else {})


def _index(sample: RLESample) -> Path | None:
    """The index that a sample of MeViS's form comes from."""
    folder = sample.images[0].parent
    while folder != folder.parent:
        if folder.name == mevis.IMAGES:
            names = (folder.parent / name for name in mevis.V1 + mevis.V2)
            return next((path for path in names if path.is_file()), None)
        folder = folder.parent
    return None


def _video(name: str, samples: list[FrameSample], raw: Json) -> NewVideo:
    first = samples[0]
    images = first.images
    folder, suffix = images[0].parent, images[0].suffix
    names = [str(path.relative_to(folder).with_suffix("")) for path in images]
    place = {"images": str(folder.absolute()), "names": names, "suffix": suffix}
    fps = raw.get("fps", first.fps)
    entries = raw.get("expressions", {})
    return NewVideo(
        name,
        first.length,
        float(fps if isinstance(fps, int | float) and 0 < fps < 1000 else first.fps),
        first.size,
        place,
        raw | {"expressions": HOLE} if raw else {},
        tuple(_objects(samples, entries)),
        tuple(_expression(one, entries.get(one.expression_id, {})) for one in samples),
    )


def _silent(name: str, like: FrameSample, raw: Json, meta: Path) -> NewVideo:
    """A video without sentences, which stays in the index."""
    names = [str(one) for one in raw["frames"]]
    folder = meta.parent / mevis.IMAGES / name
    place = {"images": str(folder.absolute()), "names": names, "suffix": ".jpg"}
    first = folder / f"{names[0]}.jpg"
    size = pictures.size(first) if first.is_file() else like.size
    return NewVideo(name, len(names), like.fps, size, place, raw | {"expressions": HOLE})


def _objects(samples: Iterable[FrameSample], entries: Json) -> Iterable[NewObject]:
    """Objects of a video: those that any of its expressions names."""
    seen = set()
    for sample in samples:
        labels = entries.get(sample.expression_id, {}).get("obj_id")
        for place, target in enumerate(sample.targets):
            if not target.id or target.id in seen:
                continue
            seen.add(target.id)
            fits = isinstance(labels, list) and len(labels) == len(sample.targets)
            label = str(labels[place]) if fits else target.id
            yield NewObject(target.id, label, _masks(sample, target.id))


def _masks(sample: FrameSample, name: str) -> Json:
    if isinstance(sample, LabelSample):
        return {"labels": str(sample.labels[0].parent.absolute()), "label": int(name)}
    if isinstance(sample, RLESample) and sample.mask_index is not None:
        return {"rle": str(sample.mask_index.path.absolute()), "row": name}
    return {"stored": []}


def _expression(sample: FrameSample, raw: Json) -> NewExpression:
    """Without moments in the data set every object begins with none: they are to be marked."""
    known = sample.timed or raw.get("moments") is not None
    moments = {one.id: one.moment if known else Moment.empty() for one in sample.targets}
    if not moments and not sample.annotated:
        moments = {"": Moment.empty()}
    start = Annotation(moments)
    return NewExpression(sample.expression_id, sample.sentence, sample.kind, start, raw)
