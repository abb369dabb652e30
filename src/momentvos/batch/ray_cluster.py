"""A connection to a Ray cluster, and what is asked of its nodes."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import Any
from uuid import uuid4

from momentvos.batch.roll import Roll
from momentvos.errors import ClusterError, ExtraError

_PATIENCE = 10.0
"""Seconds for a cluster's first sign."""
_SIGN = 60.0
"""Seconds for a node's sign of life, for which it starts a process."""


def check_installed() -> None:
    """Raise ExtraError without Ray."""
    if find_spec("ray") is None:
        raise ExtraError("--engine ray needs Ray: install it with pip install 'momentvos[ray]'.")


@contextmanager
def connected(address: str | None) -> Iterator[None]:
    """A connection to a cluster, the one that is open or another; None: a cluster of this machine.

    Raises ExtraError without Ray, ClusterError where there is no cluster.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # or it reports to its makers
    os.environ.setdefault("RAY_DATA_LOG_LEVEL", "ERROR")
    check_installed()
    import ray

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


@contextmanager
def roll() -> Iterator[tuple[Any, str]]:
    """Handle and name of an actor of `Roll` on this machine's node."""
    import ray

    here, name = ray.get_runtime_context().get_node_id(), f"momentvos-{uuid4().hex}"
    actor: Any = ray.remote(num_cpus=0)(Roll).options(name=name, scheduling_strategy=_on(here))
    roll = actor.remote()
    try:
        yield roll, name
    finally:
        ray.kill(roll)


def _on(node: str) -> Any:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(node, soft=False)


def answering(nodes: Collection[str]) -> set[str]:
    """Those of the nodes that do a task of nothing: a list of nodes is late to know of a loss."""
    import ray
    from ray.exceptions import RayError

    alive = {one["NodeID"] for one in ray.nodes() if one["Alive"]}.intersection(nodes)
    nothing = ray.remote(num_cpus=0, max_retries=0)(lambda: None)
    asked = {nothing.options(scheduling_strategy=_on(node)).remote(): node for node in alive}
    if not asked:
        return set()
    ready, _ = ray.wait(list(asked), num_returns=len(asked), timeout=_SIGN)
    answering = set()
    for one in ready:
        with suppress(RayError):
            ray.get(one)
            answering.add(asked[one])
    return answering


def _knock(address: str | None) -> None:
    """Raise OSError where nobody listens at HOST:PORT, for which Ray itself takes minutes."""
    host, _, port = (address or "").rpartition(":")
    if host and "/" not in host and port.isdecimal():
        socket.create_connection((host, int(port)), _PATIENCE).close()
