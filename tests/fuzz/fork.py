"""One case in a forked process: what it raised, what killed it, or where it wrote."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import resource
import select
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

MEMORY = 6 << 30
PATIENCE = 60
"""Seconds on the clock beyond six times those of the processor: a process that waits for ever."""
_DEVICES = Path("/dev")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PLACES = {
    **dict.fromkeys(("os.remove", "os.rmdir"), ((0, 1),)),
    **dict.fromkeys(("os.mkdir", "os.chmod"), ((0, 2),)),
    **dict.fromkeys(("os.rename", "os.link"), ((0, 2), (1, 3))),
    "os.symlink": ((1, 2),),
    "os.truncate": ((0, None),),
}
"""Which arguments of an audited event name what is changed, and the folder that it is in."""


@dataclass(frozen=True)
class End:
    """How a case ended. seconds: of processor time.

    kind: "answered", "refused" (a MomentVOSError), "fault" (another exception, a traceback on the
    standard error, something written elsewhere) or "killed".
    """

    kind: str
    text: str
    seconds: float

    @property
    def good(self) -> bool:
        return self.kind in ("answered", "refused")


def run(
    case: Callable[[], object], seconds: int, writable: tuple[Path, ...], memory: int = MEMORY
) -> End:
    """Run the case in a child of this process, which has loaded what is slow to load.

    seconds: of processor time, so that other programs make no hang of it. writable: the only
    folders in which it may change anything.
    """
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    with tempfile.TemporaryFile() as errors:
        child = os.fork()
        if child == 0:
            os.close(reader)
            _inside(case, writer, errors, seconds, memory, writable)
        os.close(writer)
        parts = []
        with contextlib.closing(os.fdopen(reader, "rb")) as file:
            ready, _, _ = select.select([file], [], [], 6 * seconds + PATIENCE)
            if ready:
                parts.append(file.read())
            else:
                os.kill(child, signal.SIGKILL)
        _, status, used = os.wait4(child, 0)
        errors.seek(0)
        printed = errors.read(100_000).decode("utf-8", "replace")
    kind, _, text = b"".join(parts).decode("utf-8", "replace").partition(":")
    if os.WIFSIGNALED(status) or not kind:
        signalled = os.WTERMSIG(status) if os.WIFSIGNALED(status) else status
        kind, text = "killed", f"signal {signalled}; {text} {_where(printed)}"
    elif kind in ("answered", "refused") and (bad := _unwanted(printed)):
        kind, text = "fault", f"on the standard error: {bad}"
    return End(kind, text, used.ru_utime + used.ru_stime)


def _inside(
    case: Callable[[], object],
    writer: int,
    errors: IO[bytes],
    seconds: int,
    memory: int,
    writable: tuple[Path, ...],
) -> None:
    from momentvos.errors import MomentVOSError

    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(errors.fileno(), 2)
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    faulthandler.enable(2)
    faulthandler.register(signal.SIGXCPU, 2, all_threads=True, chain=True)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 2))
    elsewhere = _watch(writable)
    try:
        case()
        said = "answered:"
    except MomentVOSError as error:
        said = f"refused:{error}"
        if "\n" in str(error) or not str(error).endswith((".", ")", "!", "?")):
            said = f"fault:no sentence: {str(error)!r}"
    except BaseException as error:  # a Rust panic is no Exception
        last = traceback.extract_tb(error.__traceback__)
        own = [one for one in last if "momentvos" in one.filename]
        where = " < ".join(f"{Path(one.filename).name}:{one.lineno}" for one in own[-3:][::-1])
        said = f"fault:{type(error).__name__}: {str(error)[:160]!r} at {where}"
    if elsewhere:
        said = f"fault:changed {', '.join(elsewhere[:3])}"
    os.write(writer, said.encode("utf-8", "backslashreplace")[:4000])
    os._exit(0)


def _watch(writable: tuple[Path, ...]) -> list[str]:
    """What this process changes from now on outside of these folders."""
    roots = [root.resolve() for root in writable]
    elsewhere: list[str] = []

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            named = [(path, -1)] if isinstance(flags, int) and flags & _WRITING else []
        else:
            named = [
                (arguments[path], -1 if folder is None else arguments[folder])
                for path, folder in _PLACES.get(event, ())
            ]
        for path, folder in named:
            if not isinstance(path, str | bytes | os.PathLike):
                continue  # a file that is open already
            above = Path() if folder == -1 else Path(f"/proc/self/fd/{folder}")
            place = above / os.fsdecode(path)
            real = place.parent.resolve() / place.name
            if place.parent != _DEVICES and not any(map(real.is_relative_to, roots)):
                elsewhere.append(f"{event} {real}")

    sys.addaudithook(look)
    return elsewhere


def _unwanted(printed: str) -> str:
    """The line of a traceback or of a panic among what was printed."""
    lines = [
        one for one in printed.splitlines() if "Traceback (most" in one or "panicked at" in one
    ]
    return lines[0][:200] if lines else ""


def _where(printed: str) -> str:
    """The innermost places of what `faulthandler` printed."""
    lines = [one.strip() for one in printed.splitlines() if one.lstrip().startswith("File ")]
    return " < ".join(lines[:6])
