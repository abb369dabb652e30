"""Paths below a folder: names that files give, and removal that never leaves the folder."""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from pathlib import Path, PureWindowsPath

from momentvos.errors import OutputError

LONGEST = 200
"""Most bytes of a name; file systems take 255, and temporary names are a little longer."""

_SLUG_LENGTH = 40
"""Most bytes of a name made of words."""
_RESERVED = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)", re.IGNORECASE
)
_RESERVED_LETTERS = frozenset('<>:"|?*')


def is_plain(name: str) -> bool:
    """Whether a name can stand for one file or folder, on every system, and leads nowhere else.

    Without separators, drives and control characters, not "." or "..", of at most `LONGEST` bytes.
    """
    if not name or name == ".." or PureWindowsPath(name).name != name:
        return False
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name):
        return False
    return len(name.encode()) <= LONGEST


def check_plain(name: str, what: str) -> str:
    """Return the name. Raises ValueError, one sentence that begins with `what`, if not plain."""
    if is_plain(name):
        return name
    shown = name if len(name) <= 80 else f"{name[:80]}…"
    raise ValueError(
        f"{what} {shown!r} cannot name a folder; use a name of at most {LONGEST} bytes without "
        "slashes, and other than '.' and '..'"
    )


def check_portable(name: str, what: str) -> str:
    """Return a name that is plain and means the same on every system.

    Raises ValueError, one sentence that begins with `what`, for others: Windows reserves some
    names and letters, and drops dots and spaces at the end.
    """
    check_plain(name, what)
    if name[-1] in ". " or set(name) & _RESERVED_LETTERS or _RESERVED.match(name):
        raise ValueError(
            f"{what} {name!r} cannot name a folder on Windows; use a name without any of "
            "<>:\"|?*, without a dot or a space at its end, and none like 'CON' or 'NUL.txt'"
        )
    return name


def slug(text: str, nothing: str = "sentence") -> str:
    """Short file name from a text's words, in any script; `nothing` if there are none."""
    words = re.findall(r"\w+", unicodedata.normalize("NFC", text.lower()))
    name = ""
    for word in words:
        longer = f"{name}-{word}" if name else word
        if len(longer.encode()) > _SLUG_LENGTH:
            break
        name = longer
    return name or nothing


def folded(path: str) -> str:
    """What paths share that are one where upper and lower case, or compositions, are the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def inside(folder: Path, *names: str) -> Path:
    """Path of `names` below `folder`, which may not exist yet.

    Symbolic links are followed for the check alone, and may lead elsewhere in the folder.
    Raises OutputError where a name is not plain or the path would lie outside the folder.
    """
    path = folder
    for name in names:
        try:
            path /= check_plain(name, "The name")
        except ValueError as error:
            raise OutputError(f"{error}.") from None
    try:
        root, target = folder.resolve(), path.resolve()
    except (OSError, RuntimeError) as error:  # a circle of links
        raise OutputError(f"The path {path} cannot be followed ({error}).") from None
    if root not in target.parents:
        raise OutputError(f"The path {path} leads out of the folder {folder}; it is left alone.")
    return path


def real(path: Path) -> Path:
    """The path without symbolic links, as far as they lead somewhere; circles of links stay."""
    return Path(os.path.realpath(path))


def absolute(path: str | Path) -> str:
    """The path from the root, without "..", with its links as they are."""
    return os.path.abspath(path)  # noqa: PTH100  (resolve() would follow links)


def remove_folder(folder: Path, *names: str) -> None:
    """Remove the folder `names` below `folder` with its content, where there is one.

    A link in its place stays, and so does what cannot be removed. Raises OutputError as `inside`.
    """
    shutil.rmtree(inside(folder, *names), ignore_errors=True)
