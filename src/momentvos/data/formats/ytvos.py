"""Ref-YouTube-VOS on disk.

    meta_expressions/<split>/meta_expressions.json   {"videos": {video: {"frames": [...],
        "expressions": {id: {"exp": text, "obj_id": "1"}}}}}
    <split>/JPEGImages/<video>/<frame>.jpg
    <split>/Annotations/<video>/<frame>.png          palette PNG, a pixel is its object's number

Frames are every fifth of 30 a second. ``valid`` and ``test`` name no objects; the index of
``valid`` lists the videos of ``test`` too, which are left out where the index of ``test`` is there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from momentvos.data.formats.entry import BrokenEntry, Entry, Report, load, refuse
from momentvos.data.formats.frame_samples import VOID, LabelSample
from momentvos.data.sample import Target
from momentvos.moment import Moment

FPS = 6.0


def read(root: Path, split: str = "valid", report: Report = refuse) -> list[LabelSample]:
    """Read every expression of a split. Raises DataError, or passes broken entries to `report`."""
    other = index(root, "test")
    skip = load(other)["videos"].object() if split == "valid" and other.exists() else {}
    return list(read_index(index(root, split), root / split, FPS, report, skip))


def index(root: Path, split: str) -> Path:
    """Path of a split's expressions."""
    return root / "meta_expressions" / split / "meta_expressions.json"


def read_index(
    meta: Path, folder: Path, fps: float, report: Report, skip: Collection[str] = ()
) -> Iterator[LabelSample]:
    """Read the expressions of an index, with images and labels in `folder`, without `skip`."""
    for video, entry in load(meta)["videos"].items():
        if video in skip:
            continue
        try:
            names = tuple(one.name() for one in entry["frames"].each())
            if len(set(names)) < len(names) or not names:
                raise entry["frames"].broken("is empty" if not names else "has a frame twice")
            name = Entry(meta, entry.key, video).name()
            expressions = list(entry["expressions"].items())
        except BrokenEntry as broken:
            report(broken)
            continue
        images = paths(folder / "JPEGImages" / name, names, "jpg")
        labels = paths(folder / "Annotations" / name, names, "png")
        for number, one in expressions:
            try:
                object_id = one.get("obj_id")
                label = None if object_id is None else _label(object_id)
                sentence = one["exp"].text()
                number = Entry(meta, one.key, number).name()
            except BrokenEntry as broken:
                report(broken)
            else:
                yield labelled((video, number), sentence, images, labels, label, fps)


def paths(folder: Path, names: Sequence[str], suffix: str) -> tuple[Path, ...]:
    """Paths of a video's frames."""
    return tuple(folder / f"{name}.{suffix}" for name in names)


def labelled(
    names: tuple[str, str],
    sentence: str,
    images: tuple[Path, ...],
    labels: tuple[Path, ...],
    label: str | None,
    fps: float,
) -> LabelSample:
    """Make the sample of a sentence about the object with a label, None where it is not public.

    names: ids of the video and the expression.
    """
    known = label is not None
    return LabelSample(
        video_id=names[0],
        expression_id=names[1],
        sentence=sentence,
        kind="",
        length=len(images),
        fps=fps,
        targets=(Target(label, Moment.all(len(images))),) if label is not None else (),
        annotated=known,
        timed=False,
        images=images,
        labels=labels if known else (),
    )


def _label(entry: Entry) -> str:
    text = str(entry.value)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < VOID:
        raise entry.broken(f"is {text[:20]}, which is no label of an object (1 to {VOID - 1})")
    return str(int(text))
