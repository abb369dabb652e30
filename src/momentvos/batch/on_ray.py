"""A batch on a cluster: actors of Ray that each load the model once and have one job at a time.

Ray finds a place for each, grows the cluster for those that have none, and says which are lost.
Ray Data would keep such actors by itself, but counts one that has died and could not be restarted
among those at work: without another it waits for ever (seen with Ray 2.60).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from momentvos import __version__
from momentvos.batch.ray_cluster import connected, lost, room, sign_of_life
from momentvos.batch.record import Failure
from momentvos.batch.station import Answers, Outcome, Station
from momentvos.errors import ClusterError, OutputError

_STARTS = 3
"""Actors in a row that may die before their model is loaded."""
_LOSSES = 10
"""How often a job may be lost with a machine, beside its tries."""
_LOST = "the process that had it was lost, perhaps for want of memory."


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


@dataclass(eq=False)
class _Seat:
    """A place for an actor. node: on which it is, None until it has one. ready: whether the model
    is loaded. asked: what it is to say next.
    """

    actor: Any
    asked: Any = None
    node: str | None = None
    ready: bool = False
    job: Job | None = None


@dataclass
class RayEngine:
    """Jobs on their way through a cluster; see `engine.Options`."""

    worker: Answers
    ledger: Ledger
    address: str | None
    workers: int | None
    tries: int
    time_limit: float | None
    _seats: list[_Seat] = field(default_factory=list, init=False)
    _waiting: dict[Any, Callable[[Any], None]] = field(default_factory=dict, init=False)
    _losses: Counter[int] = field(default_factory=Counter, init=False)
    _deaths: int = field(default=0, init=False)

    def work(self) -> None:
        """Answer all jobs. Raises ClusterError, OutputError."""
        import ray

        self._pending: deque[Job] = deque(job for job in self.ledger.jobs if job.rest)
        with connected(self.address):
            try:
                self._staff()
                while self._waiting:
                    (one,), _ = ray.wait(list(self._waiting))
                    try:
                        word = ray.get(one)
                    except ray.exceptions.RayError as error:
                        word = error
                    self._waiting.pop(one)(word)
                    self._staff()
            finally:
                for seat in list(self._seats):
                    self._dismiss(seat)

    def _staff(self) -> None:
        """Have an actor for each job, as far as there is room, and then as many again: those that
        find no place are what Ray grows a cluster for.
        """
        starting = [seat for seat in self._seats if not seat.ready]
        for seat in starting[len(self._pending) :]:
            self._dismiss(seat)
        if starting or not self._pending:
            return
        most = (self.workers or len(self.ledger.jobs)) - len(self._seats)
        wanted = min(len(self._pending), most)
        if wanted <= 0:
            return
        needs = self._needs()
        for _ in range(min(wanted, max(room(needs), len(self._seats), 1))):
            self._start(needs)

    def _needs(self) -> dict[str, float]:
        from ray import cluster_resources

        needs = self.worker.resources
        gpus = self.worker.device != "auto" or cluster_resources().get("GPU", 0)
        return {"CPU": needs["cpus"], "GPU": needs["gpus"] if gpus else 0.0}

    def _start(self, needs: dict[str, float]) -> None:
        import ray

        actors: Any = ray.remote(Station).options(
            num_cpus=needs["CPU"],
            num_gpus=needs["GPU"],
            max_restarts=0,
            scheduling_strategy="SPREAD",
        )
        seat = _Seat(actors.remote(self.worker, __version__, self.time_limit))
        self._seats.append(seat)
        self._ask(seat, seat.actor.node.remote(), self._placed)

    def _ask(self, seat: _Seat, asked: Any, then: Callable[[_Seat, Any], None]) -> None:
        seat.asked = asked
        self._waiting[asked] = partial(then, seat)

    def _placed(self, seat: _Seat, word: Any) -> None:
        if lost(word):
            self._dismiss(seat)
            self._die(str(word).strip().rpartition("\n")[2])
            return
        seat.node = word
        self._ask(seat, seat.actor.setup.remote(), self._set_up)

    def _set_up(self, seat: _Seat, word: Any) -> None:
        if lost(word):
            self._lose(seat)
        elif word:
            raise ClusterError(word)
        else:
            seat.ready, self._deaths = True, 0
            self._next(seat)

    def _next(self, seat: _Seat) -> None:
        """Give a job to an actor that has none; without one it makes room."""
        if not self._pending:
            self._dismiss(seat)
            return
        seat.job = job = self._pending.popleft()
        job.tries += 1
        self._ask(seat, seat.actor.answer.remote(job.rest), self._answered)

    def _answered(self, seat: _Seat, word: Any) -> None:
        if lost(word):
            self._lose(seat)
            return
        made: Outcome = word
        job, seat.job = seat.job, None
        assert job is not None
        for answer in made.answers:
            self.ledger.note(job, answer)
        if made.ending == "stop":
            raise OutputError(made.why)
        if made.ending == "late":
            self.ledger.give_up(job, made.why, "time_limit")
        elif made.ending == "done":
            self.ledger.finish()
        else:
            self._again(job, made.why)
        if made.fresh:
            self._dismiss(seat)
        else:
            self._next(seat)

    def _lose(self, seat: _Seat) -> None:
        """Ask whether an actor was lost alone or with its machine."""
        self._dismiss(seat)
        assert seat.node is not None
        self._ask(seat, sign_of_life(seat.node), self._judge)

    def _judge(self, seat: _Seat, word: Any) -> None:
        """Let a loss count, unless the machine was lost."""
        job, alone = seat.job, not lost(word)
        if job is None:
            if alone:
                self._die(_LOST)
            return
        if not alone and self._losses[id(job)] < _LOSSES:
            self._losses[id(job)] += 1
            job.tries -= 1
        self._again(job, _LOST)

    def _die(self, why: str) -> None:
        """Count an actor that has died before its model was loaded."""
        self._deaths += 1
        if self._deaths >= _STARTS:
            raise ClusterError(f"The model could not be loaded, {_STARTS} times: {why}")

    def _again(self, job: Job, why: str) -> None:
        """Put a job behind the others, unless it has been tried often enough."""
        if job.rest and job.tries < self.tries:
            self._pending.append(job)
        else:
            self.ledger.give_up_trying(job, why)

    def _dismiss(self, seat: _Seat) -> None:
        """End an actor; what it has under way is heard of no more."""
        import ray

        self._seats.remove(seat)
        self._waiting.pop(seat.asked, None)
        ray.kill(seat.actor)
