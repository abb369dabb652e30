"""What people can change, as clients send it and as the history keeps it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from momentvos.server.schemas import Span, Strict

Name = Annotated[str, Field(max_length=200)]
"""Of an object; "" is an expression as a whole, where no object is known."""
SpanList = Annotated[list[Span], Field(max_length=10_000)]


class Spans(Strict):
    """Set the whole moment of an object."""

    do: Literal["spans"] = "spans"
    object: Name
    spans: SpanList


class Mark(Strict):
    """Add a span to an object's moment."""

    do: Literal["mark"] = "mark"
    object: Name
    span: Span


class Erase(Strict):
    """Take a span out of an object's moment."""

    do: Literal["erase"] = "erase"
    object: Name
    span: Span


class AddObject(Strict):
    """Add an object that the expression means and that lacks."""

    do: Literal["add_object"] = "add_object"
    object: Name
    spans: SpanList = []


class RemoveObject(Strict):
    """Remove an object that the expression does not mean."""

    do: Literal["remove_object"] = "remove_object"
    object: Name


class Take(Strict):
    """Set all objects with their moments at once: a merge, a proposal, another's answer."""

    do: Literal["take"] = "take"
    moments: Annotated[dict[Name, SpanList], Field(max_length=1000)]
    source: Annotated[str, Field(max_length=200)] = ""


class Submit(Strict):
    """Hand the annotation in."""

    do: Literal["submit"] = "submit"


class Unusable(Strict):
    """Hand the expression in as one that cannot be used, such as for masks that lack."""

    do: Literal["unusable"] = "unusable"
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


class Reopen(Strict):
    """Make what was handed in a draft again."""

    do: Literal["reopen"] = "reopen"


class Swap(Strict):
    """Exchange the masks of two objects in some frames."""

    do: Literal["swap"] = "swap"
    first: Name
    second: Name
    spans: SpanList


class NewObject(Strict):
    """Note an object of the video that its data set lacks; its masks are stored beside."""

    do: Literal["new_object"] = "new_object"
    object: Annotated[str, Field(min_length=1, max_length=200)]
    source: Annotated[str, Field(max_length=200)] = ""


class Undo(Strict):
    """Go back to before the last change that was not undone."""

    do: Literal["undo"] = "undo"


class Redo(Strict):
    """Make the last change that was undone again."""

    do: Literal["redo"] = "redo"


AnnotationChange = (
    Spans | Mark | Erase | AddObject | RemoveObject | Take | Submit | Unusable | Reopen
)
VideoChange = Swap | NewObject
AnyAnnotationChange = Annotated[AnnotationChange | Undo | Redo, Field(discriminator="do")]
AnyVideoChange = Annotated[Swap | Undo | Redo, Field(discriminator="do")]
"""What clients may send; `NewObject` is written with the object's masks alone."""
_ANNOTATION: TypeAdapter[Any] = TypeAdapter(AnyAnnotationChange)
_VIDEO: TypeAdapter[Any] = TypeAdapter(
    Annotated[VideoChange | Undo | Redo, Field(discriminator="do")]
)


def annotation_change(value: Any) -> AnnotationChange | Undo | Redo:
    """A change of an annotation, back from JSON."""
    change: AnnotationChange | Undo | Redo = _ANNOTATION.validate_python(value)
    return change


def video_change(value: Any) -> VideoChange | Undo | Redo:
    """A change of a video's corrections, back from JSON."""
    change: VideoChange | Undo | Redo = _VIDEO.validate_python(value)
    return change
