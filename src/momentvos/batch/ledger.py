"""The open questions of a run, and what has been written of the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from momentvos.batch.query import Ask, Query
from momentvos.batch.record import Answer, Failure, failed

Report = Callable[[int, int], None]
"""Called with the videos that are done and all videos."""


class Appends(Protocol):
    """What keeps lines; see `append_log.Writer`."""

    def append(self, row: dict[str, object]) -> None: ...


def tried(tries: int, why: str) -> str:
    """What is written of a job that was tried often enough."""
    return f"It was tried {'once' if tries == 1 else f'{tries} times'}: {why}"


@dataclass
class Job:
    """A query with what is left of it. tries: how often it has been given to a process."""

    query: Query
    left: list[Ask]
    tries: int = 0

    @classmethod
    def of(cls, query: Query) -> Job:
        return cls(query, list(query.asks))

    @property
    def rest(self) -> Query | None:
        """What is left, as a query; None where nothing is."""
        return self.query.only(tuple(self.left)) if self.left else None


@dataclass
class Ledger:
    """Jobs on their way into the manifest.

    videos: how many there are with those that were done before. answers: what was written.
    """

    jobs: Sequence[Job]
    writer: Appends
    videos: int
    report: Report | None = None
    answers: list[Answer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._open = len(self.jobs)
        self.tell()

    def note(self, job: Job, answer: Answer) -> None:
        """Write an answer, once."""
        if all(ask.key != answer.key for ask in job.left):
            return
        answer = replace(answer, tries=job.tries)
        self.writer.append(answer.to_json())
        self.answers.append(answer)
        job.left = [ask for ask in job.left if ask.key != answer.key]

    def give_up(self, job: Job, error: str, failure: Failure) -> None:
        """Write that what is left of a job has failed."""
        for ask in list(job.left):
            self.note(job, failed(job.query, ask, error, failure))
        self.finish()

    def give_up_trying(self, job: Job, why: str) -> None:
        """Write that a job was tried often enough."""
        self.give_up(job, tried(job.tries, why), "transient")

    def finish(self) -> None:
        """Count one video as done."""
        self._open -= 1
        self.tell()

    def tell(self) -> None:
        if self.report is not None:
            self.report(self.videos - self._open, self.videos)
