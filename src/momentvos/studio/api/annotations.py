"""Annotations: read, change, history, taken back."""

from __future__ import annotations

from fastapi import APIRouter

from momentvos.server.api.common import TheUser, needs, problems
from momentvos.studio.access import check_sees, check_writes, me
from momentvos.studio.api.common import REFUSED, Id, TheStudio
from momentvos.studio.items import ANNOTATION
from momentvos.studio.schemas import Annotation, AnnotationWrite, Event

router = APIRouter(prefix="/api/studio/annotations", tags=["studio"])


@router.get("/{annotation}", responses=problems(404))
def annotation(annotation: Id, studio: TheStudio, user: TheUser) -> Annotation:
    """What one person says of an expression."""
    made = Annotation.model_validate(studio.items.annotation(annotation))
    check_sees(user, made.author)
    return made


@router.post("/{annotation}/changes", responses=problems(404) | REFUSED)
def change(annotation: Id, asked: AnnotationWrite, studio: TheStudio, user: TheUser) -> Annotation:
    """Make a change of the version that its author saw; it is stored when this answers."""
    check_writes(user, studio.items.annotation(annotation)["author"])
    made = studio.items.change_annotation(
        annotation, asked.version, asked.change, me(user), asked.key
    )
    return Annotation.model_validate(made)


@router.get("/{annotation}/history", responses=problems(404))
def history(annotation: Id, studio: TheStudio, user: TheUser) -> list[Event]:
    """Every change, the first one first."""
    check_sees(user, studio.items.annotation(annotation)["author"])
    return [Event.model_validate(one) for one in studio.items.history(ANNOTATION, annotation)]


@router.delete(
    "/{annotation}", status_code=204, dependencies=[needs("admin")], responses=problems(404, 409)
)
def take_back(annotation: Id, studio: TheStudio, user: TheUser) -> None:
    """Take an expression from somebody who has not begun with it."""
    studio.projects.take_back(annotation, me(user))
