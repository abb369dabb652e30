"""Reader of pickles of plain values, which imports and executes nothing."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from momentvos.data.formats.entry import BrokenEntry
from momentvos.guard import reason
from momentvos.pickles.scan import scan
from momentvos.regular_file import read_bytes

MOST_BYTES = 256 << 20


def load(path: Path) -> Any:
    """Load a pickle of plain values; strings of Python 2 are read as Latin-1.

    Raises BrokenEntry for a pickle that would import or call something, for one that would exhaust
    the process, and for a damaged one.
    """
    try:
        content = read_bytes(path, MOST_BYTES)
        scan(content)
        return pickle.loads(content, fix_imports=False, encoding="latin1")  # noqa: S301
    except FileNotFoundError:
        raise BrokenEntry(path, "", "is missing; give the folder that holds the data set") from None
    except OSError as error:
        raise BrokenEntry(path, "", f"cannot be read ({error.strerror})") from None
    except Exception as error:  # a damaged pickle raises whatever it meets
        raise BrokenEntry(
            path,
            "",
            f"is not a pickle of plain values ({reason(error)}); "
            "it was not run. Write its content as JSON beside it to have it read",
        ) from None
