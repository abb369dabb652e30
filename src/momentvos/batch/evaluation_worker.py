"""The worker of an evaluation: the questions of a benchmark, answered and scored where it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from momentvos.batch.failure import StopError, TransientError, raised
from momentvos.errors import ClusterError
from momentvos.evaluation.grounders import Ask
from momentvos.evaluation.metrics import key
from momentvos.evaluation.run import problem, rows
from momentvos.evaluation.store import Key
from momentvos.evaluation.task import Request, Task
from momentvos.hub.load import load


@dataclass(frozen=True)
class Part:
    """What is asked of one video of a benchmark. row: of the video."""

    row: int
    keys: tuple[Key, ...]


@dataclass(frozen=True)
class EvaluationWorker:
    """Answers parts of a benchmark; each machine reads the data set by itself.

    It writes nothing: the lines of `evaluation.run.rows` go to whoever asks. Raises TransientError
    and StopError as `worker.Worker` does.

    Attributes:
        request: what is run. digest: of its questions, which all machines must see alike.
        threads, gpus: of each process.
    """

    request: Request
    digest: str
    threads: int = 1
    gpus: float = 1.0
    _loaded: tuple[Task, Ask] | None = field(default=None, init=False, repr=False, compare=False)

    out = None

    @property
    def device(self) -> str:
        return self.request.device

    @property
    def resources(self) -> dict[str, float]:
        """What it wants of a machine: `cpus`, and `gpus` unless it is to work on the processor."""
        return {
            "cpus": self.threads,
            "gpus": 0.0 if self.device in ("cpu", "mps") else self.gpus,
        }

    def setup(self) -> None:
        """Read the data set and load the model. Raises MomentVOSError."""
        if self._loaded is not None:
            return
        import torch

        torch.set_num_threads(self.threads)
        request = self.request
        task = Task(request)
        if task.digest != self.digest:
            raise ClusterError(f"A node sees other data than this machine at '{request.root}'.")
        ask = task.ask(partial(load, request.model, request.device, **asdict(request.execution)))
        object.__setattr__(self, "_loaded", (task, ask))

    def answers(self, query: Part) -> Iterator[dict[str, Any]]:
        """The line of each expression as soon as it is answered and scored."""
        self.setup()
        assert self._loaded is not None
        task, ask = self._loaded
        passing: dict[str, TransientError | StopError] = {}

        def noted(error: Exception) -> tuple[str, bool]:
            text, shared = problem(error)
            other = raised(error)
            if other is not None:
                passing[text] = other
            return text, shared

        wanted = [one for one in task.videos[query.row] if key(one) in query.keys]
        for row in rows(ask, wanted, task.scores, noted):
            if row["error"] in passing:
                raise passing[row["error"]]
            yield row

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_loaded": None}
