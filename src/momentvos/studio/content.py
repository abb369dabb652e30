"""What people say: of an expression, when it holds for which object; of a video, whose masks are
whose. Pure values, and what a change makes of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from momentvos.errors import ArgumentError
from momentvos.moment import Moment
from momentvos.studio.changes import (
    AddObject,
    AnnotationChange,
    Erase,
    Mark,
    NewObject,
    RemoveObject,
    Reopen,
    Spans,
    Submit,
    Take,
    Unusable,
    VideoChange,
)

State = Literal["draft", "submitted", "unusable"]
DRAFT: Final = "draft"
SUBMITTED: Final = "submitted"
UNUSABLE: Final = "unusable"


@dataclass(frozen=True)
class Scene:
    """What a change must fit: number of frames of the video, and names of its objects."""

    length: int
    objects: frozenset[str]


@dataclass(frozen=True)
class Annotation:
    """What one person says of one expression.

    moments: of each object that the expression means, by the object's name; "" is the expression
    as a whole, where no object is known. state: draft until it is handed in, as an answer or as
    unusable. reason: why it is unusable.
    """

    moments: Mapping[str, Moment] = field(default_factory=dict)
    state: State = DRAFT
    reason: str = ""

    def after(self, change: AnnotationChange, scene: Scene) -> Annotation:
        """The annotation with a change. Raises ArgumentError for one that does not fit."""
        if isinstance(change, Reopen):
            if self.state == DRAFT:
                raise ArgumentError("The annotation is a draft already.")
            return replace(self, state=DRAFT, reason="")
        if self.state != DRAFT:
            raise ArgumentError("The annotation was handed in; reopen it to change it.")
        if isinstance(change, Submit):
            return replace(self, state=SUBMITTED)
        if isinstance(change, Unusable):
            return replace(self, state=UNUSABLE, reason=change.reason)
        if isinstance(change, Take):
            moments = {name: _moment(spans, scene) for name, spans in change.moments.items()}
            for name in moments:
                _check_object(name, scene)
            return replace(self, moments=moments)
        return replace(self, moments=self._moments_after(change, scene))

    def _moments_after(
        self, change: Spans | Mark | Erase | AddObject | RemoveObject, scene: Scene
    ) -> dict[str, Moment]:
        moments, name = dict(self.moments), change.object
        if isinstance(change, AddObject):
            _check_object(name, scene)
            if name in moments:
                raise ArgumentError(f"Object '{name}' is there already.")
            moments[name] = _moment(change.spans, scene)
            return moments
        if name not in moments:
            raise ArgumentError(f"Object '{name}' is none of this expression; add it first.")
        if isinstance(change, RemoveObject):
            del moments[name]
        elif isinstance(change, Spans):
            moments[name] = _moment(change.spans, scene)
        elif isinstance(change, Mark):
            moments[name] |= _moment([change.span], scene)
        else:
            moments[name] -= _moment([change.span], scene)
        return moments

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        moments = [{"object": name, "spans": one.to_list()} for name, one in self.moments.items()]
        return {"moments": moments, "state": self.state, "reason": self.reason}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Annotation:
        """Back from `to_json`."""
        moments = {one["object"]: Moment(one["spans"]) for one in value["moments"]}
        return cls(moments, value["state"], value["reason"])


@dataclass(frozen=True)
class Exchange:
    """Two objects whose masks are each other's in some frames."""

    first: str
    second: str
    moment: Moment


@dataclass(frozen=True)
class Corrections:
    """What people changed about a video's masks: exchanges in order, and objects added."""

    exchanges: tuple[Exchange, ...] = ()
    added: tuple[str, ...] = ()

    def after(self, change: VideoChange, scene: Scene) -> Corrections:
        """The corrections with a change. Raises ArgumentError for one that does not fit."""
        if isinstance(change, NewObject):
            if change.object in scene.objects | set(self.added):
                raise ArgumentError(f"The video has an object '{change.object}' already.")
            return replace(self, added=(*self.added, change.object))
        for name in (change.first, change.second):
            _check_object(name, Scene(scene.length, scene.objects | set(self.added)))
        moment = _moment(change.spans, scene)
        if change.first == change.second or not moment or "" in (change.first, change.second):
            raise ArgumentError("An exchange needs two objects, and frames.")
        made = Exchange(change.first, change.second, moment)
        return replace(self, exchanges=(*self.exchanges, made))

    def source(self, name: str, frame: int) -> str:
        """Name of the object whose original mask is that of `name` in a frame."""
        for one in reversed(self.exchanges):
            if name in (one.first, one.second) and frame in one.moment:
                name = one.second if name == one.first else one.first
        return name

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        exchanges = [
            {"first": one.first, "second": one.second, "spans": one.moment.to_list()}
            for one in self.exchanges
        ]
        return {"exchanges": exchanges, "added": list(self.added)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Corrections:
        """Back from `to_json`."""
        exchanges = (
            Exchange(one["first"], one["second"], Moment(one["spans"]))
            for one in value["exchanges"]
        )
        return cls(tuple(exchanges), tuple(value["added"]))


def _check_object(name: str, scene: Scene) -> None:
    if name and name not in scene.objects:
        raise ArgumentError(f"The video has no object '{name}'.")


def _moment(spans: Any, scene: Scene) -> Moment:
    moment = Moment(spans)
    if moment and moment.spans[-1][1] >= scene.length:
        raise ArgumentError(
            f"The span ends in frame {moment.spans[-1][1]}; the video has frames 0 to "
            f"{scene.length - 1}."
        )
    return moment
