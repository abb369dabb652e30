"""A change of what others have changed meanwhile: refused, with all that a merge needs."""

from __future__ import annotations

from typing import Any

from momentvos.server.problem import Problem


class Conflict(Problem):
    """409, with `current` (the item now), `base` (as its author saw it), `mine` (with the change).

    mine: None where the change is an undo or a redo, which mean nothing any more. since: the
    changes in between.
    """

    def __init__(
        self,
        current: dict[str, Any],
        base: dict[str, Any],
        mine: dict[str, Any] | None,
        since: list[dict[str, Any]],
    ) -> None:
        names = " and ".join(sorted({str(one["who"]) for one in since})) or "somebody"
        super().__init__(409, f"This was changed by {names} meanwhile; merge your change into it.")
        self._content = {"current": current, "base": base, "mine": mine, "since": since}

    def to_json(self) -> dict[str, Any]:
        """Content of the answer."""
        return super().to_json() | self._content
