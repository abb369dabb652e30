"""Projects: made of a data set, listed, searched by sentence and state, and given to annotators."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from momentvos.errors import ArgumentError
from momentvos.moment import Moment
from momentvos.server.accounts import normal
from momentvos.server.database import Database
from momentvos.server.problem import Problem
from momentvos.server.tables import AccountRow
from momentvos.studio.access import NOBODY
from momentvos.studio.content import DRAFT, Annotation, Corrections
from momentvos.studio.imports.dataset import NewExpression, NewProject
from momentvos.studio.names import check_name
from momentvos.studio.states import OPEN
from momentvos.studio.tables import (
    FINAL,
    AnnotationRow,
    EventRow,
    ExpressionRow,
    ObjectRow,
    ProjectRow,
    VideoRow,
)

_BLOCK = 1000
"""Rows that are written at once."""


class Projects:
    """All projects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, name: str, new: NewProject, who: str, wanted: int = 1, agree_at: float = 0.8
    ) -> int:
        """Write a project, all of it or nothing; its id.

        Raises Problem (409) for a name twice, ArgumentError for what is no name.
        """
        check_name(name, "a project")
        row = ProjectRow(name=name, form=new.form, root=new.root, raw=new.raw, wanted=wanted)
        row.agree_at, row.version = agree_at, 0
        try:
            with self._database.begin() as session:
                session.add(row)
                session.flush()
                position = 0
                for video in new.videos:
                    position = _add_video(session, row.id, video, position)
                change = {"do": "import", "from": new.root, "expressions": position}
                _note(session, row, who, change)
        except IntegrityError as error:
            with self._database.read() as session:
                if session.scalar(select(ProjectRow.id).where(ProjectRow.name == name)):
                    raise Problem(409, f"There is a project '{name}' already.") from None
            raise Problem(422, "The data set names a video or a sentence twice.") from error
        return row.id

    def add_expression(self, project: int, video: int, sentence: str, who: str) -> int:
        """Add a sentence about a video; its id. Raises Problem (404)."""
        with self._database.begin() as session:
            row = row_of(session, ProjectRow, project, "project", lock=True)
            there = row_of(session, VideoRow, video, "video")
            if there.project_id != project:
                raise Problem(404, "There is no such video in this project.")
            of_project = ExpressionRow.project_id == project
            position = session.scalar(select(func.count()).where(of_project)) or 0
            taken = set(
                session.scalars(select(ExpressionRow.name).where(ExpressionRow.video_id == video))
            )
            number = next(one for one in count(len(taken)) if str(one) not in taken)
            start = Annotation({"": _nothing()}) if row.form == "videos" else Annotation()
            new = NewExpression(f"{number}", sentence, start=start)
            made = ExpressionRow(**_expression(project, there.id, there.name, position, new))
            session.add(made)
            session.flush()
            _note(session, row, who, {"do": "add_expression", "expression": made.id})
            return made.id

    def remove(self, project: int) -> None:
        """Remove a project with all that was said about it. Raises Problem (404)."""
        with self._database.begin() as session:
            session.delete(row_of(session, ProjectRow, project, "project"))

    def assign(
        self, project: int, expressions: Sequence[int], to: str, who: str, blank: bool = False
    ) -> int:
        """Give expressions to an annotator; how many are new.

        blank: begin without the moments of the data set, so that nobody is led by them. Raises
        Problem (404) where one is none of the project, ArgumentError for somebody without account.
        """
        to = normal(to)
        ids = sorted(set(expressions))
        of_project = ExpressionRow.project_id == project
        with self._database.begin() as session:
            row = row_of(session, ProjectRow, project, "project", lock=True)
            _check_person(session, to)
            rows: list[ExpressionRow] = []
            for first in range(0, len(ids), _BLOCK):  # a statement has so many parameters at most
                block = ExpressionRow.id.in_(ids[first : first + _BLOCK])
                rows += session.scalars(select(ExpressionRow).where(of_project, block))
            if len(rows) < len(ids):
                raise Problem(404, "An expression is none of this project.")
            asked = select(AnnotationRow.expression_id).join(ExpressionRow)
            had = set(session.scalars(asked.where(of_project, AnnotationRow.author == to)))
            new = [one for one in rows if one.id not in had]
            session.add_all(annotation(one, to, blank) for one in new)
            if new:
                given = [one.id for one in new]
                _note(session, row, who, {"do": "assign", "to": to, "expressions": given})
            return len(new)

    def share(
        self, project: int, among: Sequence[str], who: str, each: int = 1, blank: bool = False
    ) -> dict[str, int]:
        """Give every expression to `each` of some annotators in turn; how many each has got new.

        Those of one video go to the same people, who then watch it once.
        """
        if not 1 <= each <= len(among) or len({normal(one) for one in among}) < len(among):
            raise Problem(422, "Name at least as many different annotators as each item needs.")
        with self._database.read() as session:
            asked = select(ExpressionRow.id, ExpressionRow.video_id)
            asked = asked.where(ExpressionRow.project_id == project)
            rows = session.execute(asked.order_by(ExpressionRow.position)).all()
            for name in among:  # before any gets something
                _check_person(session, normal(name))
        turns: dict[int, int] = {}
        given: dict[str, list[int]] = {name: [] for name in among}
        for expression, video in rows:
            turn = turns.setdefault(video, len(turns))
            for k in range(each):
                given[among[(turn * each + k) % len(among)]].append(expression)
        return {name: self.assign(project, ids, name, who, blank) for name, ids in given.items()}

    def take_on(self, expression: int, who: str, free: bool = False) -> int:
        """One's own annotation of an expression, made where it lacks; its id.

        free: also where enough people annotate it. Raises Problem (404; 409 where they do).
        """
        with self._database.begin() as session:
            row = row_of(session, ExpressionRow, expression, "expression", lock=True)
            asked = select(AnnotationRow).where(
                AnnotationRow.expression_id == expression, AnnotationRow.author != FINAL
            )
            there = {one.author: one.id for one in session.scalars(asked)}
            if who in there:
                return there[who]
            project = row_of(session, ProjectRow, row.project_id, "project", lock=True)
            if len(there) >= project.wanted and not free:
                raise Problem(409, "Enough people annotate this one already; take another.")
            made = annotation(row, who)
            session.add(made)
            session.flush()
            _note(session, project, who, {"do": "take_on", "expression": expression})
            return made.id

    def take_back(self, annotation: int, who: str) -> None:
        """Take an expression from an annotator who has not begun. Raises Problem (404, 409)."""
        with self._database.begin() as session:
            row = row_of(session, AnnotationRow, annotation, "annotation", lock=True)
            if row.version:
                raise Problem(409, f"{row.author} has begun with it; it stays.")
            expression = session.get_one(ExpressionRow, row.expression_id)
            project = row_of(session, ProjectRow, expression.project_id, "project", lock=True)
            change = {"do": "take_back", "from": row.author, "expression": expression.id}
            session.delete(row)
            _note(session, project, who, change)


