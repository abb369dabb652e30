"""Attempts to log in: a few at once, then a wait that doubles, by name and by peer."""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from time import monotonic

from momentvos.server.problem import Problem

FREE_BY_NAME, FREE_BY_PEER = 5, 20
"""Attempts that fail before one has to wait; many people may share a peer, such as a proxy."""
LONGEST = 300.0
"""Seconds of the longest wait."""
FORGOTTEN = 3600.0
"""Seconds without an attempt after which all is as before."""
MOST = 10_000
"""Names and peers that are remembered."""

Key = tuple[str, str]


class Throttle:
    """Counts of attempts that failed. clock: seconds, as of `time.monotonic`."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock, self._lock = clock, Lock()
        self._counts: OrderedDict[Key, tuple[int, float]] = OrderedDict()
        """By key: attempts that failed, and when the last one was made."""

    def begin(self, name: str | None, peer: str) -> None:
        """Count an attempt as one that fails, before it is looked at. Raises Problem (429).

        name: of the account; None: the attempt is made with a token.
        """
        keys = _keys(name, peer)
        with self._lock:
            time = self._clock()
            left = max(self._left(key, free, time) for key, free in keys)
            if left > 0:
                raise Problem(
                    429, "Too many attempts to log in; try again later.", after=math.ceil(left)
                )
            for key, _ in keys:
                self._counts[key] = (self._count(key, time) + 1, time)
                self._counts.move_to_end(key)
            while len(self._counts) > MOST:
                self._counts.popitem(last=False)

    def succeed(self, name: str | None, peer: str) -> None:
        """Note that the attempt was right: the name is free again, the peer has one less."""
        (by_name, _), (by_peer, _) = _keys(name, peer)
        with self._lock:
            self._counts.pop(by_name, None)
            count, time = self._counts.get(by_peer, (1, 0.0))
            self._counts[by_peer] = (count - 1, time)

    def _left(self, key: Key, free: int, time: float) -> float:
        """Seconds until a further attempt may be made."""
        count = self._count(key, time)
        if count < free:
            return 0.0
        wait = min(2.0 ** min(count - free, 30), LONGEST)
        return self._counts[key][1] + wait - time

    def _count(self, key: Key, time: float) -> int:
        count, last = self._counts.get(key, (0, time))
        return 0 if time - last > FORGOTTEN else count


def _keys(name: str | None, peer: str) -> tuple[tuple[Key, int], tuple[Key, int]]:
    what = ("token", "") if name is None else ("name", name)
    return (what, FREE_BY_NAME), (("peer", _network(peer)), FREE_BY_PEER)


def _network(peer: str) -> str:
    """An address; of IPv6 the part that one machine does not choose by itself."""
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return peer
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
