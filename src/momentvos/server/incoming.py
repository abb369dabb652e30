"""A file on its way in: written as it comes, hashed, and given up at its limit."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from momentvos.server.problem import Problem


class Incoming:
    """A file that is being received into `folder`; `close` removes what was not taken.

    Attributes:
        path: of the file. size: its bytes so far.

    Args:
        folder: which exists.
        most: bytes of the file. room: bytes that the store has left.
    """

    def __init__(self, folder: Path, most: int, room: int) -> None:
        self.path = folder / secrets.token_hex(16)
        self.size = 0
        self._most, self._room = most, room
        self._hash = hashlib.sha256()
        self._file = self.path.open("xb")

    def write(self, content: bytes) -> None:
        """Add content. Raises Problem (413 too large, 507 no room)."""
        self.size += len(content)
        if self.size > self._most:
            raise Problem(413, f"The video is over {self._most:,} bytes, the most here; cut it.")
        if self.size > self._room:
            raise Problem(507, "The server has no room for this video; remove others first.")
        try:
            self._file.write(content)
        except OSError as error:
            raise Problem(507, f"The server cannot keep the video: {error.strerror}.") from error
        self._hash.update(content)

    def finish(self) -> str:
        """Its digest, once all of it is on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._hash.hexdigest()

    def close(self) -> None:
        """Remove it, unless it was moved away."""
        self._file.close()
        self.path.unlink(missing_ok=True)
