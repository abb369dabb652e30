"""ReasonVOS on disk (VideoLISA): sentences that need reasoning, about one object each.

    meta_expressions.json            {"videos": {video: {"source": name, "expressions":
                                     [{"exp_id", "exp_text", "obj_id", "is_sent"}, ...]}}}
    JPEGImages/<video>/<frame>.jpg
    Annotations/<source>_<video>_<obj_id>/<frame>.png    frames without one do not count

A sample's video has the name of its folder of masks, as the authors' program calls its predictions.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from momentvos.data.formats.entry import BrokenEntry, Entry, Report, gather, load, refuse
from momentvos.data.formats.mask_files import MaskFileSample, mask_file_sample


def read(root: Path, split: str = "test", report: Report = refuse) -> list[MaskFileSample]:
    """Read every expression. Raises DataError, or passes broken entries to `report`."""
    meta = root / "meta_expressions.json"

    def video(item: tuple[str, Entry]) -> Iterator[MaskFileSample]:
        name, entry = item
        return _video(root, Entry(meta, entry.key, name).name(), entry, report)

    return gather(load(meta)["videos"].items(), video, report)


def _video(root: Path, name: str, entry: Entry, report: Report) -> Iterator[MaskFileSample]:
    source = entry["source"].name()
    images = tuple(_listed(root / "JPEGImages" / name, ".jpg"))
    place = {path.stem: index for index, path in enumerate(images)}
    for one in entry["expressions"].each():
        try:
            masks = f"{source}_{name}_{one['obj_id'].name()}"
            folder = root / "Annotations" / masks
            drawn = [path.stem for path in _listed(folder, ".png")]
            if lost := [stem for stem in drawn if stem not in place]:
                raise BrokenEntry(folder, "", f"has a mask of {lost[0]}, which is no frame")
            said = one.get("is_sent")
            yield mask_file_sample(
                (masks, one["exp_id"].name()),
                (one["exp_text"].text(), "sentence" if said and said.value else "phrase"),
                images,
                folder,
                [place[stem] for stem in drawn],
            )
        except BrokenEntry as broken:
            report(broken)


def _listed(folder: Path, suffix: str) -> list[Path]:
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix == suffix)
    except OSError:
        raise BrokenEntry(folder, "", "is missing") from None
    if not found:
        raise BrokenEntry(folder, "", f"holds no {suffix} files")
    return found
