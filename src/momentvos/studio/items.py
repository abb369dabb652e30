"""Writing: each change is an event, its item's present is stored in the same transaction, and a
change of an old version is refused.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from momentvos.errors import ArgumentError
from momentvos.server.database import Database
from momentvos.server.problem import Problem
from momentvos.server.tables import now
from momentvos.studio.changes import NewObject, Redo, Undo, annotation_change, video_change
from momentvos.studio.conflict import Conflict
from momentvos.studio.content import SUBMITTED, Annotation, Corrections, Scene
from momentvos.studio.history import History, fold
from momentvos.studio.majority import majority
from momentvos.studio.names import check_name
from momentvos.studio.projects import annotation_row, row_of
from momentvos.studio.status import refresh
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
ANNOTATION, VIDEO = "annotation", "video"


class Items:
    """Annotations, and corrections of videos."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def annotation(self, number: int) -> Json:
        """An annotation as clients see it. Raises Problem (404)."""
        with self._database.read() as session:
            return shown(row_of(session, AnnotationRow, number, "annotation"))

    def change_annotation(
        self, number: int, version: int, change: Any, who: str, key: str | None = None
    ) -> Json:
        """Change an annotation of a version; it is stored when this returns.

        key: a name of the change; one that stands already is not made again. Raises Conflict where
        the annotation has another version, Problem (404, 422).
        """
        with self._database.begin() as session:
            row = row_of(session, AnnotationRow, number, "annotation", lock=True)
            # Locked as well: of two who hand in at once the second one must see the first.
            expression = session.get_one(ExpressionRow, row.expression_id, with_for_update=True)
            if not _stands(session, ANNOTATION, number, key):
                scene = _scene(session, expression.video_id)
                _write(session, row, version, change, who, key, scene, expression.project_id)
                session.flush()
                project = row_of(session, ProjectRow, expression.project_id, "project")
                refresh(session, expression, project)
            return shown(row)

    def change_video(
        self,
        number: int,
        version: int,
        change: Any,
        who: str,
        key: str | None = None,
        masks: list[str | None] | None = None,
    ) -> Json:
        """Change the corrections of a video of a version. Raises as `change_annotation`.

        masks: of a new object, COCO's counts or None a frame.
        """
        with self._database.begin() as session:
            row = row_of(session, VideoRow, number, "video", lock=True)
            if not _stands(session, VIDEO, number, key):
                scene = _scene(session, number, added=False)
                new = None
                if isinstance(change, NewObject):
                    new = check_name(change.object, "an object")
                _write(session, row, version, change, who, key, scene, row.project_id)
                if new in _scene(session, number).objects:  # also where its addition was undone
                    raise Problem(422, f"The video has an object '{new}' already.")
                if new is not None:
                    made = ObjectRow(video_id=number, name=new, label=new, added=True)
                    made.masks = {"stored": masks or []}
                    session.add(made)
            return shown(row)

    def decide(self, expression: int, who: str) -> Json:
        """The annotation by which adjudication decides, made where it lacks.

        It begins as what most of those who handed in say; of two that is what both say. Raises
        Problem (404).
        """
        with self._database.begin() as session:
            row = row_of(session, ExpressionRow, expression, "expression", lock=True)
            asked = select(AnnotationRow).where(AnnotationRow.expression_id == row.id)
            there = session.scalars(asked.order_by(AnnotationRow.id)).all()
            made = next((one for one in there if one.author == FINAL), None)
            if made is None:
                most = majority([Annotation.from_json(one.content) for one in there])
                start = Annotation.from_json(row.start)
                if most is not None and (most.moments or most.state == SUBMITTED):
                    start = Annotation(most.moments)
                made = annotation_row(expression, FINAL, start)
                session.add(made)
                session.flush()
            return shown(made)

    def history(self, kind: str, number: int) -> list[Json]:
        """Every change of an item, the first one first."""
        with self._database.read() as session:
            return [_event(one) for one in _events(session, kind, number)]


