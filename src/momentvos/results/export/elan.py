"""ELAN annotations (EAF 3.0): a tier per sentence, an annotation per moment.

Format: https://www.mpi.nl/tools/elan/EAF_Annotation_Format_3.0_and_ELAN.pdf
"""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from momentvos.results.export.footage import probe
from momentvos.results.export.names import labels, plain_text

if TYPE_CHECKING:
    from momentvos.results.export.exporter import Options
    from momentvos.results.prediction import Prediction

_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_TYPE = "moments"
_CONSTRAINTS = {
    "Time_Subdivision": "Time subdivision of parent annotation's time interval, no time gaps "
    "allowed within this interval",
    "Symbolic_Subdivision": "Symbolic subdivision of a parent annotation. Annotations refering to "
    "the same parent are ordered",
    "Symbolic_Association": "1-1 association with a parent annotation",
    "Included_In": "Time alignable annotations within the parent annotation's time interval, gaps "
    "are allowed",
}


def write(predictions: Sequence[Prediction], out: Path, options: Options) -> None:
    """Write the annotations of one video; a sentence that is not found has an empty tier."""
    root = ET.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "MomentVOS",
            "DATE": datetime.now(UTC).isoformat(timespec="seconds"),
            "FORMAT": "3.0",
            "VERSION": "3.0",
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:noNamespaceSchemaLocation": _SCHEMA,
        },
    )
    _header(root, probe(predictions[0], options).path)
    order = ET.SubElement(root, "TIME_ORDER")
    slots: list[int] = []
    tiers = [
        (one, label)
        for one, label in zip(predictions, labels([p.sentence for p in predictions]), strict=True)
    ]
    number = 0
    for one, label in tiers:
        tier = ET.SubElement(
            root,
            "TIER",
            {"TIER_ID": label, "LINGUISTIC_TYPE_REF": _TYPE, "ANNOTATOR": plain_text(one.model)},
        )
        for start, end in one.seconds:
            first, last = _milliseconds(start), max(_milliseconds(end), _milliseconds(start) + 1)
            slots += [first, last]
            number += 1
            holder = ET.SubElement(tier, "ANNOTATION")
            aligned = ET.SubElement(
                holder,
                "ALIGNABLE_ANNOTATION",
                {
                    "ANNOTATION_ID": f"a{number}",
                    "TIME_SLOT_REF1": f"ts{len(slots) - 1}",
                    "TIME_SLOT_REF2": f"ts{len(slots)}",
                },
            )
            ET.SubElement(aligned, "ANNOTATION_VALUE").text = plain_text(one.sentence)
    for place, value in sorted(enumerate(slots, start=1), key=lambda pair: pair[1]):
        slot = {"TIME_SLOT_ID": f"ts{place}", "TIME_VALUE": str(value)}
        ET.SubElement(order, "TIME_SLOT", slot)
    ET.SubElement(
        root,
        "LINGUISTIC_TYPE",
        {
            "LINGUISTIC_TYPE_ID": _TYPE,
            "TIME_ALIGNABLE": "true",
            "GRAPHIC_REFERENCES": "false",
        },
    )
    for name, description in _CONSTRAINTS.items():
        ET.SubElement(root, "CONSTRAINT", {"STEREOTYPE": name, "DESCRIPTION": description})
    ET.indent(root)
    ET.ElementTree(root).write(out, encoding="utf-8", xml_declaration=True)


def _header(root: ET.Element, video: Path) -> None:
    header = ET.SubElement(root, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
    media = {
        "MEDIA_URL": plain_text(video.as_uri()),
        "MIME_TYPE": mimetypes.guess_type(video.name)[0] or "video/mp4",
        "RELATIVE_MEDIA_URL": plain_text(f"./{video.name}"),
    }
    ET.SubElement(header, "MEDIA_DESCRIPTOR", media)


def _milliseconds(seconds: float) -> int:
    return max(round(seconds * 1000), 0)
