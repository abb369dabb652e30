"""Checksums of what was fetched first, with which later downloads are compared."""

from __future__ import annotations

import json
import os

from momentvos.errors import ModelError
from momentvos.home import home
from momentvos.json_text import to_text
from momentvos.paths import inside
from momentvos.regular_file import read_text


class Checksums:
    """The sha256 of the files of an address at a revision, as they were when first fetched."""

    def __init__(self, address: str, revision: str) -> None:
        self.path = inside(home(), "checksums.json")
        self.key = f"{address}@{revision}"

    def check(self, name: str, sha256: str) -> None:
        """Compare, or record what nobody has fetched yet. Raises ModelError where it differs."""
        known = self._read()
        recorded = known.setdefault(self.key, {}).setdefault(name, sha256)
        if recorded != sha256:
            raise ModelError(
                f"{name} of {self.key} is another file than the one that was fetched first; if its "
                f"owner has said why, remove its line from '{self.path}' and pull again."
            )
        self._write(known)

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            known: dict[str, dict[str, str]] = json.loads(read_text(self.path))
            assert isinstance(known, dict)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AssertionError):
            raise ModelError(f"'{self.path}' is damaged; remove it.") from None
        return known

    def _write(self, known: dict[str, dict[str, str]]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        part.write_text(to_text(known, indent=2) + "\n", encoding="utf-8")
        part.replace(self.path)
