"""A batch on a cluster: Ray Data hands the queries to actors that each load the model once."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from momentvos import __version__
from momentvos.batch.ledger import Job, Ledger
from momentvos.batch.station import Outcome, Station
from momentvos.batch.worker import Worker
from momentvos.errors import ClusterError, ExtraError, OutputError

_BLOCKS = 10_000
"""Most parts of the queries; each part comes back as a whole, and is repeated as a whole."""
_STARTS = 3
"""Actors in a row that may die before their model is loaded."""
_PATIENCE = 10.0
"""Seconds for a cluster's first sign."""


@dataclass
class RayEngine:
    """Jobs on their way through a cluster; see `engine.Options`."""

    worker: Worker
    ledger: Ledger
    address: str | None
    workers: int | None
    tries: int
    time_limit: float | None

    def work(self) -> None:
        """Answer all jobs. Raises ClusterError, OutputError."""
        why: dict[int, str] = {}
        with connected(self.address):
            for _ in range(self.tries):
                left = {n: job for n, job in enumerate(self.ledger.jobs) if job.left}
                for job in left.values():
                    job.tries += 1
                for made in self._outcomes(left) if left else ():
                    job = left[made.number]
                    for answer in made.answers:
                        self.ledger.note(job, answer)
                    if made.ending in ("stop", "unfit"):
                        raise (OutputError if made.ending == "stop" else ClusterError)(made.why)
                    if made.ending == "late":
                        self.ledger.give_up(job, made.why, "time_limit")
                    elif made.ending == "done":
                        self.ledger.finish()
                    else:
                        why[made.number] = made.why
        for number, job in enumerate(self.ledger.jobs):
            if job.left:
                lost = "the processes that had it were lost, perhaps for want of memory."
                self.ledger.give_up_trying(job, why.get(number, lost))

    def _outcomes(self, jobs: dict[int, Job]) -> Iterator[Outcome]:
        """What becomes of each, in whatever order; of what is lost again and again, nothing."""
        from ray import cluster_resources, data

        context = data.DataContext.get_current()
        context.enable_progress_bars = context.print_on_execution_start = False
        context.max_errored_blocks = -1
        context.max_consecutive_actor_init_deaths = _STARTS
        needs = self.worker.resources
        some = self.worker.device != "auto" or cluster_resources().get("GPU", 0)
        rows = [
            {"number": number, "query": job.query.only(tuple(job.left))}
            for number, job in jobs.items()
        ]
        answered = data.from_items(rows, override_num_blocks=min(len(rows), _BLOCKS)).map_batches(
            Station,
            fn_constructor_args=(self.worker, __version__, self.time_limit),
            batch_size=1,
            batch_format="numpy",
            compute=data.ActorPoolStrategy(min_size=1, max_size=self.workers),
            num_cpus=needs["cpus"],
            num_gpus=needs["gpus"] if some else 0,
            max_task_retries=self.tries - 1,
        )
        for row in answered.iter_rows():
            yield row["outcome"]


@contextmanager
def connected(address: str | None) -> Iterator[None]:
    """A connection to a cluster, the one that is open or another; None: a cluster of this machine.

    Raises ExtraError without Ray, ClusterError where there is no cluster.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # or it reports to its makers
    try:
        import ray
    except ImportError:
        raise ExtraError(
            "--engine ray needs Ray: install it with pip install 'momentvos[ray]'."
        ) from None
    if ray.is_initialized():
        yield
        return
    try:
        _knock(address)
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).partition("\n")[0][:200]
        raise ClusterError(f"No Ray cluster at '{address or 'here'}': {reason}") from error
    try:
        yield
    finally:
        ray.shutdown()


def _knock(address: str | None) -> None:
    """Raise OSError where nobody listens at HOST:PORT, for which Ray itself takes minutes."""
    host, _, port = (address or "").rpartition(":")
    if host and "/" not in host and port.isdecimal():
        socket.create_connection((host, int(port)), _PATIENCE).close()
