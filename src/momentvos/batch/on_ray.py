"""A batch on a cluster: Ray Data hands the queries to actors that each load the model once."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from momentvos import __version__
from momentvos.batch.ray_cluster import answering, connected
from momentvos.batch.ray_cluster import roll as opened_roll
from momentvos.batch.record import Failure
from momentvos.batch.roll import Teller, to_blame
from momentvos.batch.station import Answers, Outcome, Station
from momentvos.errors import ClusterError, OutputError

_BLOCKS = 10_000
"""Most parts of the queries; each part comes back as a whole, and is repeated as a whole."""
_STARTS = 3
"""Actors in a row that may die before their model is loaded."""
_LOSSES = 10
"""Rounds in which a query may be lost with a machine, beside its tries."""


class Job(Protocol):
    """A query with what is left of it. tries: how often it has been given to a process."""

    tries: int

    @property
    def rest(self) -> object | None:
        """What is sent to an actor, None where nothing is left."""


class Ledger(Protocol):
    """The jobs of a run, and what keeps what becomes of them; see `ledger.Ledger`."""

    @property
    def jobs(self) -> Sequence[Any]: ...

    def note(self, job: Any, answer: Any, /) -> None: ...

    def give_up(self, job: Any, error: str, failure: Failure, /) -> None: ...

    def give_up_trying(self, job: Any, why: str, /) -> None: ...

    def finish(self) -> None: ...


@dataclass
class RayEngine:
    """Jobs on their way through a cluster; see `engine.Options`."""

    worker: Answers
    ledger: Ledger
    address: str | None
    workers: int | None
    tries: int
    time_limit: float | None

    def work(self) -> None:
        """Answer all jobs. Raises ClusterError, OutputError."""
        why: dict[int, str] = {}
        with connected(self.address), opened_roll() as (roll, name):
            for _ in range(self.tries + _LOSSES):
                left = {number: job for number, job in enumerate(self.ledger.jobs) if job.rest}
                left = {number: job for number, job in left.items() if job.tries < self.tries}
                if not left:
                    break
                for job in left.values():
                    job.tries += 1
                heard = self._round(left, why, Teller(name))
                lost = {number for number, job in left.items() if job.rest} - heard
                for number in lost - _to_blame(lost, roll):
                    left[number].tries -= 1
        for number, job in enumerate(self.ledger.jobs):
            if job.rest:
                lost_ones = "the processes that had it were lost, perhaps for want of memory."
                self.ledger.give_up_trying(job, why.get(number, lost_ones))

    def _round(self, left: Mapping[int, Job], why: dict[int, str], tell: Teller) -> set[int]:
        """Give each job to an actor once; numbers of those of which an actor has said anything."""
        heard = set()
        for made in self._outcomes(left, tell):
            job = left[made.number]
            heard.add(made.number)
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
        return heard

    def _outcomes(self, jobs: Mapping[int, Job], tell: Teller) -> Iterator[Outcome]:
        """What becomes of each, in whatever order; of what is lost, nothing."""
        from ray import cluster_resources, data

        context = data.DataContext.get_current()
        context.enable_progress_bars = context.print_on_execution_start = False
        context.max_errored_blocks = -1
        context.max_consecutive_actor_init_deaths = _STARTS
        # An actor has one query at a time, so that its end costs no other one a try, and another
        # actor is wanted as soon as all have one.
        context.autoscaling_config.actor_pool_util_upscaling_threshold = 1.0
        needs = self.worker.resources
        some = self.worker.device != "auto" or cluster_resources().get("GPU", 0)
        rows = [{"number": number, "query": pickle.dumps(job.rest)} for number, job in jobs.items()]
        queries = data.from_items(rows, override_num_blocks=min(len(rows), _BLOCKS))
        with warnings.catch_warnings():
            # Ray has no other word yet for this: it repeats nothing itself, as it may wait for
            # ever for what it has repeated (seen with 2.60).
            warnings.filterwarnings("ignore", ".*ray_remote_args.* is deprecated")
            answered = queries.map_batches(
                Station,
                fn_constructor_args=(self.worker, __version__, self.time_limit, tell),
                batch_size=1,
                batch_format="numpy",
                compute=data.ActorPoolStrategy(
                    min_size=1, max_size=self.workers, max_tasks_in_flight_per_actor=1
                ),
                num_cpus=needs["cpus"],
                num_gpus=needs["gpus"] if some else 0,
                max_task_retries=0,
            )
        # Nothing is fetched ahead, or each answer waits for the next one before it has its line.
        for block in answered.iter_batches(
            prefetch_batches=0, batch_size=None, batch_format="numpy"
        ):
            yield from map(pickle.loads, block["outcome"])


def _to_blame(lost: Collection[int], roll: Any) -> set[int]:
    """See `roll.to_blame`."""
    import ray

    begun = ray.get(roll.begun.remote())
    nodes = {begun[number] for number in lost if number in begun}
    return to_blame(lost, begun, answering(nodes))
