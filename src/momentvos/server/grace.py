"""How long a cancelled job may go on before its process is ended."""

from __future__ import annotations

from time import monotonic

from momentvos.server.child import Child

LEAST = 5.0
"""Seconds that every process has."""
ASLEEP = 60.0
"""Seconds after which a process is ended that does not compute, such as one that hangs."""


class Grace:
    """The time that a process has left, from now on.

    Another process costs the seconds in which it loads its models, so that waiting for less is
    never dear. They are seconds in which the process computes, where the system tells them: on a
    machine with much else to do it is not ended for having had no turn.

    Args:
        loading: seconds that its models took to load.
    """

    def __init__(self, child: Child, loading: float) -> None:
        self._child, self._most = child, max(loading, LEAST)
        self._begun, self._computed = monotonic(), child.computed

    @property
    def over(self) -> bool:
        """Whether it has had its time."""
        passed = monotonic() - self._begun
        now = self._child.computed
        if self._computed is None or now is None:
            return passed > self._most
        return now - self._computed > self._most or passed > max(ASLEEP, self._most)
