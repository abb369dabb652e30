"""A run over many videos: an engine answers what the folder's manifests do not have yet."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing import connection
from pathlib import Path
from time import monotonic
from typing import Literal

from momentvos.batch.failure import too_long
from momentvos.batch.ledger import Job, Ledger, Report
from momentvos.batch.manifest import HEADER, Manifest, todo
from momentvos.batch.mirror import Mirror, mirrored
from momentvos.batch.on_ray import RayEngine
from momentvos.batch.parquet import save_parquet
from momentvos.batch.process import Seat
from momentvos.batch.query import Query
from momentvos.batch.summary import Summary, conclude
from momentvos.batch.worker import Worker
from momentvos.errors import ModelError, OutputError
from momentvos.evaluation.shard import Shard
from momentvos.hub.load import from_anywhere
from momentvos.notice import warn
from momentvos.object_store import is_url, place_of

TRIES = 3
"""How often a video is given to a process before it counts as failed."""
_STARTS = 3
"""Processes in a row that may die before they are ready."""


Engine = Literal["local", "ray"]


@dataclass(frozen=True)
class Options:
    """How a batch is run.

    engine: "local" (processes of this machine) or "ray"; address: of a Ray cluster, None: one that
    is started here. workers: processes, of a cluster the most that it may have (None: one, and as
    many as a cluster has room for). shard: the part of the videos that is answered here.
    time_limit: seconds for one video; None: as long as it takes. tries: how often a video is tried
    whose process dies or lacks memory. retry_failed: ask again what has failed in an earlier run.
    restart: remove the results of earlier runs.
    """

    engine: Engine = "local"
    address: str | None = None
    workers: int | None = None
    shard: Shard = field(default_factory=Shard)
    time_limit: float | None = None
    tries: int = TRIES
    retry_failed: bool = False
    restart: bool = False


def run(
    worker: Worker,
    queries: Sequence[Query],
    out: str | Path,
    options: Options | None = None,
    report: Report | None = None,
) -> Summary:
    """Answer what the folder's manifests do not have yet; write ``index.html`` and ``summary.csv``.

    out: a folder, or an address in a store.

    Every answer is on disk, its files first and then its line, before the next one is taken, so
    that the same call goes on after a kill at whatever moment. Scripts that call this need
    ``if __name__ == "__main__":``, as processes are spawned.

    Raises OutputError where the folder cannot be used or written, or another process uses it;
    ModelError where the model cannot be loaded.
    """
    options = options or Options()
    place = place_of(out)
    stored = is_url(place)
    worker = replace(
        worker,
        out=place if stored else Path(place),
        threads=worker.threads or _threads(options),
    )
    if not stored:
        return _run(worker, queries, Manifest(Path(out), options.shard), options, report)
    if options.restart:
        raise OutputError("Results in a store are not removed; choose another address with -o.")
    with mirrored(place) as mirror:
        manifest = Manifest(mirror.folder, options.shard)
        return _run(worker, queries, manifest, options, report, mirror)


def _run(
    worker: Worker,
    queries: Sequence[Query],
    manifest: Manifest,
    options: Options,
    report: Report | None,
    mirror: Mirror | None = None,
) -> Summary:
    start = monotonic()
    with manifest.opened(worker, options.restart) as writer:
        rows = manifest.read()
        asked = {ask.key for query in queries for ask in query.asks}
        missing = todo(asked, rows, options.retry_failed)
        mine = queries[options.shard.number - 1 :: options.shard.count]
        jobs = [
            Job.of(query.only(left))
            for query in mine
            if (left := tuple(ask for ask in query.asks if ask.key in missing))
        ]
        if mirror is not None:
            mirror.writer = writer
            mirror.push(HEADER)
        ledger = Ledger(jobs, mirror or writer, len(mine), report)
        try:
            if jobs:
                _engine(worker, ledger, options).work()
        finally:
            seconds = monotonic() - start
            summary = conclude(manifest, queries, seconds, ledger.answers, worker.files)
            if options.engine == "ray":
                save_parquet(manifest)
    return summary


def _engine(worker: Worker, ledger: Ledger, options: Options) -> _Local | RayEngine:
    if options.engine == "local":
        return _Local(worker, ledger, options)
    there = replace(worker, model=from_anywhere(worker.model))
    return RayEngine(
        there, ledger, options.address, options.workers, options.tries, options.time_limit
    )


class _Local:
    """Jobs on their way through processes of this machine."""

    def __init__(self, worker: Worker, ledger: Ledger, options: Options) -> None:
        self._ledger, self._options = ledger, options
        self._pending = deque(ledger.jobs)
        count = max(min(options.workers or 1, len(ledger.jobs)), 1)
        self._seats = [Seat(worker, number, count) for number in range(count)]
        self._deaths = 0

    def work(self) -> None:
        """Answer all jobs."""
        with self._running():
            while self._pending or any(seat.job for seat in self._seats):
                for seat in self._seats:
                    if seat.ready and seat.job is None and self._pending:
                        seat.give(self._pending.popleft(), self._options.time_limit)
                by_pipe = {seat.pipe: seat for seat in self._seats}
                for pipe in connection.wait(list(by_pipe), self._patience()):
                    self._take(by_pipe[pipe])  # type: ignore[index]
                self._end_late_ones()

    @contextmanager
    def _running(self) -> Iterator[None]:
        try:
            for seat in self._seats:
                seat.start()
            yield
        finally:
            for seat in self._seats:
                seat.kill()

    def _take(self, seat: Seat) -> None:
        kind, content = seat.hear()
        if kind == "ready":
            seat.ready, self._deaths = True, 0
        elif kind == "answer":
            assert seat.job is not None
            self._ledger.note(seat.job, content)
        elif kind == "done":
            self._finish(seat)
        elif kind == "again":
            why, fresh = content
            self._again(seat, why)
            seat.ready = not fresh  # it ends by itself
        elif kind == "note":
            warn(content)
        elif kind == "stop":
            raise (OutputError if seat.ready else ModelError)(content)
        else:
            self._replace(seat, content)

    def _finish(self, seat: Seat) -> None:
        seat.job = seat.deadline = None
        self._ledger.finish()

    def _again(self, seat: Seat, why: str) -> None:
        """Put a job behind the others, unless it has been tried often enough."""
        job = seat.job
        if job is None:
            return
        if job.tries < self._options.tries and job.left:
            self._pending.append(job)
            seat.job = seat.deadline = None
            return
        self._ledger.give_up_trying(job, why)
        seat.job = seat.deadline = None

    def _replace(self, seat: Seat, ending: str) -> None:
        """Start another process in place of one that has died."""
        if not seat.ready:
            self._deaths += 1
            if self._deaths >= _STARTS:
                raise ModelError(
                    f"The model could not be loaded, {_STARTS} times: {ending}; try fewer "
                    "--workers or another --device."
                )
        self._again(seat, f"{ending}.")
        seat.kill()
        if self._pending:
            seat.start()
        else:
            self._seats.remove(seat)

    def _end_late_ones(self) -> None:
        now = monotonic()
        for seat in list(self._seats):
            if seat.deadline is not None and now > seat.deadline:
                limit = self._options.time_limit
                assert seat.job is not None and limit is not None
                self._ledger.give_up(seat.job, too_long(limit), "time_limit")
                seat.kill()
                seat.job = seat.deadline = None
                if self._pending:
                    seat.start()
                else:
                    self._seats.remove(seat)

    def _patience(self) -> float | None:
        deadlines = [seat.deadline for seat in self._seats if seat.deadline is not None]
        return max(min(deadlines) - monotonic(), 0.0) + 0.01 if deadlines else None


def _threads(options: Options) -> int:
    """Threads of each process; what machines a cluster has is not known."""
    return 1 if options.engine == "ray" else max(_cores() // (options.workers or 1), 1)


def _cores() -> int:
    """Threads that a computation of one process would have."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    if given.isdecimal() and int(given):
        return int(given)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
