"""What has been answered in the folder of a batch: JSON lines, appended and synced."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from momentvos.batch.query import RESULTS, THUMBNAILS, Key
from momentvos.batch.record import SCHEMA, Answer
from momentvos.batch.worker import Worker
from momentvos.errors import OutputError
from momentvos.evaluation.manifest import weights
from momentvos.evaluation.shard import Shard
from momentvos.json_text import from_text
from momentvos.paths import inside, remove_folder
from momentvos.results.append_log import Writer, appending, whole_lines
from momentvos.results.claim import claim
from momentvos.results.exclusive import alone, explained, locked
from momentvos.systems.execution import Execution

HEADER, PAGE, TABLE = "batch.json", "index.html", "summary.csv"
MANIFEST = "manifest.jsonl"
_MANIFEST = re.compile(r"manifest(?:-(\d+)-of-(\d+))?\.jsonl")


@dataclass(frozen=True)
class Manifest:
    """The manifests of a folder, of all machines that work on it. shard: this process's part."""

    folder: Path
    shard: Shard = field(default_factory=Shard)

    @property
    def path(self) -> Path:
        """The file that this process writes."""
        name = MANIFEST if self.shard.count == 1 else f"manifest-{self.shard.name}.jsonl"
        return self.folder / name

    def paths(self) -> list[Path]:
        """All manifests there are."""
        found = self.folder.glob("manifest*.jsonl")
        return sorted(path for path in found if _MANIFEST.fullmatch(path.name))

    def read(self) -> dict[Key, Answer]:
        """The last word on each question: a failure does not replace an answer.

        Lines that are torn or no answers are as if they had never been written. Raises OutputError.
        """
        rows: dict[Key, Answer] = {}
        for path in self.paths():
            for _, line in whole_lines(path):
                try:
                    row = Answer.from_json(from_text(line))
                except ValueError:
                    continue
                known = rows.get(row.key)
                if known is None or known.failed or not row.failed:
                    rows[row.key] = row
        return rows

    @contextmanager
    def opened(self, worker: Worker, restart: bool = False) -> Iterator[Writer]:
        """Claim the folder for what the worker does, and append to it, alone in this part.

        restart: remove what is there first. Raises OutputError where the folder is another run's,
        or another process works on this part of it.
        """
        with ExitStack() as stack:
            with alone(self.folder, "start"):
                self._check_free()
                self._check_others()
                if restart:
                    with appending(self.path):
                        self._remove()
                self._claim(worker)
                writer = stack.enter_context(appending(self.path))
            yield writer

    def _claim(self, worker: Worker) -> None:
        facts = {
            "schema": SCHEMA,
            "program": "momentvos batch",
            "model": worker.model,
            "weights": weights(worker.model),
            "grounder": worker.grounder or "model",
            "selection": worker.selection,
            "save": worker.save,
            "execution": str(worker.execution),
        }
        remedy = "choose another folder with -o, or start this one over with --restart"
        earlier = {"execution": str(Execution())}
        claim(self.folder, HEADER, facts, earlier, remedy=remedy)

    def _check_free(self) -> None:
        """Raise OutputError where files of our names are somebody's own."""
        if (self.folder / HEADER).exists():
            return
        for name in (MANIFEST, PAGE, TABLE, RESULTS, THUMBNAILS):
            if os.path.lexists(self.folder / name):
                raise OutputError(
                    f"'{self.folder / name}' is in the way and belongs to no earlier batch; choose "
                    "another folder with -o."
                )

    def _check_others(self) -> None:
        """Raise OutputError where another process works on videos of this part."""
        for path in self.paths():
            match = _MANIFEST.fullmatch(path.name)
            apart = match is not None and match[2] == str(self.shard.count)
            if (path != self.path and apart) or not _in_use(path):
                continue
            raise OutputError(
                f"Another process is writing {path}; wait for it, or divide the videos among "
                "processes by --shard 1/n to n/n."
            )

    def _remove(self) -> None:
        """Remove the results that the manifests name, and the manifests."""
        for path in self.paths():
            if path != self.path and _in_use(path):
                raise OutputError(f"Another process is writing {path}; wait for it to restart.")
        for row in self.read().values():
            parts = (row.folder or "").split("/")
            if len(parts) == 3 and parts[0] == RESULTS:
                remove_folder(self.folder, *parts)
        remove_folder(self.folder, THUMBNAILS)
        for path in (*self.paths(), *(self.folder / name for name in (HEADER, PAGE, TABLE))):
            with explained(path):
                path.unlink(missing_ok=True)


def todo(asked: Collection[Key], rows: dict[Key, Answer], retry_failed: bool = False) -> set[Key]:
    """The questions that are still to be asked. retry_failed: those too that have failed."""
    return {key for key in asked if key not in rows or (retry_failed and rows[key].failed)}


def _in_use(path: Path) -> bool:
    with explained(path):
        handle = os.open(inside(path.parent, path.name), os.O_RDWR)
    try:
        return not locked(handle, wait=False)
    finally:
        os.close(handle)
