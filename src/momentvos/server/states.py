"""What a job can be, and what can become of a sentence."""

from __future__ import annotations

from typing import Final, Literal

State = Literal["queued", "running", "done", "failed", "cancelled"]
Status = Literal["found", "not_found", "failed"]
QUEUED: Final = "queued"
RUNNING: Final = "running"
DONE: Final = "done"
FAILED: Final = "failed"
CANCELLED: Final = "cancelled"
ENDED: Final[tuple[State, ...]] = (DONE, FAILED, CANCELLED)
"""States that no job leaves."""
