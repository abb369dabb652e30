"""Between Label Studio and a server of ours: what a task asks, and what an answer is there.

Label Studio counts frames from 1 and places in percent of the picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from momentvos.errors import ArgumentError
from momentvos.moment import Moment
from momentvos.results.export.labelstudio import video_results
from momentvos.results.prediction import Prediction

Json = dict[str, Any]
MOST_CONFIG = 1 << 20
MOST_CLICKS = 32
_SHAPES = ("labels", "rectanglelabels", "videorectangle", "keypointlabels")


@dataclass(frozen=True)
class Controls:
    """What a labelling configuration has for videos.

    video: name of the tag. key: where a task's data has the address. labels: sentences by label.
    moments, boxes: names of the tags TimelineLabels and VideoRectangle; None: there is none.
    """

    video: str
    key: str
    labels: Mapping[str, str]
    moments: str | None
    boxes: str | None

    @classmethod
    def parse(cls, text: str) -> Controls:
        """Read a configuration. Raises ArgumentError for one without videos or labels.

        A label's sentence is its `hint`, or else its `value`.
        """
        if len(text) > MOST_CONFIG or "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise ArgumentError("The labelling configuration is too long, or declares entities.")
        try:
            root = ET.fromstring(text)  # noqa: S314 - without declarations there is nothing to expand
        except ET.ParseError as error:
            raise ArgumentError(f"The labelling configuration is no XML: {error}.") from None
        video = root.find(".//Video")
        if video is None:
            raise ArgumentError("The labelling configuration has no <Video>.")
        labels = {one.get("value", ""): one.get("hint", "") for one in root.iter("Label")}
        labels = {label: hint or label for label, hint in labels.items() if label}
        if not labels:
            raise ArgumentError("The labelling configuration has no <Label>; each is a sentence.")
        tags = {tag: root.find(f".//{tag}") for tag in ("TimelineLabels", "VideoRectangle")}
        names = {tag: None if one is None else one.get("name") for tag, one in tags.items()}
        key = video.get("value", "$video").lstrip("$")
        return cls(
            video.get("name", "video"),
            key,
            labels,
            names["TimelineLabels"],
            names["VideoRectangle"],
        )


def asks(
    controls: Controls, data: Mapping[str, Any], drawn: Sequence[Json], size: tuple[int, int]
) -> dict[str, Json]:
    """What is asked, by label. size: (width, height) of the video.

    data: of the task; its `sentence` takes the place of a single label's. drawn: regions that a
    person has drawn, of an interactive request: boxes and points are clicks on the object of
    their label, stretches of the timeline its moment; then only these labels are asked.
    """
    sentences = dict(controls.labels)
    if isinstance(data.get("sentence"), str) and len(sentences) == 1:
        sentences = dict.fromkeys(sentences, data["sentence"])
    made: dict[str, Json] = {label: {"sentence": text} for label, text in sentences.items()}
    touched = []
    for region in drawn:
        value = region.get("value") or {}
        kind = next((one for one in (*_SHAPES, "timelinelabels") if value.get(one)), None)
        label = None if kind is None else value[kind][0]
        if label not in made:
            continue
        touched.append(label)
        if kind == "timelinelabels":
            spans = [
                [max(int(one["start"]) - 1, 0), int(one["end"]) - 1] for one in value["ranges"]
            ]
            known = made[label].get("moment", [])
            made[label]["moment"] = Moment([*known, *spans]).to_list()
        else:
            clicks = made[label].setdefault("clicks", [])
            clicks += list(_clicks(value, size))[: MOST_CLICKS - len(clicks)]
    return {label: one for label, one in made.items() if not touched or label in touched}


def _clicks(value: Json, size: tuple[int, int]) -> Iterator[Json]:
    """The middles of a box's keyframes, or a point."""
    width, height = size
    for one in value.get("sequence") or [value]:
        across = (float(one["x"]) + float(one.get("width") or 0) / 2) * width / 100
        down = (float(one["y"]) + float(one.get("height") or 0) / 2) * height / 100
        yield {
            "frame": max(int(one.get("frame", 1)) - 1, 0),
            "x": min(max(across, 0.0), width - 1.0),
            "y": min(max(down, 0.0), height - 1.0),
        }


def results(
    controls: Controls, answers: Mapping[str, Prediction], times: Sequence[float]
) -> list[Json]:
    """Regions of the answers, by label, as Label Studio shows them. times: of the frames."""
    made = []
    tags = {"timelinelabels": controls.moments, "videorectangle": controls.boxes}
    for number, (label, one) in enumerate(answers.items()):
        for region in video_results(one, label, number, times):
            name = tags[region["type"]]
            if name is not None:
                made.append(region | {"from_name": name, "to_name": controls.video})
    return made
