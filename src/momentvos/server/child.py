"""A process of the server: started afresh, spoken to in messages, killed when it is late."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

from momentvos.batch.process import ending
from momentvos.server.wire import LONGEST, decode, encode

MOST_BYTES = 1 << 30
"""Bytes that a message may announce."""
_KEPT = (
    *("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "SYSTEMROOT"),
    *("HOME", "TMPDIR", "TEMP", "TMP", "OMP_NUM_THREADS", "OMP_WAIT_POLICY"),
)
"""Variables of the environment that a process gets which decodes what strangers have sent."""


class GoneError(Exception):
    """The process has ended, or says what it must not; the text says how."""


class LateError(Exception):
    """The process has said nothing until the deadline."""


class Child:
    """A process that runs a module of this package.

    Args:
        module: name of the module.
        bare: whether it gets a short environment, so that nothing secret is in it.
    """

    def __init__(self, module: str, *, bare: bool = True) -> None:
        environment = {
            name: value for name, value in os.environ.items() if not bare or name in _KEPT
        }
        # A new interpreter, not a fork: a fork of a process with threads may hang. -P: nothing is
        # imported from the current folder.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=environment,
            start_new_session=True,  # Ctrl-C is for the server to answer
        )
        self._waiting = bytearray()
        self._selector = selectors.DefaultSelector()
        assert self._process.stdout is not None
        self._selector.register(self._process.stdout, selectors.EVENT_READ)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    @property
    def memory(self) -> int:
        """Resident bytes; 0 where the system does not say."""
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        except (OSError, ValueError, IndexError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")

    @property
    def computed(self) -> float | None:
        """Seconds in which its main thread has computed; None where the system does not say."""
        try:
            text = Path(f"/proc/{self.pid}/task/{self.pid}/stat").read_text()
            ticks = sum(map(int, text.rpartition(")")[2].split()[11:13]))
        except (OSError, ValueError):
            return None
        return ticks / os.sysconf("SC_CLK_TCK")

    def say(self, message: Mapping[str, Any]) -> None:
        """Send a message. Raises GoneError."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(encode(message))
        except (OSError, ValueError):
            raise GoneError(self._how()) from None

    def hear(self, deadline: float) -> dict[str, Any]:
        """The next message. deadline: of `time.monotonic`. Raises LateError, GoneError."""
        while b"\n" not in self._waiting:
            if len(self._waiting) > LONGEST:
                raise GoneError("its process sent a line without end")
            self._read(deadline)
        line, _, rest = self._waiting.partition(b"\n")
        self._waiting = bytearray(rest)
        try:
            return decode(bytes(line))
        except ValueError:
            raise GoneError("its process sent what is no message") from None

    def take(self, count: Any, deadline: float) -> bytes:
        """The bytes that the last message announced. Raises LateError, GoneError."""
        if not isinstance(count, int) or not 0 <= count <= MOST_BYTES:
            raise GoneError("its process announced more than it may send")
        while len(self._waiting) < count:
            self._read(deadline)
        content = bytes(self._waiting[:count])
        del self._waiting[:count]
        return content

    def end(self) -> None:
        """End it at once, with what it has started, from any thread; `hear` then raises."""
        if self._process.poll() is None:
            with suppress(OSError):
                if hasattr(os, "killpg"):
                    os.killpg(self.pid, signal.SIGKILL)
                else:
                    self._process.kill()

    def kill(self) -> None:
        """End it at once, and free what is left of it."""
        self.end()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                assert pipe is not None
                pipe.close()
        self._selector.close()

    def _read(self, deadline: float) -> None:
        left = deadline - monotonic()
        if left <= 0 or not self._selector.select(left):
            raise LateError
        assert self._process.stdout is not None
        part = self._process.stdout.read(1 << 20)
        if not part:
            raise GoneError(self._how())
        self._waiting += part

    def _how(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(2.0)
        return ending(self._process.returncode)
