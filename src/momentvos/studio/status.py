"""How far an expression is, and whose answer counts."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from momentvos.studio.agreement import mean_tiou
from momentvos.studio.content import DRAFT, UNUSABLE, Annotation
from momentvos.studio.states import DECIDED, DISPUTED, DONE, OPEN, Status
from momentvos.studio.tables import FINAL, AnnotationRow, ExpressionRow, ProjectRow


def agreement(annotations: Sequence[Annotation]) -> float | None:
    """Mean tIoU of what was handed in; 0 where some call it unusable, 1 where all do."""
    unusable = [one.state == UNUSABLE for one in annotations]
    if len(annotations) > 1 and any(unusable):
        return float(all(unusable))
    return mean_tiou([one.moments for one in annotations])


def status(
    annotations: Sequence[Annotation], final: Annotation | None, wanted: int, agree_at: float
) -> tuple[Status, float | None]:
    """Status and agreement of an expression.

    annotations: by annotators; drafts do not count. final: what adjudication has made, if anything.
    """
    handed_in = [one for one in annotations if one.state != DRAFT]
    value = agreement(handed_in)
    if final is not None and final.state != DRAFT:
        return DECIDED, value
    if len(handed_in) < wanted or not handed_in:
        return OPEN, value
    return (DONE if value is None or value >= agree_at else DISPUTED), value


def refresh(session: Session, expression: ExpressionRow, project: ProjectRow) -> None:
    """Store an expression's status anew; part of every change."""
    asked = select(AnnotationRow).where(AnnotationRow.expression_id == expression.id)
    rows = session.scalars(asked.order_by(AnnotationRow.id)).all()
    finals = [Annotation.from_json(one.content) for one in rows if one.author == FINAL]
    others = [Annotation.from_json(one.content) for one in rows if one.author != FINAL]
    expression.status, expression.agreement = status(
        others, finals[0] if finals else None, project.wanted, project.agree_at
    )
