"""The data folder: where each file of a video and of a job lies. No name in it is a client's.

``videos/ID/source`` and ``times.json``; ``jobs/ID/N/prediction.json`` and what is rendered from it,
``jobs/ID/work/`` while the job is not done: what is shown of it before, and its progress;
``incoming/`` for uploads and renderings under way.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from momentvos.errors import OutputError
from momentvos.paths import inside, remove_folder
from momentvos.results.exclusive import explained, locked
from momentvos.server.problem import Problem

_ID = re.compile(r"[0-9a-f]{32}")


class Store:
    """Files of the server.

    Raises OutputError where the folder cannot be used, or another server uses it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with explained(folder):
            for name in ("videos", "jobs", "incoming"):
                (folder / name).mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
            self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        if not locked(self._lock, wait=False):
            os.close(self._lock)
            raise OutputError(f"Another server uses {folder}; choose another one with --data.")

    def check_room(self, spare: int) -> int:
        """Bytes that may still be written. Raises Problem (507) where `spare` are not left."""
        free = shutil.disk_usage(self.folder).free - spare
        if free <= 0:
            raise Problem(507, "The server's disk is nearly full; remove videos or jobs first.")
        return free

    @property
    def incoming(self) -> Path:
        return self.folder / "incoming"

    def video(self, video: str) -> Path:
        """Folder of a video."""
        return inside(self.folder / "videos", _checked(video))

    def source(self, video: str) -> Path:
        """File of a video."""
        return self.video(video) / "source"

    def times(self, video: str) -> Path:
        """Start and duration of its frames."""
        return self.video(video) / "times.json"

    def job(self, job: str) -> Path:
        """Folder of a job."""
        return inside(self.folder / "jobs", _checked(job))

    def prediction(self, job: str, number: int) -> Path:
        """The answer to a sentence of a job."""
        return self.job(job) / str(int(number)) / "prediction.json"

    def work(self, job: str) -> Path:
        """What a job keeps until it has ended."""
        return self.job(job) / "work"

    def preview(self, job: str, number: int) -> Path:
        """What is known of a sentence of a job before its answer is there."""
        return previews(self.work(job)) / str(int(number))

    def end_work(self, job: str) -> None:
        """Remove what a job keeps until it has ended."""
        shutil.rmtree(self.work(job), ignore_errors=True)

    def remove(self, kind: str, name: str) -> None:
        """Remove the folder of a video or job: kind "videos" or "jobs"."""
        remove_folder(self.folder / kind, _checked(name))

    def everything(self, kind: str) -> Iterator[str]:
        """Ids of the folders of a kind."""
        for path in sorted((self.folder / kind).iterdir()):
            if _ID.fullmatch(path.name) and path.is_dir():
                yield path.name

    def clear_incoming(self) -> None:
        """Remove what killed servers have left under way."""
        for path in self.incoming.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let another server use the folder."""
        os.close(self._lock)


def previews(work: Path) -> Path:
    """What is shown of a job before its answers are there, in the folder of its work."""
    return work / "previews"


def _checked(name: str) -> str:
    if not _ID.fullmatch(name):
        raise OutputError("An id is 32 hexadecimal digits.")
    return name
