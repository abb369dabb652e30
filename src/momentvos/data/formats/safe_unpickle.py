"""Pickles of plain values, read without running anything in them."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from momentvos.data.formats.entry import BrokenEntry

MOST_BYTES = 1 << 30


class _Plain(pickle.Unpickler):
    """Lists, dicts, tuples, texts, numbers and None need no names; whoever asks for one is out."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("it asks for objects outside the file")


def load(path: Path) -> Any:
    """What a pickle holds if that is plain; texts of Python 2 are read as Latin-1.

    Raises BrokenEntry for anything that would import or call something, and for damage.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BrokenEntry(path, "", "is too large")
        with path.open("rb") as file:
            return _Plain(file, fix_imports=False, encoding="latin1").load()
    except FileNotFoundError:
        raise BrokenEntry(path, "", "is missing; give the folder that holds the data set") from None
    except BrokenEntry:
        raise
    except Exception as error:  # a damaged pickle raises whatever it meets
        raise BrokenEntry(
            path,
            "",
            f"is not a pickle of plain values ({str(error) or type(error).__name__}); "
            "it was not run. Write its content as JSON beside it to have it read",
        ) from None
