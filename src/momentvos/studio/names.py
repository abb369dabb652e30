"""Names that people give to projects, objects and each other."""

from __future__ import annotations

import unicodedata

from momentvos.errors import ArgumentError
from momentvos.printable import printable
from momentvos.studio.tables import NAME


def check_name(name: str, what: str) -> str:
    """The name. Raises ArgumentError for one that no list could show, or no database store.

    what: it names, such as "a project".
    """
    letters = name.strip()
    if not letters or len(name) > NAME or any(unicodedata.category(one) == "Cc" for one in name):
        raise ArgumentError(
            f"'{printable(name)[:100]}' cannot be the name of {what}: it is a line of 1 to {NAME} "
            "characters."
        )
    return name
