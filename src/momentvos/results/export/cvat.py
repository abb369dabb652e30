"""CVAT for video 1.1 (https://docs.cvat.ai/docs/other/xml_format).

A label per sentence, with the attribute ``moment``. Polygons and boxes are tracks. CVAT has no
tracks of masks: on import it keeps the first mask of a track alone, so each mask is a track of one
frame, as in its own exports, and all of a sentence share a group. Beside the file go the labels,
for the "Raw" tab of CVAT's label constructor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

import numpy as np

from momentvos.results.export.boxes import box_of, runs
from momentvos.results.export.names import by_video, labels, plain_text
from momentvos.results.export.outline import outline
from momentvos.results.export.soft_mask import bounds
from momentvos.results.export.text_file import write_json

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from momentvos.results.export.exporter import Options
    from momentvos.results.prediction import Prediction

_LONGEST = 64
"""Letters of a label in CVAT."""
_TYPES = {"mask": "mask", "polygon": "polygon", "box": "rectangle"}
_ATTRIBUTE = {
    "name": "moment",
    "mutable": True,
    "input_type": "checkbox",
    "default_value": "false",
    "values": ["false"],
}


def write(predictions: Sequence[Prediction], out: Path, options: Options) -> tuple[str, ...]:
    """Write the annotations of one video; returns notes."""
    from momentvos.results.export.entries import CVAT

    shape = CVAT.choice("shape", options)
    names = labels([one.sentence for one in predictions], _LONGEST)
    write_json(out.with_name(f"{out.stem}_labels.json"), _labels(names, _TYPES[shape]))
    split: set[int] = set()
    with out.open("wb") as file:
        xml = _Xml(file)
        with xml.tag("annotations"):
            xml.text("version", "1.1")
            _meta(xml, predictions, names, _TYPES[shape])
            track = 0
            for group, (one, name) in enumerate(zip(predictions, names, strict=True), start=1):
                head = {"label": name, "source": "auto", "group_id": str(group)}
                for shapes in _tracks(one, shape, split):
                    with xml.tag("track", {"id": str(track), **head}):
                        for frame, kind, place, outside in shapes:
                            _shape(xml, one, kind, frame, place, outside)
                    track += 1
        xml.close()
    if not split:
        return ()
    return (
        f"in {len(split)} frames a mask has several parts, of which a polygon outlines the "
        "largest; --set shape=mask keeps all",
    )


def _labels(names: Sequence[str], kind: str) -> list[dict[str, Any]]:
    return [{"name": name, "type": kind, "attributes": [_ATTRIBUTE]} for name in names]


Placed = tuple[int, str, dict[str, str], bool]
"""A frame, its shape's tag, where the shape is, and whether the object has left the picture."""


def _tracks(one: Prediction, shape: str, split: set[int]) -> Iterator[Iterator[Placed]]:
    """Tracks of a prediction, each an iterator of shapes. split: gets frames of several parts."""
    if shape == "mask":
        for frame in one.masklet.frames():
            yield _ended(iter([(frame, "mask", _rle(one.masklet.get(frame)), False)]), one)
    elif one.masklet:
        yield _along(one, shape, split)


def _along(one: Prediction, shape: str, split: set[int]) -> Iterator[Placed]:
    for first, last in runs(one.masklet):
        stretch = (
            (frame, shape, _place(one, shape, frame, split), False)
            for frame in range(first, last + 1)
        )
        yield from _ended(stretch, one)


def _ended(shapes: Iterator[Placed], one: Prediction) -> Iterator[Placed]:
    """The shapes, and behind them one that says that the object is gone."""
    last: Placed | None = None
    for last in shapes:
        yield last
    if last is not None and last[0] + 1 < one.video.length:
        yield last[0] + 1, last[1], last[2], True


