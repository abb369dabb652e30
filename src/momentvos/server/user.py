"""Who sends a request, and what that person may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

Role = Literal["reader", "annotator", "reviewer", "admin"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""Each may do what those before it may: look; ask and annotate; decide between annotators; all."""


@dataclass(frozen=True)
class User:
    """Who sends a request. name: of the account; None: the token, or a server without accounts."""

    name: str | None
    role: Role

    def may(self, role: Role) -> bool:
        """Whether this user may do what a role may."""
        return ROLES.index(self.role) >= ROLES.index(role)


EVERYBODY: Final = User(None, "admin")
"""Whoever has the token, and each program of this machine where a server asks for nothing."""
