"""Videos of the server: taken in once by content, looked at in a child process, removed."""

from __future__ import annotations

import re
import secrets
from pathlib import Path, PureWindowsPath
from threading import Lock
from time import monotonic
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from momentvos.errors import OutputError
from momentvos.json_text import from_text
from momentvos.paths import check_portable, inside
from momentvos.regular_file import open_regular
from momentvos.results.text_file import save_json
from momentvos.server.database import Database
from momentvos.server.incoming import Incoming
from momentvos.server.media import Media
from momentvos.server.problem import Problem
from momentvos.server.schemas import Video
from momentvos.server.settings import Settings
from momentvos.server.states import ENDED
from momentvos.server.store import Store
from momentvos.server.tables import JobRow, VideoRow, now

_LONGEST = 120
_TOUCHED = 30.0
"""Seconds in which a video's use is noted once."""


class Videos:
    """All videos."""

    def __init__(self, settings: Settings, database: Database, store: Store, media: Media) -> None:
        self._settings, self._database = settings, database
        self._store, self._media = store, media
        self._noted: dict[str, float] = {}
        self._lock = Lock()

    def incoming(self) -> Incoming:
        """A file for an upload. Raises Problem (507) where the disk is full."""
        limits = self._settings.limits
        free = self._store.check_room(limits.spare_bytes)
        with self._database.read() as session:
            there = session.scalar(select(func.coalesce(func.sum(VideoRow.bytes), 0))) or 0
        room = min(limits.store_bytes - int(there), free)
        return Incoming(self._store.incoming, limits.video_bytes, room)

    def add(self, file: Incoming, name: str) -> tuple[Video, bool]:
        """Take a received file in; whether it is new. Raises VideoError for what is no video."""
        if not file.size:
            raise Problem(422, "The request has no content; send the bytes of a video.")
        digest, name = file.finish(), shown_name(name)
        there = self._by_digest(digest)
        if there is not None:
            return there, False
        facts = self._media.inspect(file.path, name)
        with self._lock:  # two uploads of one video at once become one
            there = self._by_digest(digest)
            if there is not None:
                return there, False
            row = self._keep(file, name, digest, facts)
        return shown(row), True

    def register(self, path: str) -> tuple[Video, bool]:
        """Take a video of the library in. Raises Problem, VideoError."""
        library = self._settings.library
        if library is None:
            raise Problem(403, "This server has no library; upload the video.")
        try:
            found = inside(library, *path.split("/"))
            source = open_regular(found)
        except (OutputError, OSError):
            raise Problem(404, "The library has no such video.") from None
        file = self.incoming()
        try:
            with source:
                while content := source.read(1 << 20):
                    file.write(content)
            return self.add(file, found.name)
        finally:
            file.close()

    def get(self, video: str) -> Video:
        """A video. Raises Problem (404)."""
        return shown(self._row(video))

    def all(self) -> list[Video]:
        """Every video, the newest first."""
        with self._database.read() as session:
            rows = session.scalars(select(VideoRow).order_by(VideoRow.created.desc())).all()
            return [shown(row) for row in rows]

    def source(self, video: str) -> Path:
        """File of a video that is there. Raises Problem (404)."""
        self.use(video)
        return self._store.source(video)

    def times(self, video: str) -> dict[str, list[float]]:
        """Start and duration of each frame in seconds. Raises Problem (404)."""
        self._row(video)
        made: dict[str, list[float]] = from_text(self._store.times(video).read_text())
        return made

    def use(self, video: str) -> None:
        """Note that a video is asked for, so that it stays. Raises Problem (404)."""
        moment = monotonic()
        if moment - self._noted.get(video, -_TOUCHED) < _TOUCHED:
            return
        with self._database.begin() as session:
            changed: Any = session.execute(
                update(VideoRow).where(VideoRow.id == video).values(used=now())
            )
            if not changed.rowcount:
                raise _no_video()
        self._noted[video] = moment

    def remove(self, video: str) -> list[str]:
        """Remove a video and the rows of its jobs, whose ids are returned.

        Raises Problem (404; 409 while one waits or runs).
        """
        with self._database.begin() as session:
            row = session.get(VideoRow, video)
            if row is None:
                raise _no_video()
            if any(job.state not in ENDED for job in row.jobs):
                raise Problem(409, "A job about this video waits or runs; cancel it first.")
            jobs = [job.id for job in row.jobs]
            session.delete(row)
        self._noted.pop(video, None)
        self._media.forget(self._store.source(video))
        self._store.remove("videos", video)
        return jobs

    def settle(self) -> None:
        """Remove folders whose rows are gone, and rows whose files are gone."""
        self._store.clear_incoming()
        with self._database.begin() as session:
            videos = set(session.scalars(select(VideoRow.id)))
            jobs = set(session.scalars(select(JobRow.id)))
            for lost in videos:
                if not self._store.source(lost).is_file():
                    session.delete(session.get_one(VideoRow, lost))
        for kind, known in (("videos", videos), ("jobs", jobs)):
            for name in self._store.everything(kind):
                if name not in known:
                    self._store.remove(kind, name)

    def _row(self, video: str) -> VideoRow:
        self.use(video)
        with self._database.read() as session:
            row = session.get(VideoRow, video)
        if row is None:
            raise _no_video()
        return row

    def _by_digest(self, digest: str) -> Video | None:
        with self._database.begin() as session:
            row = session.scalar(select(VideoRow).where(VideoRow.digest == digest))
            if row is None:
                return None
            row.used = now()
            return shown(row)

    def _keep(self, file: Incoming, name: str, digest: str, facts: dict[str, Any]) -> VideoRow:
        """Files first, then the row, so that a row always has its files."""
        video = digest[:16] + secrets.token_hex(8)
        folder = file.path.with_name(f"{file.path.name}-video")
        folder.mkdir()
        save_json(folder / "times.json", {key: facts[key] for key in ("times", "durations")})
        file.path.rename(folder / "source")
        folder.rename(self._store.video(video))
        names = ("width", "height", "fps", "frames", "duration", "audio", "notes")
        row = VideoRow(id=video, digest=digest, name=name, bytes=file.size)
        row.created = row.used = now()
        for key in names:
            setattr(row, key, facts[key])
        try:
            with self._database.begin() as session:
                session.add(row)
        except IntegrityError:
            self._store.remove("videos", video)
            raise
        return row


def shown(row: VideoRow) -> Video:
    """A row as clients see it."""
    return Video.model_validate({key: getattr(row, key) for key in Video.model_fields})


def shown_name(text: str) -> str:
    """A name to show, from what a client calls its file; it is never part of a path."""
    name = re.sub(r"[^\w.\- ()+,]", "_", PureWindowsPath(text).name).strip(" .")
    while len(name.encode()) > _LONGEST:
        name = name[1:]
    try:
        return check_portable(name, "It")
    except ValueError:
        return "video"


def _no_video() -> Problem:
    return Problem(404, "There is no such video; it may have been removed.")
