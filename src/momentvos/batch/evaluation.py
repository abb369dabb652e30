"""An evaluation by actors of a cluster: the questions of a benchmark, answered and scored there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from momentvos.batch.failure import StopError, TransientError, raised
from momentvos.batch.ledger import Appends, tried
from momentvos.batch.on_ray import RayEngine
from momentvos.batch.record import Failure
from momentvos.data.sample import Sample
from momentvos.errors import ClusterError
from momentvos.evaluation.grounders import Ask
from momentvos.evaluation.metrics import key
from momentvos.evaluation.run import Report, failing, problem, rows, unanswered
from momentvos.evaluation.store import Key
from momentvos.evaluation.task import Request, Task
from momentvos.hub.load import from_anywhere, load

TRIES = 3
"""How often a video is given to an actor before its expressions count as failed."""


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


@dataclass
class Video:
    """A video with the expressions that are left of it. tries: as of `ledger.Job`."""

    row: int
    left: list[Key]
    tries: int = 0

    @property
    def rest(self) -> Part | None:
        """What is left, as it is asked; None where nothing is."""
        return Part(self.row, tuple(self.left)) if self.left else None


@dataclass
class Lines:
    """The videos of an evaluation on their way into its file of answers."""

    jobs: Sequence[Video]
    writer: Appends
    stop: bool = False
    report: Report | None = None
    failed: int = 0

    def __post_init__(self) -> None:
        self._all = sum(len(job.left) for job in self.jobs)
        self._tell()

    def note(self, job: Video, row: Mapping[str, Any]) -> None:
        """Write the line of an expression, once. Raises BenchmarkError where the first ends all."""
        name = row["video"], row["expression"]
        if name not in job.left:
            return
        self.writer.append(dict(row))
        job.left.remove(name)
        if row["error"] is not None:
            self.failed += 1
            if self.stop:
                raise failing(dict(row))
        self._tell()

    def give_up(self, job: Video, error: str, failure: Failure) -> None:
        """Write that what is left of a video has failed."""
        for name in list(job.left):
            self.note(job, unanswered(name, error))

    def give_up_trying(self, job: Video, why: str) -> None:
        """Write that a video was tried often enough."""
        self.give_up(job, tried(job.tries, why), "transient")

    def finish(self) -> None:
        """Nothing: expressions are counted, not videos."""

    def _tell(self) -> None:
        if self.report is not None:
            self.report(self._all - sum(len(job.left) for job in self.jobs), self._all)


@dataclass(frozen=True)
class Cluster:
    """Where an evaluation is asked. address, workers, as of `engine.Options`; threads, gpus: of
    each actor.
    """

    address: str | None = None
    workers: int | None = None
    threads: int = 1
    gpus: float = 1.0


def by_ray(
    task: Task, done: Callable[[Key], bool], cluster: Cluster, report: Report | None = None
) -> Callable[[Sequence[Sequence[Sample]], Appends], int]:
    """The engine of `BenchmarkRun.answer_by` that asks a cluster.

    done: whether an expression is answered. Raises ExtraError, ClusterError, BenchmarkError.
    """

    def answer(videos: Sequence[Sequence[Sample]], writer: Appends) -> int:
        places = {group[0].video_id: row for row, group in enumerate(task.videos)}
        jobs = [
            Video(places[group[0].video_id], [key(one) for one in group if not done(key(one))])
            for group in videos
        ]
        lines = Lines(jobs, writer, task.request.stop, report)
        request = replace(task.request, model=from_anywhere(task.request.model))
        if isinstance(request.root, Path):
            request = replace(request, root=request.root.absolute())
        worker = EvaluationWorker(request, task.digest, cluster.threads, cluster.gpus)
        RayEngine(worker, lines, cluster.address, cluster.workers, TRIES, None).work()
        return lines.failed

    return answer