def annotation(expression: ExpressionRow, author: str, blank: bool = False) -> AnnotationRow:
    """A new annotation of an expression, which says what the data set says."""
    start = Annotation.from_json(expression.start)
    if blank:
        start = Annotation(dict.fromkeys(start.moments, _nothing()))
    return annotation_row(expression.id, author, start)


def annotation_row(expression: int, author: str, start: Annotation) -> AnnotationRow:
    """A new annotation with a start."""
    row = AnnotationRow(expression_id=expression, author=author, state=DRAFT, version=0)
    row.start = row.content = start.to_json()
    row.undos = row.redos = 0
    return row


def row_of(session: Session, kind: Any, number: int, word: str, lock: bool = False) -> Any:
    """A row by its id; lock: until the transaction ends. Raises Problem (404)."""
    row = session.get(kind, number, with_for_update=lock or None, populate_existing=lock)
    if row is None:
        raise Problem(404, f"There is no such {word}; it may have been removed.")
    return row


def _check_person(session: Session, name: str) -> None:
    """Raise ArgumentError for a name that nobody can have, or, where there are accounts, has."""
    check_name(name, "a person")
    known = set(session.scalars(select(AccountRow.name)))
    if known and name not in known and name != NOBODY:
        raise ArgumentError(
            f"There is no account '{name}'; make it with `momentvos account add {name}`, or see "
            "`momentvos account list`."
        )


def _note(session: Session, project: ProjectRow, who: str, change: dict[str, Any]) -> None:
    """Add an event to a project's own history."""
    project.version += 1
    event = EventRow(project_id=project.id, kind="project", item=project.id, who=who)
    event.version, event.change = project.version, change
    session.add(event)


def _add_video(session: Session, project: int, video: Any, position: int) -> int:
    """Write a video with what belongs to it; the next position."""
    height, width = video.size
    row = VideoRow(
        project_id=project,
        name=video.name,
        frames=video.frames,
        fps=video.fps,
        width=width,
        height=height,
        place=video.place,
        raw=video.raw,
        corrections=Corrections().to_json(),
        version=0,
        undos=0,
        redos=0,
    )
    session.add(row)
    session.flush()
    objects = [
        {"video_id": row.id, "name": one.name, "label": one.label, "masks": one.masks}
        for one in video.objects
    ]
    if objects:
        session.execute(insert(ObjectRow), objects)
    expressions = [
        _expression(project, row.id, video.name, position + k, one)
        for k, one in enumerate(video.expressions)
    ]
    for first in range(0, len(expressions), _BLOCK):
        session.execute(insert(ExpressionRow), expressions[first : first + _BLOCK])
    session.expunge(row)
    return position + len(expressions)


def _expression(
    project: int, video: int, name: str, position: int, new: NewExpression
) -> dict[str, Any]:
    return {
        "project_id": project,
        "video_id": video,
        "position": position,
        "name": new.name,
        "sentence": new.sentence,
        "search": f"{new.sentence}\n{name}".lower(),
        "kind": new.kind,
        "start": new.start.to_json(),
        "raw": new.raw,
        "status": OPEN,
        "agreement": None,
    }


def _nothing() -> Moment:
    return Moment.empty()
