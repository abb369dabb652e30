"""Palette PNGs: a pixel is the number of its object, as in DAVIS.

The layout is that of a converted Ref-DAVIS17 (and of Ref-YouTube-VOS), which
`momentvos.data.formats.davis` reads: ``valid/Annotations/<video>/00000.png`` and the sentences in
``meta_expressions/valid/meta_expressions.json``. Each sentence is an object, numbered from 1; where
objects overlap, the first one has the pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from momentvos.errors import OutputError
from momentvos.results.export.frames import write_frames
from momentvos.results.export.names import Group, by_video, frame_names
from momentvos.results.export.text_file import write_json

if TYPE_CHECKING:
    from momentvos.results.export.exporter import Options
    from momentvos.results.prediction import Prediction

MOST = 254
"""Objects in one picture; 255 is void."""


def write(predictions: Sequence[Prediction], out: Path, options: Options) -> None:
    """Write labels, sentences and, with `images`, frames. Raises OutputError for too many."""
    videos: dict[str, Any] = {}
    for group in by_video(predictions):
        if len(group.predictions) > MOST:
            raise OutputError(
                f"'{group.name}' has {len(group.predictions)} sentences; a palette PNG holds at "
                f"most {MOST} objects."
            )
        videos[group.name] = {
            "frames": frame_names(group.first.video.length),
            "expressions": {
                str(number): {"exp": one.sentence, "obj_id": str(number + 1)}
                for number, one in enumerate(group.predictions)
            },
        }
        _labels(group, out / "valid" / "Annotations" / group.name, options)
        write_frames(group, out / "valid" / "JPEGImages" / group.name, options)
    meta = out / "meta_expressions" / "valid"
    meta.mkdir(parents=True)
    write_json(meta / "meta_expressions.json", {"videos": videos})


def _labels(group: Group, folder: Path, options: Options) -> None:
    folder.mkdir(parents=True)
    facts = group.first.video
    colours = palette()
    for index, name in enumerate(frame_names(facts.length)):
        labels = np.zeros((facts.height, facts.width), np.uint8)
        for number, one in reversed(list(enumerate(group.predictions, start=1))):
            if one.masklet.rle(index) is not None:
                labels[one.masklet.get(index)] = number
        image = Image.fromarray(labels)
        image.putpalette(colours)
        image.save(folder / f"{name}.png")
        options.report(index + 1, facts.length)


def palette() -> list[int]:
    """PASCAL VOC's 256 colours, which DAVIS has: bits of the number, spread over R, G and B."""
    colours = []
    for number in range(256):
        rgb = [0, 0, 0]
        for bit in range(8):
            for channel in range(3):
                rgb[channel] |= (number >> (3 * bit + channel) & 1) << (7 - bit)
        colours += rgb
    return colours
