"""An actor of a cluster: a worker with its model, on whatever machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from momentvos import __version__
from momentvos.batch.failure import StopError, TransientError, too_long
from momentvos.batch.manifest import HEADER
from momentvos.batch.query import Query
from momentvos.batch.record import Answer
from momentvos.batch.worker import Worker
from momentvos.errors import ClusterError
from momentvos.results.attempts import explain


@dataclass
class Outcome:
    """What an actor says of a query. ending: "done", "again" (transient), "late", "stop", or
    "unfit" (none of its queries can be answered there).
    """

    number: int
    answers: list[Answer]
    ending: str = "done"
    why: str = ""


class Station:
    """Answers queries, one at a time; see `on_ray`."""

    def __init__(self, worker: Worker, version: str, time_limit: float | None) -> None:
        self._worker, self._limit, self._fault = worker, time_limit, ""
        self._running: Thread | None = None
        try:
            if version != __version__:
                raise ClusterError(f"momentvos is {version} here and {__version__} on a node.")
            if isinstance(worker.out, Path) and not (worker.out / HEADER).is_file():
                raise ClusterError(
                    f"A node does not see '{worker.out}': give -o a folder that all machines share."
                )
            worker.setup()
        except Exception as error:
            self._fault = explain(error)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Answer the queries of a batch."""
        pairs = zip(batch["number"], batch["query"], strict=True)
        return {"outcome": [self._outcome(int(number), query) for number, query in pairs]}

    def _outcome(self, number: int, query: Query) -> Outcome:
        made = Outcome(number, [])
        if self._fault:
            made.ending, made.why = "unfit", self._fault
            return made
        if self._running is not None and self._running.is_alive():
            os._exit(1)  # what took too long holds the device; Ray starts another process
        self._running = Thread(target=self._answer, args=(query, made), daemon=True)
        self._running.start()
        self._running.join(self._limit)
        if self._running.is_alive():
            return Outcome(number, list(made.answers), "late", too_long(self._limit or 0.0))
        return made

    def _answer(self, query: Query, made: Outcome) -> None:
        try:
            for answer in self._worker.answers(query):
                made.answers.append(answer)
        except TransientError as error:
            if error.fresh:
                os._exit(1)  # its device is lost
            made.ending, made.why = "again", error.text
        except StopError as error:
            made.ending, made.why = "stop", str(error)
        except Exception as error:
            made.ending, made.why = "again", explain(error)
