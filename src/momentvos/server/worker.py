"""A device at work: its process is started, given jobs, watched, ended and replaced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from threading import Event, Thread
from time import monotonic
from typing import Any

from momentvos.server.board import Board
from momentvos.server.child import Child, GoneError, LateError
from momentvos.server.grace import Grace
from momentvos.server.jobs import Jobs
from momentvos.server.log import log
from momentvos.server.schemas import Job, Progress
from momentvos.server.settings import Settings
from momentvos.server.states import CANCELLED, DONE, ENDED, FAILED, State
from momentvos.server.store import Store
from momentvos.server.videos import Videos

MODULE = "momentvos.server.worker_process"
LOOK = 0.25
"""Seconds between two looks at time, memory and wishes to cancel."""
MOST_REST = 60.0
"""Seconds between two starts of a process that does not get ready."""


class Device(Thread):
    """One device.

    Attributes:
        ready: whether its models are loaded. fault: why not, where that is known.
    """

    def __init__(
        self,
        device: str,
        settings: Settings,
        store: Store,
        videos: Videos,
        jobs: Jobs,
        board: Board,
        lost: Callable[[str], None],
    ) -> None:
        super().__init__(name=f"device {device}", daemon=True)
        self.device, self.ready, self.fault = device, False, ""
        self._settings, self._store, self._videos = settings, store, videos
        self._jobs, self._board, self._lost = jobs, board, lost
        self._child: Child | None = None
        self._ending = Event()
        self._starts, self._loading = 0, 0.0

    @property
    def pid(self) -> int | None:
        """Of its process."""
        return None if self._child is None else self._child.pid

    def run(self) -> None:
        """Work until `close`."""
        while not self._ending.is_set():
            try:
                if not self.ready and not self._start():
                    self._ending.wait(min(2.0**self._starts, MOST_REST))
                    continue
                job = self._jobs.take(self.device)
                if job is not None:
                    self._work(job)
                elif self._child is not None and not self._child.alive:
                    self._drop("gone")
                else:
                    self._board.wait(1.0)
            except Exception as error:  # the database was away
                log("device.fault", device=self.device, error=type(error).__name__)
                self._ending.wait(1.0)
        self._stop()

    def close(self) -> None:
        """End the process; the job that runs is queued when the next server starts."""
        self._ending.set()
        child = self._child
        if child is not None:
            child.end()
        self.join(10.0)

    def _start(self) -> bool:
        self._starts += 1
        settings, start = self._settings, monotonic()
        child = self._child = Child(MODULE, bare=False)
        try:
            child.say(
                {
                    "do": "start",
                    "device": self.device,
                    "models": list(settings.models),
                    "grounder": settings.grounder,
                    "selection": settings.selection,
                    "execution": asdict(settings.execution),
                    "threads": settings.threads,
                }
            )
            message = child.hear(monotonic() + settings.limits.start_seconds)
        except LateError:
            message = {"say": "stop", "text": "the models take too long to load"}
        except GoneError as error:
            message = {"say": "stop", "text": str(error)}
        if message["say"] != "ready" and self._ending.is_set():
            return False  # it was ended with the server
        if message["say"] != "ready":
            self.fault = str(message.get("text", ""))
            log("device.not_ready", device=self.device, reason=self.fault)
            self._stop()
            return False
        self.ready, self.fault, self._starts = True, "", 0
        self._loading = monotonic() - start
        log("device.ready", device=self.device)
        return True

    def _work(self, job: Job) -> None:
        """One job, from its start to its end, whatever that is."""
        assert self._child is not None
        log("job.started", job=job.id, device=self.device)
        start = monotonic()
        try:
            self._child.say(self._message(job))
            state, error = self._follow(job, start + self._settings.limits.job_seconds)
        except GoneError as gone:
            if self._ending.is_set():
                return  # the next server queues it
            self._drop("gone")
            self._again(job, str(gone))
            log("job.lost", job=job.id, reason=str(gone))
            return
        except _OverError as over:
            self._drop(over.kind)
            state, error = over.state, over.text
        if state is None:
            self._again(job, error or "")
        else:
            self._store.end_work(job.id)
            self._jobs.end(job.id, state, error)
        log("job.ended", job=job.id, state=state, seconds=round(monotonic() - start, 3))

    def _again(self, job: Job, why: str) -> None:
        self._jobs.again(job.id, why)
        if self._jobs.get(job.id).state in ENDED:
            self._store.end_work(job.id)

    def _message(self, job: Job) -> dict[str, Any]:
        there = {one.number for one in job.answers}
        asks = [
            one.model_dump(mode="json") | {"number": number, "answered": number in there}
            for number, one in enumerate(job.asks)
        ]
        return {
            "do": "job",
            "model": job.model,
            "video": str(self._videos.source(job.video)),
            "name": self._videos.get(job.video).name,
            "asks": asks,
            "out": str(self._store.job(job.id)),
            "work": str(self._store.work(job.id)),
        }

    def _follow(self, job: Job, deadline: float) -> tuple[State | None, str | None]:
        """How the job ends: state and error; state None: it is to be tried again.

        Raises GoneError, _OverError.
        """
        assert self._child is not None
        limits = self._settings.limits
        grace: Grace | None = None
        looked = 0.0
        while True:
            time = monotonic()
            if self._board.is_cancelled(job.id) and grace is None:
                self._child.say({"do": "cancel"})
                grace = Grace(self._child, self._loading)
            if grace is not None and grace.over:
                raise _OverError("cancelled", CANCELLED, None)
            if time > deadline:
                seconds = f"{limits.job_seconds:g}"
                raise _OverError(
                    "time_limit", FAILED, f"The job took over {seconds} s and was ended."
                )
            if time - looked > LOOK:
                looked = time
                if self._child.memory > limits.worker_bytes:
                    most = limits.worker_bytes >> 20
                    raise _OverError(
                        "memory", FAILED, f"The job took over {most} MiB of memory and was ended."
                    )
            try:
                message = self._child.hear(time + LOOK)
            except LateError:
                continue
            kind = message["say"]
            if kind == "progress":
                names = ("stage", "done", "total")
                self._board.report(job.id, Progress(**{key: message[key] for key in names}))
            elif kind == "preview":
                self._jobs.preview(job, message["number"], message["moment"], message["masks"])
            elif kind == "answer":
                self._jobs.answer(job.id, message["number"], message["status"], message["facts"])
            elif kind == "done":
                return DONE, None
            elif kind == "cancelled":
                return CANCELLED, None
            elif kind == "again":
                return None, str(message["text"])
            else:
                return FAILED, str(message["text"])

    def _drop(self, why: str) -> None:
        """End the process, so that the next one starts."""
        self._lost(why)
        log("device.restart", device=self.device, reason=why)
        self._stop()

    def _stop(self) -> None:
        self.ready = False
        if self._child is not None:
            self._child.kill()
            self._child = None


class _OverError(Exception):
    """A job whose process must be ended. kind: why, for the metrics; state and text: its end."""

    def __init__(self, kind: str, state: State, text: str | None) -> None:
        super().__init__(kind, state, text)
        self.kind, self.state, self.text = kind, state, text