def shown(row: AnnotationRow | VideoRow) -> Json:
    """An item as clients see it."""
    about: Json = {"id": row.id, "version": row.version, "undos": row.undos, "redos": row.redos}
    if isinstance(row, VideoRow):
        return about | row.corrections
    about |= {"expression": row.expression_id, "author": row.author}
    return about | row.content


def _write(
    session: Session,
    row: AnnotationRow | VideoRow,
    version: int,
    change: Any,
    who: str,
    key: str | None,
    scene: Scene,
    project: int,
) -> None:
    """Add an event to an item of a version, and store what it makes of it."""
    kind = VIDEO if isinstance(row, VideoRow) else ANNOTATION
    if version > row.version:
        raise Problem(422, f"The item has version {row.version}, and none after it yet.")
    if version < row.version:
        raise _conflict(session, row, kind, version, change, scene)
    present: Annotation | Corrections
    history: History[Any]
    if isinstance(change, Undo | Redo):
        history = _folded(session, row, kind, scene)
        past, future = len(history.past), len(history.future)
    else:
        present = _content(row)
        history, past, future = History(present, version=version), row.undos, 0
    try:
        history = history.after(change, scene)
    except ArgumentError as error:
        raise Problem(422, str(error)) from None
    if isinstance(change, Undo):
        past, future = past - 1, future + 1
    elif isinstance(change, Redo):
        past, future = past + 1, future - 1
    else:
        past += 1
    stored = history.present.to_json()
    row.version, row.undos, row.redos = version + 1, past, future
    if isinstance(row, VideoRow):
        row.corrections = stored
    else:
        row.content, row.state, row.changed = stored, stored["state"], now()
    event = EventRow(project_id=project, kind=kind, item=row.id, version=row.version, key=key)
    event.who, event.change, event.at = who, change.model_dump(mode="json"), now()
    session.add(event)


def _conflict(
    session: Session, row: Any, kind: str, version: int, change: Any, scene: Scene
) -> Conflict:
    base = _folded(session, row, kind, scene, version).present
    mine = None
    if not isinstance(change, Undo | Redo):
        try:
            mine = base.after(change, scene).to_json()
        except ArgumentError:
            mine = None  # it fitted what its author saw even less
    since = [_event(one) for one in _events(session, kind, row.id) if one.version > version]
    return Conflict(shown(row), base.to_json(), mine, since)


def _folded(
    session: Session, row: Any, kind: str, scene: Scene, to: int | None = None
) -> History[Any]:
    """An item's history, all of it or up to a version."""
    read = video_change if kind == VIDEO else annotation_change
    events = _events(session, kind, row.id)
    changes = [read(one.change) for one in events if to is None or one.version <= to]
    start: Any = Corrections() if kind == VIDEO else Annotation.from_json(row.start)
    return fold(start, changes, scene)


def _content(row: Any) -> Any:
    if isinstance(row, VideoRow):
        return Corrections.from_json(row.corrections)
    return Annotation.from_json(row.content)


def _events(session: Session, kind: str, number: int) -> list[EventRow]:
    asked = select(EventRow).where(EventRow.kind == kind, EventRow.item == number)
    return list(session.scalars(asked.order_by(EventRow.version)))


def _event(row: EventRow) -> Json:
    return {
        "version_before": row.version - 1,
        "version": row.version,
        "who": row.who,
        "at": row.at.isoformat(),
        "change": row.change,
    }


def _stands(session: Session, kind: str, number: int, key: str | None) -> bool:
    """Whether a change of this key was made already."""
    if key is None:
        return False
    asked = select(EventRow.id).where(
        EventRow.kind == kind, EventRow.item == number, EventRow.key == key
    )
    return session.scalar(asked) is not None


def _scene(session: Session, video: int, added: bool = True) -> Scene:
    """What changes about a video must fit; added: with the objects that people have added."""
    length = session.scalar(select(VideoRow.frames).where(VideoRow.id == video)) or 0
    names = select(ObjectRow.name).where(ObjectRow.video_id == video)
    if not added:
        names = names.where(ObjectRow.added.is_(False))
    return Scene(length, frozenset(session.scalars(names)))
