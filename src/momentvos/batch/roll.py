"""Where queries are on a cluster, so that a machine that is lost costs none of them a try."""

from __future__ import annotations

from collections.abc import Collection


class Roll:
    """Which node has begun each query of a round, and which queries have ended.

    It is an actor beside whoever started the run, so that it outlives other machines.
    """

    def __init__(self) -> None:
        self._begun: dict[int, str] = {}

    def tell(self, number: int, node: str, ended: bool) -> None:
        """Note that a query has begun on a node, or ended there."""
        if not ended:
            self._begun[number] = node
        elif self._begun.get(number) == node:
            del self._begun[number]

    def begun(self) -> dict[int, str]:
        """Node of each query that has begun and not ended; the next round begins."""
        begun, self._begun = self._begun, {}
        return begun


def to_blame(lost: Collection[int], begun: dict[int, str], nodes: Collection[str]) -> set[int]:
    """Those of a round's lost queries that have cost their process its life, and so a try.

    What never began, what ended before its answer was lost on the way, and what was lost with its
    node or out of its reach, is none of that. nodes: those that still answer.
    """
    return {number for number in lost if begun.get(number) in nodes}


class Teller:
    """What tells the roll; picklable.

    name: of its actor. A process that kept the actor's handle would not end with its round (seen
    with Ray 2.60), and the next round's would find no room.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, number: int, ended: bool) -> None:
        """Tell, and wait until it is written down."""
        import ray

        node = ray.get_runtime_context().get_node_id()
        ray.get(ray.get_actor(self._name).tell.remote(number, node, ended))
