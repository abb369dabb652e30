"""What changes by the second and needs no database: how far jobs are, and wishes to cancel them."""

from __future__ import annotations

from threading import Condition

from momentvos.server.schemas import Preview, Progress


class Board:
    """Progress and previews by job, a number that grows with its changes, a bell for workers."""

    def __init__(self) -> None:
        self._progress: dict[str, Progress] = {}
        self._previews: dict[str, dict[int, Preview]] = {}
        self._versions: dict[str, int] = {}
        self._cancelled: set[str] = set()
        self._bell = Condition()

    def report(self, job: str, progress: Progress) -> None:
        """Note how far a job is."""
        self._progress[job] = progress
        self.change(job)

    def progress(self, job: str) -> Progress | None:
        """How far a running job is."""
        return self._progress.get(job)

    def preview(self, job: str, preview: Preview) -> None:
        """Note what is known of a sentence."""
        self._previews.setdefault(job, {})[preview.number] = preview
        self.change(job)

    def previews(self, job: str) -> dict[int, Preview]:
        """What is known of the sentences of a running job, by their numbers."""
        return dict(self._previews.get(job, {}))

    def change(self, job: str) -> None:
        """Say that a job is another than before."""
        with self._bell:
            self._versions[job] = self._versions.get(job, 0) + 1
            self._bell.notify_all()

    def version(self, job: str) -> int:
        """Grows with every change."""
        return self._versions.get(job, 0)

    def cancel(self, job: str) -> None:
        """Wish that a running job ends."""
        self._cancelled.add(job)
        self.change(job)

    def is_cancelled(self, job: str) -> bool:
        """Whether a running job is to end."""
        return job in self._cancelled

    def end(self, job: str) -> None:
        """Forget a job that does not run any more; its version stays for those that follow it."""
        self._progress.pop(job, None)
        self._previews.pop(job, None)
        self._cancelled.discard(job)
        self.change(job)

    def forget(self, job: str) -> None:
        """Forget a job that is removed."""
        self.end(job)
        self._versions.pop(job, None)

    def wait(self, seconds: float) -> None:
        """Wait until something changes."""
        with self._bell:
            self._bell.wait(seconds)