def _place(one: Prediction, shape: str, frame: int, split: set[int]) -> dict[str, str]:
    if shape == "box":
        left, top, width, height = box_of(one.masklet, frame) or (0, 0, 0, 0)
        corners = (("xtl", left), ("ytl", top), ("xbr", left + width), ("ybr", top + height))
        return {name: f"{value:.2f}" for name, value in corners}
    ring, count = outline(one.masklet.get(frame)) or (np.zeros((3, 2)), 1)
    if count > 1:
        split.add(frame)
    return {"points": ";".join(f"{x:.2f},{y:.2f}" for x, y in ring)}


def _rle(mask: NDArray[np.bool_]) -> dict[str, str]:
    """A mask cut to its box: run lengths by rows, background first."""
    box = bounds(mask) or (slice(0, 1), slice(0, 1))
    part = mask[box].ravel()
    edges = np.flatnonzero(np.diff(part, prepend=False, append=False))
    ends = [*edges.tolist()] if part[-1] else [*edges.tolist(), len(part)]
    counts = np.diff(ends, prepend=0)
    return {
        "rle": ", ".join(map(str, counts.tolist())),
        "left": str(box[1].start),
        "top": str(box[0].start),
        "width": str(mask[box].shape[1]),
        "height": str(mask[box].shape[0]),
    }


def _shape(
    xml: _Xml, one: Prediction, kind: str, frame: int, place: dict[str, str], outside: bool
) -> None:
    head = {
        "frame": str(frame),
        "keyframe": "1",
        "outside": str(int(outside)),
        "occluded": "0",
        **place,
        "z_order": "0",
    }
    with xml.tag(kind, head):
        xml.text("attribute", str(frame in one.moment).lower(), {"name": "moment"})


def _meta(xml: _Xml, predictions: Sequence[Prediction], names: Sequence[str], kind: str) -> None:
    facts = predictions[0].video
    with xml.tag("meta"), xml.tag("task"):
        xml.text("name", by_video(predictions)[0].name)
        xml.text("size", str(facts.length))
        xml.text("mode", "interpolation")
        xml.text("overlap", "0")
        xml.text("start_frame", "0")
        xml.text("stop_frame", str(facts.length - 1))
        xml.text("frame_filter", "")
        with xml.tag("labels"):
            for name, one in zip(names, predictions, strict=True):
                with xml.tag("label"):
                    xml.text("name", name)
                    xml.text("type", kind)
                    xml.text("description", one.sentence)
                    with xml.tag("attributes"), xml.tag("attribute"):
                        xml.text("name", "moment")
                        xml.text("mutable", "True")
                        xml.text("input_type", "checkbox")
                        xml.text("default_value", "false")
                        xml.text("values", "false")
        with xml.tag("original_size"):
            xml.text("width", str(facts.width))
            xml.text("height", str(facts.height))
        xml.text("source", Path(facts.path).name)


class _Xml:
    """XML that is written as it is made."""

    def __init__(self, file: Any) -> None:
        self._generator = XMLGenerator(file, "utf-8", short_empty_elements=True)
        self._generator.startDocument()
        self._depth = 0

    @contextmanager
    def tag(self, name: str, values: dict[str, str] | None = None) -> Iterator[None]:
        self._start(name, values)
        self._depth += 1
        yield
        self._depth -= 1
        self._indent()
        self._generator.endElement(name)

    def text(self, name: str, value: str, values: dict[str, str] | None = None) -> None:
        self._start(name, values)
        self._generator.characters(plain_text(value))
        self._generator.endElement(name)

    def close(self) -> None:
        self._generator.characters("\n")
        self._generator.endDocument()

    def _start(self, name: str, values: dict[str, str] | None) -> None:
        if self._depth or name != "annotations":
            self._indent()
        clean = {key: plain_text(value) for key, value in (values or {}).items()}
        self._generator.startElement(name, AttributesImpl(clean))

    def _indent(self) -> None:
        self._generator.characters("\n" + "  " * self._depth)
