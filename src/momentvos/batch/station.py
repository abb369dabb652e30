"""An actor of a cluster: a worker with its model, on whatever machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
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
    """What an actor says of a query.

    ending: "done", "again" (transient), "late" or "stop". fresh: whether another actor must take
    its place.
    """

    answers: list[Any] = field(default_factory=list)
    ending: str = "again"
    why: str = "it was not answered to its end."
    fresh: bool = False


class Station:
    """Answers queries, one at a time; see `on_ray`."""

    def __init__(self, worker: Answers, version: str, time_limit: float | None) -> None:
        self._worker, self._version, self._limit = worker, version, time_limit

    def node(self) -> str:
        """The node of the cluster that it is on."""
        import ray

        node: str = ray.get_runtime_context().get_node_id()
        return node

    def setup(self) -> str:
        """Load the model; why queries cannot be answered here, "" where they can."""
        worker = self._worker
        try:
            if self._version != __version__:
                raise ClusterError(
                    f"momentvos is {self._version} here and {__version__} on a node."
                )
            if isinstance(worker.out, Path) and not (worker.out / HEADER).is_file():
                raise ClusterError(
                    f"A node does not see '{worker.out}': give -o a folder that all machines share."
                )
            worker.setup()
        except Exception as error:
            return explain(error)
        return ""

    def answer(self, query: Any) -> Outcome:
        """Answer a query, within its time."""
        made = Outcome()
        running = Thread(target=self._answer, args=(query, made), daemon=True)
        running.start()
        running.join(self._limit)
        if running.is_alive():  # and holds the device
            return Outcome(list(made.answers), "late", too_long(self._limit or 0.0), fresh=True)
        return made

    def _answer(self, query: Any, made: Outcome) -> None:
        try:
            for answer in self._worker.answers(query):
                made.answers.append(answer)
            made.ending = "done"
        except TransientError as error:
            made.why, made.fresh = error.text, error.fresh
        except StopError as error:
            made.ending, made.why = "stop", str(error)
        except Exception as error:
            made.why = explain(error)
