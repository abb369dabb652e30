"""Expressions: everything that their page shows, work taken, adjudication begun."""

from __future__ import annotations

from fastapi import APIRouter

from momentvos.server.api.common import TheUser, needs, problems
from momentvos.studio.access import me
from momentvos.studio.api.common import Id, TheStudio
from momentvos.studio.schemas import Annotation, Expression

router = APIRouter(prefix="/api/studio/expressions", tags=["studio"])


@router.get("/{expression}", responses=problems(404))
def expression(expression: Id, studio: TheStudio, user: TheUser) -> Expression:
    """An expression with its video, and with what the one who asks may see of annotations."""
    return studio.queries.expression(expression, user)


@router.post(
    "/{expression}/annotation", dependencies=[needs("annotator")], responses=problems(404, 409)
)
def begin(expression: Id, studio: TheStudio, user: TheUser) -> Annotation:
    """One's own annotation, taken on where nobody was asked for it yet."""
    made = studio.projects.take_on(expression, me(user), free=user.may("admin"))
    return Annotation.model_validate(studio.items.annotation(made))


@router.post("/{expression}/final", dependencies=[needs("reviewer")], responses=problems(404))
def decide(expression: Id, studio: TheStudio, user: TheUser) -> Annotation:
    """The annotation by which adjudication decides; it begins as what all agree on."""
    return Annotation.model_validate(studio.items.decide(expression, me(user)))
