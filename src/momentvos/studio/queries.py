"""Reading for clients: lists with search, one expression with everything, agreement."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Literal

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, undefer

from momentvos.server.database import Database
from momentvos.server.user import User
from momentvos.studio import agreement as measure
from momentvos.studio import schemas
from momentvos.studio.access import me, sees
from momentvos.studio.content import DRAFT, SUBMITTED
from momentvos.studio.content import Annotation as Content
from momentvos.studio.items import shown
from momentvos.studio.masks import VideoMasks
from momentvos.studio.projects import row_of
from momentvos.studio.snapshot import video_masks
from momentvos.studio.tables import (
    FINAL,
    AnnotationRow,
    ExpressionRow,
    ObjectRow,
    ProjectRow,
    VideoRow,
)

Mine = Literal["todo", "handed_in"]


class Queries:
    """What clients read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def projects(self, user: User) -> list[schemas.Project]:
        """All projects, the newest first."""
        with self._database.read() as session:
            rows = session.scalars(select(ProjectRow).order_by(ProjectRow.id.desc())).all()
            return [_project(session, row, user) for row in rows]

    def project(self, number: int, user: User) -> schemas.Project:
        """A project. Raises Problem (404)."""
        with self._database.read() as session:
            return _project(session, row_of(session, ProjectRow, number, "project"), user)

    def expressions(
        self,
        project: int,
        user: User,
        offset: int = 0,
        limit: int = 200,
        search: str = "",
        status: str | None = None,
        mine: Mine | None = None,
    ) -> schemas.Page:
        """A part of a project's list. search: words of the sentence or the video's name."""
        asked = select(ExpressionRow.id).where(ExpressionRow.project_id == project)
        for word in search.lower().replace("\0", " ").split():
            asked = asked.where(ExpressionRow.search.contains(word, autoescape=True))
        if status is not None:
            asked = asked.where(ExpressionRow.status == status)
        if mine is not None:
            asked = asked.join(AnnotationRow).where(AnnotationRow.author == me(user))
            draft = AnnotationRow.state == DRAFT
            asked = asked.where(draft if mine == "todo" else ~draft)
        with self._database.read() as session:
            row_of(session, ProjectRow, project, "project")
            total = session.scalar(select(func.count()).select_from(asked.subquery())) or 0
            page = asked.order_by(ExpressionRow.position).offset(offset).limit(limit)
            return schemas.Page(total=total, offset=offset, items=_listed(session, page, user))

    def expression(self, number: int, user: User) -> schemas.Expression:
        """An expression with its video and what may be seen of what people say. Raises Problem."""
        with self._database.read() as session:
            row = row_of(session, ExpressionRow, number, "expression")
            rows = session.scalars(
                select(AnnotationRow)
                .where(AnnotationRow.expression_id == number)
                .order_by(AnnotationRow.id)
            )
            visible = [one for one in rows if sees(user, one.author, one.state)]
            around = {
                one.position: one.id
                for one in session.execute(
                    select(ExpressionRow.position, ExpressionRow.id).where(
                        ExpressionRow.project_id == row.project_id,
                        ExpressionRow.position.in_((row.position - 1, row.position + 1)),
                    )
                )
            }
            return schemas.Expression(
                id=row.id,
                project=row.project_id,
                position=row.position,
                name=row.name,
                sentence=row.sentence,
                kind=row.kind,
                status=row.status,
                agreement=row.agreement,
                video=_video(session, row.video_id),
                annotations=[schemas.Annotation.model_validate(shown(one)) for one in visible],
                previous=around.get(row.position - 1),
                next=around.get(row.position + 1),
            )

    def video(self, number: int) -> schemas.Video:
        """A video. Raises Problem (404)."""
        with self._database.read() as session:
            return _video(session, number)

    def videos(self, project: int) -> list[dict[str, Any]]:
        """Id and name of each video of a project."""
        with self._database.read() as session:
            asked = select(VideoRow.id, VideoRow.name).where(VideoRow.project_id == project)
            return [{"id": one.id, "name": one.name} for one in session.execute(asked)]

    def place(self, number: int) -> tuple[VideoRow, VideoMasks]:
        """A video with where its frames and masks are. Raises Problem (404)."""
        with self._database.read() as session:
            row = row_of(session, VideoRow, number, "video")
            objects = session.scalars(
                select(ObjectRow)
                .where(ObjectRow.video_id == number)
                .order_by(ObjectRow.id)
                .options(undefer(ObjectRow.masks))
            ).all()
            return row, video_masks(row, objects)

    def agreement(self, project: int) -> schemas.Agreement:
        """How far annotators agree, without what is a draft or unusable. Raises Problem (404)."""
        with self._database.read() as session:
            row_of(session, ProjectRow, project, "project")
            groups = _handed_in(session, project)
        several = [one for one in groups if len(one[1]) > 1]
        names = sorted({name for _, moments in several for name in moments})
        pairs = []
        for first, second in combinations(names, 2):
            both = [
                (length, {one: moments[one] for one in (first, second)})
                for length, moments in several
                if first in moments and second in moments
            ]
            if both:
                tiou, alpha = _figures(both)
                pairs.append(
                    schemas.Pair(
                        first=first, second=second, expressions=len(both), tiou=tiou, alpha=alpha
                    )
                )
        tiou, alpha = _figures(several)
        return schemas.Agreement(expressions=len(several), tiou=tiou, alpha=alpha, pairs=pairs)


