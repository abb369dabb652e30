"""Rows of the database: videos, jobs, what became of each sentence; accounts and sessions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Double,
    ForeignKey,
    Index,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from momentvos.server.states import QUEUED, State, Status
from momentvos.server.user import Role

ID = 32
"""Characters of an id."""


def now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


class Moment(TypeDecorator[datetime]):
    """A time in UTC, also where the database drops the zone, as SQLite does."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Back from the database."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Base(DeclarativeBase):
    """All tables."""


class VideoRow(Base):
    """A video. id: begins with its digest, ends at random. used: when it was last asked for."""

    __tablename__ = "videos"

    id: Mapped[str] = mapped_column(String(ID), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    bytes: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int]
    height: Mapped[int]
    fps: Mapped[float] = mapped_column(Double)
    frames: Mapped[int]
    duration: Mapped[float] = mapped_column(Double)
    audio: Mapped[bool]
    notes: Mapped[list[str]] = mapped_column(JSON)
    created: Mapped[datetime] = mapped_column(Moment, default=now)
    used: Mapped[datetime] = mapped_column(Moment, default=now, index=True)
    jobs: Mapped[list[JobRow]] = relationship(
        back_populates="video", cascade="all, delete-orphan", passive_deletes=True
    )


class JobRow(Base):
    """What is asked of a video at once.

    asks: as of `schemas.Ask`. losses: how often the process was lost that worked on it.
    """

    __tablename__ = "jobs"
    __table_args__ = (Index("jobs_by_state", "state", "created"),)

    id: Mapped[str] = mapped_column(String(ID), primary_key=True)
    video_id: Mapped[str] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"), index=True)
    model: Mapped[str] = mapped_column(String(200))
    asks: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    state: Mapped[State] = mapped_column(String(16), default=QUEUED)
    losses: Mapped[int] = mapped_column(default=0)
    cancel: Mapped[bool] = mapped_column(default=False)
    error: Mapped[str | None] = mapped_column(Text)
    device: Mapped[str | None] = mapped_column(String(32))
    created: Mapped[datetime] = mapped_column(Moment, default=now)
    started: Mapped[datetime | None] = mapped_column(Moment)
    ended: Mapped[datetime | None] = mapped_column(Moment)
    video: Mapped[VideoRow] = relationship(back_populates="jobs")
    answers: Mapped[list[AnswerRow]] = relationship(
        back_populates="job",
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by="AnswerRow.number",
    )


class AnswerRow(Base):
    """What became of a sentence, once its files are there. number: its place in the job, from 0."""

    __tablename__ = "answers"

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[Status] = mapped_column(String(16))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    job: Mapped[JobRow] = relationship(back_populates="answers")


class AccountRow(Base):
    """Somebody who may log in. hash: of the password, as argon2 writes it."""

    __tablename__ = "accounts"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    hash: Mapped[str] = mapped_column(Text)
    role: Mapped[Role] = mapped_column(String(16))
    created: Mapped[datetime] = mapped_column(Moment, default=now)


class FormerAccountRow(Base):
    """The name of an account that was removed; it still stands beside what it has done."""

    __tablename__ = "former_accounts"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    removed: Mapped[datetime] = mapped_column(Moment)


class SessionRow(Base):
    """Somebody who has logged in.

    id: SHA-256 of the cookie's secret. account: None, where it was by the server's token.
    token: SHA-256 of that.
    """

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account: Mapped[str | None] = mapped_column(
        ForeignKey("accounts.name", ondelete="CASCADE"), index=True
    )
    token: Mapped[str | None] = mapped_column(String(64))
    created: Mapped[datetime] = mapped_column(Moment)
    expires: Mapped[datetime] = mapped_column(Moment, index=True)
