"""A project at one point of its history: what every export is made of, read in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from momentvos.server.database import Database
from momentvos.studio.content import DRAFT, SUBMITTED, UNUSABLE, Annotation, Corrections
from momentvos.studio.majority import majority
from momentvos.studio.masks import VideoMasks
from momentvos.studio.projects import row_of
from momentvos.studio.states import Status
from momentvos.studio.tables import (
    FINAL,
    AnnotationRow,
    EventRow,
    ExpressionRow,
    ObjectRow,
    ProjectRow,
    VideoRow,
)

Json = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """An expression with the answer that counts.

    answer: None where nobody has handed one in; then `start` is all that is known. authors: whose
    it is, "" for adjudication. changed: whether it says anything else than the data set did.
    """

    name: str
    sentence: str
    raw: Json
    start: Annotation
    answer: Annotation | None
    authors: tuple[str, ...]
    agreement: float | None
    status: Status

    @property
    def unusable(self) -> bool:
        return self.answer is not None and self.answer.state == UNUSABLE

    @property
    def moments(self) -> Mapping[str, Any]:
        """Moments by object: the answer's, or what the data set says."""
        return (self.answer or self.start).moments

    @property
    def changed(self) -> bool:
        return self.answer is not None and dict(self.answer.moments) != dict(self.start.moments)


@dataclass(frozen=True)
class Film:
    """A video with its results. labels: of its objects. place, raw: as of `tables.VideoRow`."""

    name: str
    masks: VideoMasks
    fps: float
    place: Json
    raw: Json
    labels: Mapping[str, str]
    results: tuple[Result, ...]


@dataclass(frozen=True)
class Snapshot:
    """A project. event: number of the last event that is in it."""

    name: str
    form: str
    root: str
    raw: Json
    event: int
    films: tuple[Film, ...]


def take(database: Database, project: int) -> Snapshot:
    """A project as it is now; writers do not wait for it. Raises Problem (404)."""
    with database.read() as session:
        if session.get_bind().dialect.name == "postgresql":  # SQLite's always are
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        row = row_of(session, ProjectRow, project, "project")
        of_project = EventRow.project_id == project
        event = session.scalar(select(func.max(EventRow.id)).where(of_project)) or 0
        results = _results(session, row)
        objects = _objects(session, project)
        everything = select(VideoRow).where(VideoRow.project_id == project)
        videos = session.scalars(
            everything.order_by(VideoRow.id).options(undefer(VideoRow.place), undefer(VideoRow.raw))
        )
        films = [_film(one, objects.get(one.id, []), results.get(one.id, [])) for one in videos]
        return Snapshot(row.name, row.form, row.root, row.raw, event, tuple(films))


def video_masks(row: VideoRow, objects: Sequence[ObjectRow]) -> VideoMasks:
    """Where the masks of a video are."""
    return VideoMasks(
        (row.height, row.width),
        row.frames,
        row.place.get("names", ()),
        {one.name: one.masks for one in objects},
        Corrections.from_json(row.corrections),
    )


def chosen(
    annotations: Sequence[AnnotationRow], wanted: int
) -> tuple[Annotation | None, list[str]]:
    """The answer that counts, and whose it is.

    It is the one of adjudication, else, once enough were handed in, what most of three or more say,
    or the first one of fewer: what both of two say would be shorter than either.
    """
    rows = [one for one in annotations if one.state != DRAFT]
    finals = [one for one in rows if one.author == FINAL]
    others = [one for one in rows if one.author != FINAL]
    if finals:
        return Annotation.from_json(finals[0].content), [FINAL]
    if len(others) < wanted or not others:
        return None, []
    authors = [one.author for one in others]
    if len(others) > 2:
        return majority([Annotation.from_json(one.content) for one in others]), authors
    first = next((one for one in others if one.state == SUBMITTED), others[0])
    return Annotation.from_json(first.content), authors


def _film(row: VideoRow, objects: Sequence[ObjectRow], results: Sequence[Result]) -> Film:
    labels = {one.name: one.label for one in objects}
    masks = video_masks(row, objects)
    return Film(row.name, masks, row.fps, row.place, row.raw, labels, tuple(results))


def _objects(session: Session, project: int) -> dict[int, list[ObjectRow]]:
    asked = select(ObjectRow).join(VideoRow).where(VideoRow.project_id == project)
    made: dict[int, list[ObjectRow]] = {}
    for one in session.scalars(asked.order_by(ObjectRow.id).options(undefer(ObjectRow.masks))):
        made.setdefault(one.video_id, []).append(one)
    return made


def _results(session: Session, project: ProjectRow) -> dict[int, list[Result]]:
    of_project = ExpressionRow.project_id == project.id
    handed_in: dict[int, list[AnnotationRow]] = {}
    asked = (
        select(AnnotationRow).join(ExpressionRow).where(of_project, AnnotationRow.state != DRAFT)
    )
    for one in session.scalars(asked.order_by(AnnotationRow.id)):
        handed_in.setdefault(one.expression_id, []).append(one)
    made: dict[int, list[Result]] = {}
    everything = select(ExpressionRow).where(of_project).order_by(ExpressionRow.position)
    for row in session.scalars(everything.options(undefer(ExpressionRow.raw))):
        answer, authors = chosen(handed_in.get(row.id, []), project.wanted)
        start = Annotation.from_json(row.start)
        made.setdefault(row.video_id, []).append(
            Result(
                row.name,
                row.sentence,
                row.raw,
                start,
                answer,
                tuple(authors),
                row.agreement,
                row.status,
            )
        )
    return made
