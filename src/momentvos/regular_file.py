"""Reading of files that a user names: regular ones alone, and no more of them than is sensible.

A named pipe or a terminal would be waited for, and /dev/zero read, for ever.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import IO

MOST_TEXT = 256 << 20
"""Bytes of a JSON, YAML or text file, unless its reader says otherwise."""


def open_regular(path: Path) -> IO[bytes]:
    """Open a file for reading. Raises OSError, with a `strerror`, also where it is not regular."""
    file = open(path, "rb", opener=_opener)  # noqa: SIM115
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise OSError(errno.EINVAL, "it is not a regular file", str(path))


def read_bytes(path: Path, most: int = MOST_TEXT) -> bytes:
    """Content of a regular file. Raises OSError, with a `strerror`, also for more than `most`."""
    with open_regular(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it is over {most >> 20} MiB", str(path))
    return content


def read_text(path: Path, most: int = MOST_TEXT) -> str:
    """The same as UTF-8 with plain line ends. Raises UnicodeDecodeError (a ValueError) too."""
    return read_bytes(path, most).decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # or a pipe without writer blocks
