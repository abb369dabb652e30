"""A data set in MeViS's form, which `momentvos.data.formats.mevis` reads.

Moments are stored as there: ``{"moments": {anno_id: [[first, last], ...]}}``. A sentence that is
not found has no object, as in the second version of MeViS. Frames come along with `images`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentvos.json_text import to_text
from momentvos.results.export.frames import write_frames
from momentvos.results.export.names import by_video, frame_names
from momentvos.results.export.text_file import write_json

if TYPE_CHECKING:
    from momentvos.results.export.exporter import Options
    from momentvos.results.prediction import Prediction


def write(predictions: Sequence[Prediction], out: Path, options: Options) -> None:
    """Write meta_expressions.json, mask_dict.json and, with `images`, JPEGImages/."""
    videos: dict[str, Any] = {}
    rows: list[Prediction] = []
    for group in by_video(predictions):
        expressions: dict[str, Any] = {}
        for number, one in enumerate(group.predictions):
            there = one.found and bool(one.masklet)
            key = len(rows)
            expressions[str(number)] = {
                "exp": one.sentence,
                "obj_id": [number] if there else [],
                "anno_id": [key] if there else [],
                **({"moments": {str(key): one.moment.to_list()}} if there else {}),
            }
            rows += [one] if there else []
        videos[group.name] = {
            "vid_id": len(videos),
            "frames": frame_names(group.first.video.length),
            "expressions": expressions,
        }
        write_frames(group, out / "JPEGImages" / group.name, options)
    write_json(out / "meta_expressions.json", {"videos": videos})
    with (out / "mask_dict.json").open("w", encoding="utf-8", newline="\n") as file:
        file.write("{")
        for key, one in enumerate(rows):
            masks = to_text(one.masklet.to_json(one.video.length))
            file.write(f"{', ' if key else ''}\n{to_text(str(key))}: {masks}")
        file.write("\n}\n")
