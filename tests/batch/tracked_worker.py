"""A worker that writes down who worked; imported by the actors of a cluster."""

import os
from collections.abc import Iterator
from pathlib import Path

from momentvos.batch import Answer, Query, Worker


class TrackedWorker(Worker):
    """The real one, with a line for each query beside its video: its name, and the raylet."""

    def answers(self, query: Query, *more) -> Iterator[Answer]:
        video = Path(query.video)
        with video.with_name("log").open("a") as log:
            log.write(f"{video.stem} {os.getppid()}\n")
        yield from super().answers(query, *more)
