"""Restricted unpickler for plain values, which imports and executes nothing."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from momentvos.data.formats.entry import BrokenEntry
from momentvos.regular_file import open_regular

MOST_BYTES = 1 << 30


class _PlainUnpickler(pickle.Unpickler):
    """Refuses every global: lists, dicts, tuples, strings, numbers and None need none."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("it asks for objects outside the file")


def load(path: Path) -> Any:
    """Load a pickle of plain values; strings of Python 2 are read as Latin-1.

    Raises BrokenEntry for a pickle that would import or call something, and for a damaged one.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BrokenEntry(path, "", "is too large")
        with open_regular(path) as file:
            return _PlainUnpickler(file, fix_imports=False, encoding="latin1").load()
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
