"""The mark of a folder that says which run its results are of, so that runs are never mixed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from momentvos.errors import OutputError
from momentvos.json_text import from_text
from momentvos.regular_file import read_text
from momentvos.results.exclusive import alone
from momentvos.results.text_file import save_json

REMEDY = "choose another folder with -o, or remove that one"


def claim(
    folder: Path,
    name: str,
    facts: Mapping[str, Any],
    defaults: Mapping[str, Any] | None = None,
    counts: Collection[str] = (),
    remedy: str = REMEDY,
) -> None:
    """Write the facts to ``folder/name``, or compare them with those that are there.

    defaults: of facts that earlier versions did not write. counts: facts that follow from others,
    which name a mix-up better. remedy: what to do about one, the end of a sentence. Raises
    OutputError where the folder is another run's, or of another program.
    """
    path = folder / name
    with alone(folder, Path(name).stem):
        if not path.exists():
            save_json(path, facts)
            return
        try:
            there = {**(defaults or {}), **from_text(read_text(path))}
            there = {key: there[key] for key in facts}
        except (OSError, ValueError, KeyError, TypeError):
            raise OutputError(
                f"{path} is not of this program; choose another folder with -o."
            ) from None
    for key, value in sorted(facts.items(), key=lambda item: item[0] in counts):
        if there[key] != value:
            raise OutputError(
                f"{folder} holds the answers of another run (its {key} {verb(key)} "
                f"'{_shown(there[key])}', not '{_shown(value)}'); {remedy}."
            )


def verb(fact: str) -> str:
    """The word "are" where a fact's name is a plural, such as "sentences", else "is"."""
    return "are" if fact.endswith("s") else "is"


def _shown(value: object) -> object:
    return ("on" if value else "off") if isinstance(value, bool) else value
