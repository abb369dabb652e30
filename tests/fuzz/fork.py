"""One case in a forked process: what it raised, or what killed it."""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SECONDS = 10
MEMORY = 6 << 30


@dataclass(frozen=True)
class End:
    """How a case ended. kind: "answered", "refused" (a MomentVOSError), "fault" or "killed"."""

    kind: str
    text: str

    @property
    def good(self) -> bool:
        return self.kind in ("answered", "refused")


def run(case: Callable[[], object], seconds: int = SECONDS, memory: int = MEMORY) -> End:
    """Run the case in a child of this process, which has loaded what is slow to load."""
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _inside(case, writer, seconds, memory)
    os.close(writer)
    parts = []
    with contextlib.closing(os.fdopen(reader, "rb")) as file:
        ready, _, _ = select.select([file], [], [], seconds + 5)
        if ready:
            parts.append(file.read())
        else:
            os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    kind, _, text = b"".join(parts).decode("utf-8", "replace").partition(":")
    if os.WIFSIGNALED(status) or not kind:
        signalled = os.WTERMSIG(status) if os.WIFSIGNALED(status) else status
        return End("killed", f"signal {signalled}; {text}")
    return End(kind, text)


def _inside(case: Callable[[], object], writer: int, seconds: int, memory: int) -> None:
    from momentvos.errors import MomentVOSError

    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(seconds)
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
    os.write(writer, said.encode("utf-8", "backslashreplace")[:4000])
    os._exit(0)
