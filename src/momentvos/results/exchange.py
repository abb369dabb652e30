"""Exchange of two paths in one step of the file system, where the platform has such a step."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2  # linux/fs.h
_RENAME_SWAP = 2  # macOS, sys/stdio.h


def exchange(one: Path, other: Path) -> None:
    """Let two paths of one file system change places; both exist at every moment.

    Raises OSError: ENOSYS where the platform cannot, and whatever the file system answers (EINVAL
    where it cannot, EXDEV across file systems, EBUSY for a mount point).
    """
    call = _call()
    if call is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), str(one))
    if call(os.fsencode(one), os.fsencode(other)):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(one))


@cache
def _call() -> Any:
    """Function of two paths in bytes, 0 on success and else errno set; None where there is none."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            swap = library.renamex_np
            swap.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint)
            return lambda one, other: swap(one, other, _RENAME_SWAP)
        rename = library.renameat2
    except (OSError, TypeError, AttributeError):  # Windows; C libraries without it
        return None
    at, name = ctypes.c_int, ctypes.c_char_p
    rename.argtypes = (at, name, at, name, ctypes.c_uint)
    return lambda one, other: rename(_AT_FDCWD, one, _AT_FDCWD, other, _RENAME_EXCHANGE)
