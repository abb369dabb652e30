"""Everything a running server holds, started and closed in order."""

from __future__ import annotations

from datetime import timedelta
from threading import Event, Thread

from sqlalchemy import select, text

from momentvos.errors import ArgumentError
from momentvos.server.accounts import Accounts
from momentvos.server.board import Board
from momentvos.server.database import Database
from momentvos.server.jobs import Jobs
from momentvos.server.log import log
from momentvos.server.logins import Logins
from momentvos.server.media import Media
from momentvos.server.metrics import Metrics
from momentvos.server.problem import Problem
from momentvos.server.rendered import Rendered
from momentvos.server.results import Results
from momentvos.server.sessions import Sessions
from momentvos.server.settings import Settings, is_loopback
from momentvos.server.store import Store
from momentvos.server.tables import VideoRow, now
from momentvos.server.videos import Videos
from momentvos.server.worker import Device

EVERY = 60.0
"""Seconds between two clean-ups."""


class Service:
    """A server's parts.

    Raises OutputError where another server uses the data folder, ArgumentError where the database
    cannot be used, or where others could reach the server and nobody would be asked who they are.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store(settings.data)
        self.database = Database(settings.url)
        self.accounts = Accounts(self.database)
        if settings.token is None and not is_loopback(settings.host) and not self.accounts.any():
            self.database.close()
            self.store.close()
            raise ArgumentError(
                f"'{settings.host}' can be reached from other machines, so an account or a token "
                "is needed: make one with `momentvos account add NAME`, or write a token into a "
                "file and name it with --token-file; or leave out --host."
            )
        self.sessions = Sessions(self.database, settings.limits.session_seconds, settings.token)
        self.logins = Logins(settings, self.accounts, self.sessions)
        self.media = Media(settings.limits)
        self.board = Board()
        self.metrics = Metrics()
        self.videos = Videos(settings, self.database, self.store, self.media)
        self.jobs = Jobs(settings, self.database, self.store, self.videos, self.board)
        limits = settings.limits
        rendered = Rendered(self.store, limits.rendered_bytes, limits.spare_bytes)
        self.results = Results(self.store, self.videos, self.jobs, self.media, rendered)
        self.devices = [
            Device(
                name,
                settings,
                self.store,
                self.videos,
                self.jobs,
                self.board,
                lambda why: self.metrics.restarts.labels(why).inc(),
            )
            for name in settings.devices
        ]
        self._ending = Event()
        self._cleaner = Thread(target=self._clean, name="clean-up", daemon=True)

    def start(self) -> None:
        """Put in order what the last server left, and begin to work."""
        self.videos.settle()
        self.jobs.recover()
        for device in self.devices:
            device.start()
        self._cleaner.start()

    def close(self) -> None:
        """End all work; jobs that run are queued when the next server starts."""
        self._ending.set()
        for device in self.devices:
            device.close()
        self.media.close()
        self.database.close()
        self.store.close()

    def unready(self) -> str | None:
        """Why it cannot answer yet; None where it can."""
        try:
            with self.database.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except Exception:
            return "The database does not answer."
        if any(device.ready for device in self.devices):
            return None
        faults = [device.fault for device in self.devices if device.fault]
        return f"The models are not loaded: {faults[0]}." if faults else "The models are loading."

    def clean(self) -> int:
        """Remove sessions that are over, and videos that nobody used for long; how many videos."""
        self.sessions.clean()
        before = now() - timedelta(seconds=self.settings.limits.ttl)
        with self.database.begin() as session:
            old = list(session.scalars(select(VideoRow.id).where(VideoRow.used < before)))
        removed = 0
        for video in old:
            try:
                self.jobs.remove_video(video)
                removed += 1
            except Problem:
                continue  # a job waits or runs, or somebody was faster
        if removed:
            log("clean-up", videos=removed)
        return removed

    def _clean(self) -> None:
        every = min(EVERY, self.settings.limits.ttl)
        while not self._ending.wait(every):
            try:
                self.clean()
            except Exception as error:
                log("clean-up.fault", error=type(error).__name__)