Group = tuple[int, dict[str, measure.Moments]]
"""An expression: number of frames, and moments by annotator."""


def _figures(groups: Sequence[Group]) -> tuple[float | None, float | None]:
    means = [measure.mean_tiou(list(moments.values())) for _, moments in groups]
    known = [one for one in means if one is not None]
    units = (
        unit
        for length, moments in groups
        for unit in measure.frame_units(list(moments.values()), length)
    )
    return sum(known) / len(known) if known else None, measure.alpha(units)


def _handed_in(session: Session, project: int) -> list[Group]:
    asked = (
        select(ExpressionRow.id, VideoRow.frames, AnnotationRow.author, AnnotationRow.content)
        .join(AnnotationRow, AnnotationRow.expression_id == ExpressionRow.id)
        .join(VideoRow, VideoRow.id == ExpressionRow.video_id)
        .where(
            ExpressionRow.project_id == project,
            AnnotationRow.state == SUBMITTED,
            AnnotationRow.author != FINAL,
        )
    )
    groups: dict[int, Group] = {}
    for row in session.execute(asked):
        moments = groups.setdefault(row.id, (row.frames, {}))[1]
        moments[row.author] = Content.from_json(row.content).moments
    return list(groups.values())


def _project(session: Session, row: ProjectRow, user: User) -> schemas.Project:
    counts = {
        one.status: one.number
        for one in session.execute(
            select(ExpressionRow.status, func.count().label("number"))
            .where(ExpressionRow.project_id == row.id)
            .group_by(ExpressionRow.status)
        )
    }
    mine = session.scalar(
        select(func.count())
        .select_from(AnnotationRow)
        .join(ExpressionRow)
        .where(
            ExpressionRow.project_id == row.id,
            AnnotationRow.author == me(user),
            AnnotationRow.state == DRAFT,
        )
    )
    return schemas.Project(
        id=row.id,
        name=row.name,
        form=row.form,
        wanted=row.wanted,
        agree_at=row.agree_at,
        created=row.created,
        expressions=sum(counts.values()),
        counts=counts,
        mine=mine or 0,
    )


def _listed(session: Session, page: Select[Any], user: User) -> list[schemas.Listed]:
    ids = list(session.scalars(page))
    states: dict[int, list[schemas.AnnotationState]] = {}
    asked = select(
        AnnotationRow.id,
        AnnotationRow.expression_id,
        AnnotationRow.author,
        AnnotationRow.state,
        AnnotationRow.version,
    ).where(AnnotationRow.expression_id.in_(ids))
    for one in session.execute(asked.order_by(AnnotationRow.id)):
        if sees(user, one.author, one.state):
            about = {"id": one.id, "author": one.author, "state": one.state}
            states.setdefault(one.expression_id, []).append(
                schemas.AnnotationState(**about, version=one.version)
            )
    rows = session.execute(
        select(ExpressionRow, VideoRow.name)
        .join(VideoRow, VideoRow.id == ExpressionRow.video_id)
        .where(ExpressionRow.id.in_(ids))
        .order_by(ExpressionRow.position)
    )
    return [
        schemas.Listed(
            id=row.id,
            position=row.position,
            name=row.name,
            sentence=row.sentence,
            kind=row.kind,
            video=row.video_id,
            video_name=video,
            status=row.status,
            agreement=row.agreement,
            annotations=states.get(row.id, []),
        )
        for row, video in rows
    ]


def _video(session: Session, number: int) -> schemas.Video:
    row = row_of(session, VideoRow, number, "video")
    objects = session.scalars(
        select(ObjectRow).where(ObjectRow.video_id == number).order_by(ObjectRow.id)
    )
    return schemas.Video(
        id=row.id,
        name=row.name,
        frames=row.frames,
        fps=row.fps,
        width=row.width,
        height=row.height,
        times=row.place.get("times"),
        durations=row.place.get("durations"),
        objects=[
            schemas.VideoObject(name=one.name, label=one.label, added=one.added) for one in objects
        ],
        corrections=schemas.Corrections.model_validate(shown(row)),
    )
