"""Who may see and change what: each annotator their own, reviewers what adjudication says.

An annotator does not see what others say of an expression, so that two who annotate it are
independent; whoever only looks, reviews or runs the studio sees everything.
"""

from __future__ import annotations

from momentvos.server.problem import Problem
from momentvos.server.user import User
from momentvos.studio.tables import FINAL

NOBODY = "(server)"
"""Who writes with the server's token, or on a server without accounts."""


def me(user: User) -> str:
    """Name under which a user writes."""
    return user.name or NOBODY


def sees_all(user: User) -> bool:
    """Whether a user sees what others say."""
    return user.role != "annotator"


def check_sees(user: User, author: str) -> None:
    """Raise Problem (403) for an annotation that a user may not see."""
    if not sees_all(user) and author not in (me(user), FINAL):
        raise Problem(403, "Annotators do not see what others say of their expressions.")


def check_writes(user: User, author: str) -> None:
    """Raise Problem (403) for an annotation that a user may not change."""
    if author == FINAL:
        if not user.may("reviewer"):
            raise Problem(403, "Only reviewers decide between annotators.")
    elif author != me(user) or not user.may("annotator"):
        raise Problem(403, f"This annotation is that of {author}; nobody else changes it.")
