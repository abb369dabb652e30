"""A batch on paper: workers on machines that share cores, networks, a store and one driver.

A worker takes one clip after the other, as those of `engine` do: it fetches it, decodes it,
computes, writes the files, and waits until the driver has written its lines. Whatever several
workers want is given to them whole, in the order in which they ask; of clips that are alike the
rate is the same as if they shared it evenly.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from momentvos.batch.cost import Cost

WAVES, FEWEST = 40, 2000
"""Clips a worker, and clips at least, that are simulated one by one; then the rate is even."""
SATURATED = 0.9
"""Part of its time in use from which on something is the limit."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What does the work.

    Attributes:
        workers: each with a device of its own.
        per_machine: workers of a machine; the last machine may have fewer.
        cores: of a machine.
        on_cores: whether the device of a worker is one of these cores.
        network: bytes a second of a machine. store: of all together.
    """

    workers: int = 1
    per_machine: int = 1
    cores: int = 1
    on_cores: bool = False
    network: float = inf
    store: float = inf


@dataclass(frozen=True, slots=True)
class Timetable:
    """How a batch goes.

    Attributes:
        seconds: all of it. start: until the first worker is ready. end: the driver's, behind the
            last clip.
        busy: of "workers" (their devices, where these are no cores), "cores", "network", "store"
            and "driver", the part of the seconds between start and end in which they are in use.
        limit: of what it must be more to be faster: one of these; "start" or "end" where these
            take most of the time; "clips" where there are fewer of them than workers.
    """

    seconds: float
    start: float
    end: float
    busy: dict[str, float]
    limit: str


def simulate(cost: Cost, clips: int, cluster: Cluster) -> Timetable:
    """Go through a batch of so many clips that are alike."""
    few = _simulated(clips, cluster.workers)
    batch = _Batch(cost, cluster)
    ends = list(batch.run(few))
    last, start, rest = ends[-1], batch.start, clips - few
    if rest:  # they come in the middle, where neither beginning nor end makes a difference
        waves = few // 2 // cluster.workers * cluster.workers
        last += rest * (ends[few // 4 + waves] - ends[few // 4]) / waves
    end = clips * cost.conclude
    between = max(last - start, 1e-12)
    share = clips / few
    busy = {
        name: share * sum(one.busy for one in servers) / (sum(map(len, servers)) * between)
        for name, servers in batch.servers.items()
    }
    limit = max(batch.shared, key=lambda name: busy[name])
    if end > last:
        limit = "end"
    elif start > last - start:
        limit = "start"
    elif clips < cluster.workers:
        limit = "clips"
    elif busy[limit] < SATURATED:
        limit = "workers"
    return Timetable(last + end, start, end, busy, limit)


def room(cost: Cost, cluster: Cluster) -> dict[str, float]:
    """Of how many workers each thing that all share is wholly in use, by the cost alone.

    A thing that nothing is wanted of has infinite room.
    """
    cycle = sum(seconds for _, seconds in _stages(cost, cluster)) + _transfer(cost, cluster)
    shared = {"driver": cost.record, "store": (cost.fetched + cost.written) / cluster.store}
    return {name: cycle / seconds if seconds else inf for name, seconds in shared.items()}


def _transfer(cost: Cost, cluster: Cluster) -> float:
    return (cost.fetched + cost.written) / min(cluster.store, cluster.network)


def _stages(cost: Cost, cluster: Cluster) -> list[tuple[str, float]]:
    """What a worker does to a clip between fetching and writing."""
    device = "cores" if cluster.on_cores else "workers"
    return [("cores", cost.decode), (device, cost.model), ("driver", cost.record)]


def _simulated(clips: int, workers: int) -> int:
    """How many clips are simulated: all, or so many that whole waves of them are left."""
    most = max(WAVES * workers, FEWEST)
    return clips if clips <= most else most - (most - clips) % workers


class _Servers:
    """Some that are alike: who asks first is served first, by the one that is free first."""

    def __init__(self, count: int = 1) -> None:
        self._free = [0.0] * count
        self.busy = 0.0

    def __len__(self) -> int:
        return len(self._free)

    def take(self, now: float, seconds: float) -> float:
        """When work that comes now is done."""
        end = max(now, self._free[0]) + seconds
        heapq.heapreplace(self._free, end)
        self.busy += seconds
        return end


class _Batch:
    """Workers on their way through clips."""

    def __init__(self, cost: Cost, cluster: Cluster) -> None:
        self._cost, self._cluster = cost, cluster
        machines = -(-cluster.workers // cluster.per_machine)
        self.servers = {
            "workers": [_Servers() for _ in range(cluster.workers)],
            "cores": [_Servers(cluster.cores) for _ in range(machines)],
            "network": [_Servers() for _ in range(machines)],
            "store": [_Servers()],
            "driver": [_Servers()],
        }
        own = cluster.on_cores and cluster.per_machine <= cluster.cores
        self.shared = (*(() if own else ("cores",)), "network", "store", "driver")
        self.start = 0.0

    def run(self, clips: int) -> Iterator[float]:
        """When each clip is done, in that order."""
        ready = [(self._loaded(worker), worker, 0) for worker in range(self._cluster.workers)]
        heapq.heapify(ready)
        self.start = ready[0][0]
        for servers in self.servers["cores"]:
            servers.busy = 0.0  # what loads is no part of the clips
        stages, begun = self._all_stages(), 0
        while ready:
            now, worker, stage = heapq.heappop(ready)
            if stage == 0:
                if begun == clips:
                    continue
                begun += 1
            if stage == len(stages):
                yield now
                heapq.heappush(ready, (now, worker, 0))
                continue
            end = max(
                self._servers(name, worker).take(now, seconds) for name, seconds in stages[stage]
            )
            heapq.heappush(ready, (end, worker, stage + 1))

    def _loaded(self, worker: int) -> float:
        if self._cluster.on_cores:
            return self._servers("cores", worker).take(0.0, self._cost.load)
        return self._cost.load

    def _all_stages(self) -> list[list[tuple[str, float]]]:
        """What is wanted for a clip, one after the other; within a stage at the same time."""
        store, network = self._cluster.store, self._cluster.network
        fetch, write = (
            [("store", size / store), ("network", size / network)]
            for size in (self._cost.fetched, self._cost.written)
        )
        decode, model, record = ([one] for one in _stages(self._cost, self._cluster))
        return [fetch, decode, model, write, record]

    def _servers(self, name: str, worker: int) -> _Servers:
        if name == "workers":
            return self.servers[name][worker]
        if name in ("store", "driver"):
            return self.servers[name][0]
        return self.servers[name][worker // self._cluster.per_machine]
