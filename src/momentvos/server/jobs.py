"""Jobs: a bounded queue in the database, which remembers them whatever is killed."""

from __future__ import annotations

import secrets
from collections import deque
from threading import Lock
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from momentvos.errors import ArgumentError, MomentError
from momentvos.moment import Moment
from momentvos.server.board import Board
from momentvos.server.database import Database
from momentvos.server.problem import Problem
from momentvos.server.schemas import Answer, Ask, Job, NewJob, Preview
from momentvos.server.settings import Settings
from momentvos.server.states import CANCELLED, ENDED, FAILED, QUEUED, RUNNING, State, Status
from momentvos.server.store import Store
from momentvos.server.tables import AnswerRow, JobRow, now
from momentvos.server.videos import Videos
from momentvos.systems.click import Click, check_clicks

_LONGEST_WAIT = 600
_TYPICAL = 10.0
"""Seconds of a job, before one is known."""


class Jobs:
    """All jobs."""

    def __init__(
        self, settings: Settings, database: Database, store: Store, videos: Videos, board: Board
    ) -> None:
        self._settings, self._database = settings, database
        self._store, self._videos, self._board = store, videos, board
        self._lock = Lock()
        self._seconds: deque[float] = deque(maxlen=32)

    def submit(self, new: NewJob) -> Job:
        """Queue a job.

        Raises Problem: 404 no video, 422 what cannot be asked, 429 a full queue, 507 a full disk.
        """
        limits = self._settings.limits
        self._store.check_room(limits.spare_bytes)
        model = new.model or self._settings.models[0]
        if model not in self._settings.models:
            names = ", ".join(self._settings.models)
            raise Problem(422, f"This server has no model of that name; it has {names}.")
        if len(new.asks) > limits.sentences:
            raise Problem(
                422, f"A job has at most {limits.sentences} sentences; send several jobs."
            )
        asks = [one.model_dump(mode="json") for one in self._checked(new)]
        row = JobRow(id=secrets.token_hex(16), video_id=new.video, model=model, asks=asks)
        row.created = now()
        row.state = QUEUED
        with self._lock:
            try:
                with self._database.begin() as session:
                    waiting = _count(session, QUEUED)
                    if waiting >= limits.queue:
                        raise Problem(
                            429,
                            f"{waiting} jobs wait already, the most here; try again later.",
                            after=self._patience(waiting),
                        )
                    session.add(row)
            except IntegrityError:
                raise Problem(404, "There is no such video; it may have been removed.") from None
        self._board.change(row.id)
        return self.get(row.id)

    def get(self, job: str) -> Job:
        """A job with its answers so far. Raises Problem (404)."""
        with self._database.read() as session:
            row = session.get(JobRow, job)
            if row is None:
                raise _no_job()
            return self._shown(session, row)

    def all(self, video: str | None = None, limit: int = 100) -> list[Job]:
        """The newest jobs, of a video or of all."""
        asked = select(JobRow).order_by(JobRow.created.desc()).limit(limit)
        if video is not None:
            asked = asked.where(JobRow.video_id == video)
        with self._database.read() as session:
            return [self._shown(session, row) for row in session.scalars(asked)]

    def counts(self) -> dict[str, int]:
        """Number of jobs by state."""
        with self._database.read() as session:
            asked = select(JobRow.state, func.count()).group_by(JobRow.state)
            return {str(state): int(count) for state, count in session.execute(asked)}

    def cancel(self, job: str) -> Job:
        """End a job: at once where it waits, soon where it runs. Raises Problem (404)."""
        with self._lock, self._database.begin() as session:
            row = session.get(JobRow, job)
            if row is None:
                raise _no_job()
            if row.state == QUEUED:
                row.state, row.ended = CANCELLED, now()
            elif row.state == RUNNING:
                row.cancel = True
                self._board.cancel(job)
        self._board.change(job)
        return self.get(job)

    def remove(self, job: str) -> None:
        """Remove a job with its answers. Raises Problem (404; 409 where it has not ended)."""
        with self._database.begin() as session:
            row = session.get(JobRow, job)
            if row is None:
                raise _no_job()
            if row.state not in ENDED:
                raise Problem(409, "The job waits or runs; cancel it first.")
            session.delete(row)
        self._store.remove("jobs", job)
        self._board.forget(job)

    def remove_video(self, video: str) -> None:
        """Remove a video with its jobs and answers. Raises Problem (404; 409 while one runs)."""
        with self._lock:
            jobs = self._videos.remove(video)
        for job in jobs:
            self._store.remove("jobs", job)
            self._board.forget(job)

    def take(self, device: str) -> Job | None:
        """The next job for a device, from now on running; None where none waits."""
        with self._lock, self._database.begin() as session:
            asked = select(JobRow).where(JobRow.state == QUEUED)
            row = session.scalars(asked.order_by(JobRow.created, JobRow.id).limit(1)).first()
            if row is None:
                return None
            row.state, row.device, row.started = RUNNING, device, now()
            session.flush()
            job = self._shown(session, row)
        self._board.change(job.id)
        return job

    def preview(
        self, job: Job, number: int, moment: list[list[int]] | None, masks: list[list[int]]
    ) -> None:
        """Note what is known of a sentence of a running job: both are spans of frames."""
        seconds: list[tuple[float, float]] = []
        if moment:
            known = self._videos.times(job.video)
            seconds = Moment(moment).seconds(known["times"], known["durations"])
        shown = Preview(
            number=number,
            moment=list(Moment(moment or ()).spans),
            seconds=seconds,
            frames=masks[0][1] + 1 if masks and masks[0][0] == 0 else 0,
            masks=list(Moment(masks).spans),
        )
        self._board.preview(job.id, shown)

    def answer(self, job: str, number: int, status: Status, facts: dict[str, Any]) -> None:
        """Note an answer whose files are there."""
        with self._database.begin() as session:
            if session.get(JobRow, job) is not None:
                session.merge(AnswerRow(job_id=job, number=number, status=status, facts=facts))
        self._board.change(job)

    def end(self, job: str, state: State, error: str | None = None) -> None:
        """Note that a job has ended."""
        with self._lock, self._database.begin() as session:
            row = session.get(JobRow, job)
            if row is not None:
                row.state, row.error, row.ended = state, error, now()
                if row.started is not None:
                    self._seconds.append((row.ended - row.started).total_seconds())
        self._board.end(job)

    def again(self, job: str, why: str) -> None:
        """Queue a job whose process was lost, or let it fail where that happens too often."""
        with self._lock, self._database.begin() as session:
            row = session.get(JobRow, job)
            if row is not None:
                _again(row)
                row.losses += 1
                if row.state == QUEUED and row.losses >= self._settings.limits.tries:
                    row.state, row.ended = FAILED, now()
                    row.error = f"The job was tried {row.losses} times and never ended: {why}."
        self._board.end(job)

    def recover(self) -> None:
        """Queue what ran when the last server ended."""
        with self._lock, self._database.begin() as session:
            for row in session.scalars(select(JobRow).where(JobRow.state == RUNNING)):
                _again(row)

    def _checked(self, new: NewJob) -> list[Ask]:
        """The asks with moments as frames. Raises Problem."""
        video = self._videos.get(new.video)
        most = self._settings.limits.clicks
        checked = []
        for number, ask in enumerate(new.asks):
            place = "" if len(new.asks) == 1 else f"Sentence {number + 1}: "
            try:
                moment = ask.moment
                if isinstance(moment, str):
                    times = self._videos.times(new.video)["times"]
                    moment = list(Moment.parse(moment, times, video.fps).spans)
                elif moment is not None and moment[-1][1] >= video.frames:
                    raise MomentError(
                        f"The moment ends in frame {moment[-1][1]}; the video has frames 0 to "
                        f"{video.frames - 1}."
                    )
                if ask.clicks:
                    if len(ask.clicks) > most:
                        raise ArgumentError(f"There are over {most} clicks; give fewer.")
                    clicks = [Click(**one.model_dump()) for one in ask.clicks]
                    check_clicks(clicks, (video.height, video.width), video.frames)
            except (MomentError, ArgumentError) as error:
                raise Problem(422, f"{place}{error}") from None
            checked.append(ask.model_copy(update={"moment": moment}))
        return checked

    def _patience(self, waiting: int) -> int:
        """Seconds after which there may be room again."""
        seconds = sum(self._seconds) / len(self._seconds) if self._seconds else _TYPICAL
        return max(1, min(_LONGEST_WAIT, round(seconds / len(self._settings.devices))))

    def _shown(self, session: Session, row: JobRow) -> Job:
        ahead, answered = 0, {one.number for one in row.answers}
        if row.state == QUEUED:
            before = select(func.count()).where(JobRow.state == QUEUED)
            ahead = session.scalar(before.where(JobRow.created < row.created)) or 0
        return Job(
            id=row.id,
            video=row.video_id,
            model=row.model,
            asks=[Ask.model_validate(one) for one in row.asks],
            state=row.state,
            ahead=ahead,
            progress=self._board.progress(row.id) if row.state == RUNNING else None,
            answers=[
                Answer(
                    number=one.number,
                    status=one.status,
                    sentence=row.asks[one.number]["sentence"],
                    **one.facts,
                )
                for one in row.answers
            ],
            previews=[
                one
                for number, one in sorted(self._board.previews(row.id).items())
                if row.state == RUNNING and number not in answered
            ],
            error=row.error,
            created=row.created,
            started=row.started,
            ended=row.ended,
        )


def _again(row: JobRow) -> None:
    if row.cancel:
        row.state, row.ended = CANCELLED, now()
    else:
        row.state = QUEUED


def _count(session: Session, state: str) -> int:
    return session.scalar(select(func.count()).where(JobRow.state == state)) or 0


def _no_job() -> Problem:
    return Problem(404, "There is no such job; it may have been removed.")
