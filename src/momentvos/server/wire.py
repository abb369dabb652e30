"""Messages between the server and its processes: lines of JSON, and bytes that a line announces.

Nothing is unpickled on either side. A process speaks through its stdin and stdout; what libraries
print goes to stderr instead.
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from momentvos.json_text import from_text, to_text

LONGEST = 1 << 20
"""Bytes of a line."""


def encode(message: Mapping[str, Any]) -> bytes:
    """A message as a line."""
    return to_text(message).encode("ascii") + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """Back from `encode`. Raises ValueError for what is no JSON object."""
    message = from_text(line)
    if not isinstance(message, dict):
        raise ValueError("a message must be a JSON object")
    return message


class Voice:
    """The process's own end: messages in from stdin, out through what was stdout."""

    def __init__(self) -> None:
        sys.stdout.flush()
        self._out = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)
        self._in: BinaryIO = sys.stdin.buffer

    def messages(self) -> Iterator[dict[str, Any]]:
        """Every message of the server, until it closes the pipe or ends."""
        while True:
            line = self._in.readline(LONGEST)
            if not line.endswith(b"\n"):
                return
            yield decode(line)

    @property
    def spoken_to(self) -> bool:
        """Whether a message waits, or the server has ended; True where the system cannot tell.

        Whoever asks must have read all messages that were sent before.
        """
        try:
            return bool(select.select([self._in], [], [], 0.0)[0])
        except (OSError, ValueError):
            return True

    def say(self, content: bytes = b"", **message: Any) -> None:
        """Send a message, and bytes behind it; a pipe that nobody reads ends the process."""
        if content:
            message["bytes"] = len(content)
        left = memoryview(encode(message) + content)
        try:
            while left:
                left = left[self._out.write(left) :]
        except BrokenPipeError:
            os._exit(1)
