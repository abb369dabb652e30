"""The folder of a batch in an object store, which knows neither appending nor locks.

What a run needs of it lies in a local folder while it runs. Lines of the manifest go there in
segments, ``manifest/*.jsonl``, which are never changed.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from momentvos.batch.ledger import Appends
from momentvos.batch.manifest import HEADER, MANIFEST, PAGE, TABLE
from momentvos.batch.parquet import NAME as PARQUET
from momentvos.json_text import to_text
from momentvos.object_store import below, join, read, write

SEGMENTS = "manifest"
_SECONDS, _LINES = 10.0, 500
"""After which a segment is written; what a killed run had not written is asked again."""


@dataclass
class Mirror:
    """A local folder that stands for an address. writer: of the local manifest."""

    url: str
    folder: Path
    writer: Appends | None = None
    _lines: list[str] = field(default_factory=list)
    _since: float = field(default_factory=monotonic)

    def fetch(self) -> None:
        """Get the header, and the segments of all earlier runs as one manifest."""
        header = join(self.url, HEADER)
        if header in below(self.url):
            (self.folder / HEADER).write_bytes(read(header))
            with (self.folder / MANIFEST).open("wb") as file:
                for one in below(join(self.url, SEGMENTS)):
                    file.write(read(one))

    def append(self, row: dict[str, object]) -> None:
        """Write a line, and now and then a segment."""
        assert self.writer is not None
        self.writer.append(row)
        self._lines.append(to_text(row, ensure_ascii=False, separators=(",", ":")))
        if len(self._lines) >= _LINES or monotonic() - self._since > _SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what has come since the last segment."""
        if self._lines:
            now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
            name = f"{now}-{uuid.uuid4().hex[:8]}.jsonl"
            content = "\n".join(self._lines).encode("utf-8", "surrogatepass") + b"\n"
            write(join(self.url, SEGMENTS, name), content)
        self._lines, self._since = [], monotonic()

    def push(self, *names: str) -> None:
        """Write files of the folder, those that there are."""
        for name in names or (PAGE, TABLE, PARQUET):
            if (self.folder / name).is_file():
                write(join(self.url, name), (self.folder / name).read_bytes())


@contextmanager
def mirrored(url: str) -> Iterator[Mirror]:
    """A mirror with what is there; at the end all that is new is written."""
    with TemporaryDirectory(prefix="momentvos-batch-") as folder:
        mirror = Mirror(url, Path(folder))
        mirror.fetch()
        try:
            yield mirror
        finally:
            mirror.flush()
            mirror.push()
