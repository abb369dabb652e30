"""What is imported: a data set's videos, objects and expressions, before any row is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from momentvos.studio.content import Annotation

Form = Literal["mevis", "labels", "videos"]
Json = dict[str, Any]


@dataclass(frozen=True)
class NewObject:
    """An object. name: of its masks in the data set. label: of the object in its video."""

    name: str
    label: str
    masks: Json


@dataclass(frozen=True)
class NewExpression:
    """A sentence. start: what the data set says of it. raw: its entry there."""

    name: str
    sentence: str
    kind: str = ""
    start: Annotation = field(default_factory=Annotation)
    raw: Json = field(default_factory=dict)


@dataclass(frozen=True)
class NewVideo:
    """A video; fields as of `tables.VideoRow`."""

    name: str
    frames: int
    fps: float
    size: tuple[int, int]
    place: Json
    raw: Json = field(default_factory=dict)
    objects: tuple[NewObject, ...] = ()
    expressions: tuple[NewExpression, ...] = ()


@dataclass(frozen=True)
class NewProject:
    """A data set. raw: its index without the videos. Fields as of `tables.ProjectRow`."""

    form: Form
    root: str
    videos: tuple[NewVideo, ...]
    raw: Json = field(default_factory=dict)
