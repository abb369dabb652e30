"""A process that works: it loads the model once and answers what is sent to it."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from time import monotonic
from typing import Any, Protocol

from momentvos.batch.failure import StopError, TransientError
from momentvos.batch.ledger import Job
from momentvos.batch.query import Query
from momentvos.evaluation.shard import Shard
from momentvos.notice import handed_on
from momentvos.results.attempts import explain

_SPAWN = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang

Message = tuple[str, Any]
"""What a process says: "ready", "answer", "done", "again" (transient), "stop", "gone", and "note",
the text of a warning of ours."""


class Works(Protocol):
    """What a process needs of a worker; see `Worker`."""

    def setup(self) -> None: ...

    def answers(self, query: Query) -> Any: ...


@dataclass
class Seat:
    """A place for one process after the other. ready: whether the model is loaded."""

    worker: Works
    number: int
    count: int
    job: Job | None = None
    ready: bool = False
    deadline: float | None = None
    _process: Any = field(default=None, repr=False)
    _pipe: Connection | None = field(default=None, repr=False)

    @property
    def pipe(self) -> Connection:
        assert self._pipe is not None
        return self._pipe

    def start(self) -> None:
        """Start a process, in place of one that has ended."""
        ours, theirs = _SPAWN.Pipe()
        arguments = (theirs, self.worker, self.number, self.count)
        self._process = _SPAWN.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        self._pipe, self.ready, self.job, self.deadline = ours, False, None, None

    def give(self, job: Job, time_limit: float | None) -> None:
        """Let the process work on a job. Its end is noticed by `hear` alone."""
        job.tries += 1
        self.job = job
        self.deadline = None if time_limit is None else monotonic() + time_limit
        with suppress(OSError):  # it has just died
            self.pipe.send(job.rest)

    def hear(self) -> Message:
        """The next message; "gone" where the process has ended, with how."""
        try:
            message: Message = self.pipe.recv()
            return message
        except (EOFError, OSError, pickle.UnpicklingError):
            self._process.join()
            return "gone", ending(self._process.exitcode)

    def kill(self) -> None:
        """End the process at once."""
        if self._process is not None and self._process.is_alive():
            self._process.kill()
            self._process.join()
        if self._pipe is not None:
            self._pipe.close()


def _serve(pipe: Connection, worker: Any, number: int, count: int) -> None:
    """The life of a process."""
    with handed_on(lambda text: pipe.send(("note", text))):  # the same of all: said once
        _work(pipe, worker, number, count)


def _work(pipe: Connection, worker: Any, number: int, count: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to answer
    threading.Thread(target=_end_with_parent, daemon=True).start()
    threads = getattr(worker, "threads", None)
    if threads is not None:
        os.environ["OMP_NUM_THREADS"] = str(threads)
    try:
        if getattr(worker, "device", None) == "auto" and count > 1:
            # One after the other to each of the machine's GPUs.
            device = Shard(number + 1, count, True, number).device("auto")
            worker = replace(worker, device=device)
        worker.setup()
    except Exception as error:
        pipe.send(("stop", explain(error)))
        return
    pipe.send(("ready", None))
    while True:
        try:
            query = pipe.recv()
        except EOFError:
            return
        try:
            for answer in worker.answers(query):
                pipe.send(("answer", answer))
            pipe.send(("done", None))
        except TransientError as error:
            pipe.send(("again", (error.text, error.fresh)))
            if error.fresh:
                return
            _free_memory()
        except StopError as error:
            pipe.send(("stop", str(error)))
            return
        except Exception as error:
            pipe.send(("again", (explain(error), False)))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _free_memory() -> None:
    import gc
    import sys

    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


def ending(code: int | None) -> str:
    """How a process ended, the end of a sentence. code: its exit code, -N for signal N."""
    if code is None or code >= 0:
        return f"its process ended with code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = ", perhaps for want of memory" if name == "SIGKILL" else ""
    return f"its process was ended by {name}{hint}"
