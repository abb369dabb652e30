"""The server's log: a line of JSON an event, without sentences, names of videos and tokens."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from threading import Lock

from momentvos.json_text import to_text

_LOCK = Lock()


def log(event: str, **facts: str | int | float | None) -> None:
    """Write an event with its facts to stderr."""
    time = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = to_text({"time": time, "event": event} | facts)
    with _LOCK:
        print(line, file=sys.stderr, flush=True)
