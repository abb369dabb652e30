"""What the verbs that train have in common: their folder, their overrides, their device."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from momentvos.cli.activity import announce
from momentvos.errors import DeviceError, OutputError

if TYPE_CHECKING:
    from momentvos.training.progress import Report

_OVERRIDE = re.compile(r"[A-Za-z_][\w-]*(\.[\w-]+)*=.*", re.DOTALL)


def folder_and_overrides(
    out: Sequence[str] | None,
    old_out: Sequence[str] | None,
    overrides: Sequence[str] | None,
    old_overrides: Sequence[str] | None,
) -> tuple[Path | None, list[str]]:
    """The folder of a run, and changes to its recipe.

    ``-o KEY=VALUE``, as it was written once, is still a change, with a note. Raises OutputError
    for two folders.
    """
    folders, changes = [*(old_out or ())], [*(old_overrides or ())]
    for text in out or ():
        if _OVERRIDE.fullmatch(text) and not Path(text).exists():
            changes.append(text)
            announce(f"Note: -o is the folder of the run; write --set {text}")
        else:
            folders.append(text)
    if len(folders) > 1:
        raise OutputError(
            f"-o names one folder, not {' and '.join(folders)}; values are changed by --set "
            "KEY=VALUE."
        )
    return (Path(folders[0]) if folders else None), [*changes, *(overrides or ())]


def use_device(name: str) -> None:
    """Let a training use a device. Raises DeviceError for none, and where a launcher chooses."""
    from momentvos.reachable import check_device

    check_device(name)
    if name == "auto":
        return
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise DeviceError("`accelerate launch` chooses the devices; leave out --device.")
    os.environ["ACCELERATE_TORCH_DEVICE"] = name


def line(quiet: bool) -> AbstractContextManager[Report | None]:
    """Progress of a training on stderr: a bar on a terminal, lines now and then elsewhere."""
    from momentvos.training.progress import PlainLine, RichLine

    if quiet:
        return nullcontext()
    if not sys.stderr.isatty():
        return PlainLine()
    try:
        return RichLine()
    except ImportError:
        return PlainLine()
