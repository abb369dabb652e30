"""The processes that decode: one for each upload and each rendering, a few that give frames."""

from __future__ import annotations

import shutil
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from threading import BoundedSemaphore, Lock
from time import monotonic
from typing import Any
from zlib import crc32

from momentvos.errors import MomentVOSError, VideoError
from momentvos.json_text import from_text
from momentvos.server.child import Child, GoneError, LateError
from momentvos.server.problem import Problem
from momentvos.server.settings import Limits

MODULE = "momentvos.server.media_process"
PATIENCE = 10.0
"""Seconds to wait for others: a request that waits takes a thread from all."""
CACHED = 64 << 20
"""Bytes of pictures that are kept."""
_CPU_OVER = 4
"""Processor seconds by second of the limit: FFmpeg decodes in several threads."""


class Media:
    """All decoding of what clients have sent. Its processes start when they are needed."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._readers = [_Reader(limits) for _ in range(limits.readers)]
        self._renders = BoundedSemaphore(limits.renders)
        self._pictures: OrderedDict[tuple[Any, ...], bytes] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def inspect(self, path: Path, name: str) -> dict[str, Any]:
        """See `inspection.inspect`. Raises VideoError, also where that takes too long."""
        limits = self._limits
        seconds = limits.probe_seconds
        bounds = {"memory": limits.media_bytes, "file_bytes": 0}
        bounds["cpu_seconds"] = int(seconds * _CPU_OVER) + 1
        asked = {"do": "inspect", "path": str(path), "name": name, "limits": asdict(limits)}
        with _process(bounds) as child:
            _, content = _ask(child, asked, monotonic() + seconds)
        facts: dict[str, Any] = from_text(content)
        return facts

    def frame(self, path: Path, name: str, number: int, form: str, width: int | None) -> bytes:
        """A frame as a picture, from memory where it was asked for before. Raises VideoError."""
        key = (str(path), number, form, width)
        with self._lock:
            if key in self._pictures:
                self._pictures.move_to_end(key)
                return self._pictures[key]
        # Always the same process for a video, so that it is opened once.
        place = crc32(str(path).encode()) % len(self._readers)
        asked = {"do": "frame", "path": str(path), "name": name, "frame": number}
        content = self._readers[place].ask(asked | {"form": form, "width": width})
        with self._lock:
            if key not in self._pictures:
                self._pictures[key] = content
                self._size += len(content)
            while self._size > CACHED:
                self._size -= len(self._pictures.popitem(last=False)[1])
        return content

    def render(
        self, kind: str, value: str, predictions: Sequence[Path], video: Path, name: str, out: Path
    ) -> Path:
        """Write a file into a new folder, see `rendering.render`; the folder goes where it fails.

        Raises MomentVOSError, and Problem (429) where others are being written.
        """
        if not self._renders.acquire(timeout=PATIENCE):
            raise Problem(429, "Other results are being written; try again soon.", after=5)
        limits = self._limits
        bounds = {"memory": limits.media_bytes, "file_bytes": 4 * limits.video_bytes}
        bounds["cpu_seconds"] = int(limits.render_seconds * _CPU_OVER) + 1
        asked: dict[str, Any] = {
            "do": "render",
            "kind": kind,
            "value": value,
            "path": str(video),
            "name": name,
        }
        asked |= {"predictions": [str(one) for one in predictions], "out": str(out)}
        try:
            out.mkdir()
            with _process(bounds) as child:
                answer, _ = _ask(child, asked, monotonic() + limits.render_seconds)
            return out / str(answer["name"])
        except BaseException:
            shutil.rmtree(out, ignore_errors=True)
            raise
        finally:
            self._renders.release()

    def forget(self, path: Path) -> None:
        """Drop what is kept of a video that is removed."""
        with self._lock:
            for key in [key for key in self._pictures if key[0] == str(path)]:
                self._size -= len(self._pictures.pop(key))

    def close(self) -> None:
        """End all processes."""
        for reader in self._readers:
            reader.close()


class _Reader:
    """A process that gives frames, and its successors."""

    def __init__(self, limits: Limits) -> None:
        self._limits, self._lock = limits, Lock()
        self._child: Child | None = None

    def ask(self, asked: dict[str, Any]) -> bytes:
        if not self._lock.acquire(timeout=PATIENCE):
            raise Problem(429, "Other frames are being read; try again soon.", after=2)
        try:
            deadline = monotonic() + self._limits.frame_seconds
            if self._child is None or not self._child.alive:
                self.close()
                self._child = Child(MODULE)
                bounds = {"memory": self._limits.media_bytes, "file_bytes": 0, "cpu_seconds": None}
                with suppress(GoneError):  # said by what is asked next
                    self._child.say(bounds)
            try:
                return _ask(self._child, asked, deadline)[1]
            except VideoError as error:
                if error.__cause__ is not None:
                    self.close()
                raise
        finally:
            self._lock.release()

    def close(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None


@contextmanager
def _process(bounds: dict[str, Any]) -> Iterator[Child]:
    child = Child(MODULE)
    try:
        with suppress(GoneError):  # said by what is asked next
            child.say(bounds)
        yield child
    finally:
        child.kill()


def _ask(child: Child, asked: dict[str, Any], deadline: float) -> tuple[dict[str, Any], bytes]:
    """The answer of a process. Raises VideoError, with a cause where the process is lost."""
    name = asked["name"]
    try:
        child.say(asked)
        answer = child.hear(deadline)
        content = child.take(answer.get("bytes", 0), deadline)
    except LateError as error:
        raise VideoError(f"'{name}' takes too long to read; it was given up.") from error
    except GoneError as error:
        raise VideoError(f"'{name}' cannot be read here: {error}.") from error
    if "error" in answer:
        raise MomentVOSError(str(answer["error"]))
    if "fault" in answer:
        raise VideoError(f"'{name}' cannot be read: {answer['fault']}.")
    return answer, content
