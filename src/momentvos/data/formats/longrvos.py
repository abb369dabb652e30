"""Long-RVOS on disk: sentences about objects of videos of a minute and more.

    <split>/meta_expressions.json    {"videos": {video: {"frames": [...], "expressions": {id:
                                     {"exp": text, "obj_id": 1, "type": "static"}}}}}
    <split>/JPEGImages/<video>/<frame>.jpg
    <split>/Annotations/<video>/<obj_id>/<frame>.png     of frames without the object there is none

The type is the kind of an expression; "static+dynamic" is called "hybrid" as in the paper. Without
`Annotations` the masks are not public.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from momentvos.data.formats.entry import BrokenEntry, Entry, Report, gather, load, refuse
from momentvos.data.formats.mask_files import MaskFileSample, mask_file_sample

KINDS = {"static+dynamic": "hybrid"}


def read(root: Path, split: str = "valid", report: Report = refuse) -> list[MaskFileSample]:
    """Read every expression of a split. Raises DataError, or passes broken entries to `report`."""
    folder = root / split if (root / split).is_dir() else root
    meta = folder / "meta_expressions.json"

    def video(item: tuple[str, Entry]) -> Iterator[MaskFileSample]:
        name, entry = item
        return _video(folder, Entry(meta, entry.key, name).name(), entry, report)

    return gather(load(meta)["videos"].items(), video, report)


def _video(folder: Path, name: str, entry: Entry, report: Report) -> Iterator[MaskFileSample]:
    frames = [one.name() for one in entry["frames"].each()]
    if not frames or len(set(frames)) < len(frames):
        raise entry["frames"].broken("has a frame twice" if frames else "is empty")
    images = tuple(folder / "JPEGImages" / name / f"{frame}.jpg" for frame in frames)
    known = (folder / "Annotations").is_dir()
    for number, one in entry["expressions"].items():
        try:
            thing = one.get("obj_id") if known else None
            kind = one.get("type")
            yield mask_file_sample(
                (name, Entry(entry.path, one.key, number).name()),
                (one["exp"].text(), KINDS.get(kind.text(), kind.text()) if kind else ""),
                images,
                None if thing is None else folder / "Annotations" / name / thing.name(),
                range(len(images)),
            )
        except BrokenEntry as broken:
            report(broken)
