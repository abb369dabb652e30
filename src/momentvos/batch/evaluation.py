"""An evaluation by actors of a cluster, whose lines come to the folder of the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from momentvos.batch.evaluation_worker import EvaluationWorker, Part
from momentvos.batch.ledger import Appends, tried
from momentvos.batch.on_ray import RayEngine
from momentvos.batch.record import Failure
from momentvos.data.sample import Sample
from momentvos.evaluation.metrics import key
from momentvos.evaluation.run import Report, failing, unanswered
from momentvos.evaluation.store import Key
from momentvos.evaluation.task import Task
from momentvos.hub.load import from_anywhere

TRIES = 3
"""How often a video is given to an actor before its expressions count as failed."""


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
