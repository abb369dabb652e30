"""An actor of a cluster: a worker with its model, on whatever machine."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any, Protocol

from momentvos import __version__
from momentvos.batch.failure import StopError, TransientError, too_long
from momentvos.batch.manifest import HEADER
from momentvos.errors import ClusterError
from momentvos.results.attempts import explain


class Answers(Protocol):
    """What an actor works with: picklable, set up once; see `worker.Worker`."""

    @property
    def device(self) -> str: ...

    @property
    def out(self) -> Path | str | None: ...

    @property
    def resources(self) -> dict[str, float]: ...

    def setup(self) -> None: ...

    def answers(self, query: Any, /) -> Iterator[Any]: ...


@dataclass
class Outcome:
    """What an actor says of a query. ending: "done", "again" (transient), "late", "stop", or
    "unfit" (none of its queries can be answered there).
    """

    number: int
    answers: list[Any]
    ending: str = "done"
    why: str = ""


class Station:
    """Answers queries, one at a time; see `on_ray`.

    tell: called with a query's number and whether it ends or begins; see `roll.Roll`.
    """

    def __init__(
        self,
        worker: Answers,
        version: str,
        time_limit: float | None,
        tell: Callable[[int, bool], None],
    ) -> None:
        self._worker, self._limit, self._fault = worker, time_limit, ""
        self._tell = tell
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
        """Answer the queries of a batch; both are pickled, as columns hold no objects."""
        pairs = zip(batch["number"], map(pickle.loads, batch["query"]), strict=True)
        made = [self._outcome(int(number), query) for number, query in pairs]
        return {"outcome": [pickle.dumps(outcome) for outcome in made]}

    def _outcome(self, number: int, query: Any) -> Outcome:
        made = Outcome(number, [])
        if self._fault:
            made.ending, made.why = "unfit", self._fault
            return made
        if self._running is not None and self._running.is_alive():
            os._exit(1)  # what took too long holds the device; Ray starts another process
        self._tell(number, False)
        self._running = Thread(target=self._answer, args=(query, made), daemon=True)
        self._running.start()
        self._running.join(self._limit)
        self._tell(number, True)
        if self._running.is_alive():
            return Outcome(number, list(made.answers), "late", too_long(self._limit or 0.0))
        return made

    def _answer(self, query: Any, made: Outcome) -> None:
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
