"""A connection to a Ray cluster, and what is asked of its nodes."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from momentvos.errors import ClusterError, ExtraError

_PATIENCE = 10.0
"""Seconds for a cluster's first sign."""


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


def room(needs: Mapping[str, float]) -> int:
    """How many actors with such needs (of "CPU", "GPU") have room at once."""
    import ray

    free = ray.available_resources()
    return min((int(free.get(kind, 0.0) / need) for kind, need in needs.items() if need), default=1)


def sign_of_life(node: str) -> Any:
    """A reference to what a node says where it is not lost: a list of nodes is late to know."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    nothing = ray.remote(num_cpus=0, max_retries=0)(lambda: None)
    there = NodeAffinitySchedulingStrategy(node, soft=False)
    return nothing.options(scheduling_strategy=there).remote()


def lost(word: Any) -> bool:
    """Whether a process that was asked has been lost, in place of its word."""
    from ray.exceptions import RayError

    return isinstance(word, RayError)


def _knock(address: str | None) -> None:
    """Raise OSError where nobody listens at HOST:PORT, for which Ray itself takes minutes."""
    host, _, port = (address or "").rpartition(":")
    if host and "/" not in host and port.isdecimal():
        socket.create_connection((host, int(port)), _PATIENCE).close()
