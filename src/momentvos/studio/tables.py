"""Rows of the studio: projects, videos, objects, expressions, annotations, and the history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Double, ForeignKey, Index, Integer, String, Text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from momentvos.server.tables import Moment, now
from momentvos.studio.states import Status

Number = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up in plain integers alone
NAME = 200
"""Characters of a name in a data set, and of a person's."""
FINAL = ""
"""Author of the annotation that adjudication makes; no account is called so."""


class Base(DeclarativeBase):
    """All tables of the studio; the server's own stand beside them."""


class ProjectRow(Base):
    """A data set that is annotated.

    form: "mevis", "labels" (a picture of labels a frame) or "videos". root: folder of its files.
    raw: of the index, all but its videos. wanted: annotators of an expression. agree_at: mean tIoU
    from which on they agree, so that nobody needs to decide. version: of its own history, which
    says who imported and assigned what.
    """

    __tablename__ = "studio_projects"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME), unique=True)
    form: Mapped[str] = mapped_column(String(16))
    root: Mapped[str] = mapped_column(Text)
    raw: Mapped[dict[str, Any]] = mapped_column(JSON)
    wanted: Mapped[int]
    agree_at: Mapped[float] = mapped_column(Double)
    version: Mapped[int]
    created: Mapped[datetime] = mapped_column(Moment, default=now)


class VideoRow(Base):
    """A video of a project.

    frames, fps, width, height: as the data set has them. place: {"images": folder, "names": [...],
    "suffix": ".jpg"} or {"file": path, "times": [...], "durations": [...]}. raw: of the index, all
    but frames and expressions. corrections: as of `Corrections`.
    """

    __tablename__ = "studio_videos"
    __table_args__ = (Unique("project_id", "name"),)

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("studio_projects.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(1024))
    frames: Mapped[int]
    fps: Mapped[float] = mapped_column(Double)
    width: Mapped[int]
    height: Mapped[int]
    place: Mapped[dict[str, Any]] = mapped_column(JSON, deferred=True)
    raw: Mapped[dict[str, Any]] = mapped_column(JSON, deferred=True)
    corrections: Mapped[dict[str, Any]] = mapped_column(JSON)
    version: Mapped[int]
    undos: Mapped[int]
    redos: Mapped[int]


class ObjectRow(Base):
    """An object of a video, by the name that its data set gives its masks.

    added: by people, so that the data set does not have it.
    masks: {"rle": file, "row": name}, {"labels": folder, "label": number} or {"stored": [RLE's
    counts, or null, a frame]}.
    """

    __tablename__ = "studio_objects"
    __table_args__ = (Unique("video_id", "name"),)

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    video_id: Mapped[int] = mapped_column(ForeignKey("studio_videos.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(NAME))
    label: Mapped[str] = mapped_column(String(NAME))
    added: Mapped[bool] = mapped_column(default=False)
    masks: Mapped[dict[str, Any]] = mapped_column(JSON, deferred=True)


class ExpressionRow(Base):
    """A sentence about a video.

    position: place in the project's list, from 0. search: sentence and video in small letters.
    start: an `Annotation` as imported. raw: its entry of the index. status and agreement: see
    `status`.
    """

    __tablename__ = "studio_expressions"
    __table_args__ = (
        Unique("project_id", "position"),
        Unique("video_id", "name"),
        Index("studio_expressions_by_status", "project_id", "status", "position"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("studio_projects.id", ondelete="CASCADE"))
    video_id: Mapped[int] = mapped_column(ForeignKey("studio_videos.id", ondelete="CASCADE"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(NAME))
    sentence: Mapped[str] = mapped_column(Text)
    search: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(NAME))
    start: Mapped[dict[str, Any]] = mapped_column(JSON)
    raw: Mapped[dict[str, Any]] = mapped_column(JSON, deferred=True)
    status: Mapped[Status] = mapped_column(String(16))
    agreement: Mapped[float | None] = mapped_column(Double)


class AnnotationRow(Base):
    """What one person says of an expression; to assign is to make the row.

    author: name of an account, or `FINAL`. content: as of `Annotation`, which its history makes.
    start: what the history begins with. undos, redos: how many are possible.
    """

    __tablename__ = "studio_annotations"
    __table_args__ = (
        Unique("expression_id", "author"),
        Index("studio_annotations_by_author", "author", "state"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    expression_id: Mapped[int] = mapped_column(
        ForeignKey("studio_expressions.id", ondelete="CASCADE")
    )
    author: Mapped[str] = mapped_column(String(NAME))
    start: Mapped[dict[str, Any]] = mapped_column(JSON)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16))
    version: Mapped[int]
    undos: Mapped[int]
    redos: Mapped[int]
    changed: Mapped[datetime] = mapped_column(Moment, default=now)


class EventRow(Base):
    """A change: who made which version of what, when. Rows are added and never changed.

    kind: "annotation", "video" or "project". key: the client's own name of the change, by which it
    can ask again whether the change stands.
    """

    __tablename__ = "studio_events"
    __table_args__ = (
        Unique("kind", "item", "version"),
        Unique("kind", "item", "key"),
        Index("studio_events_by_project", "project_id", "id"),
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("studio_projects.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    item: Mapped[int] = mapped_column(Number)
    version: Mapped[int]
    key: Mapped[str | None] = mapped_column(String(64))
    who: Mapped[str] = mapped_column(String(NAME))
    at: Mapped[datetime] = mapped_column(Moment, default=now)
    change: Mapped[dict[str, Any]] = mapped_column(JSON)
