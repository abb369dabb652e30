"""A worker that meets with what its videos are called; imported by the processes of a batch."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from momentvos.batch import Answer, Query, StopError, TransientError, Worker
from momentvos.notice import warn


@dataclass(frozen=True)
class OddWorker(Worker):
    """Answers at once; what it does is in a file beside the videos. fate: of `setup`."""

    fate: str = ""

    def setup(self) -> None:
        if self.fate == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fate == "fails":
            raise ValueError("no such weights")
        if self.fate == "warns":
            warn("the weights are old")

    def answers(self, query: Query) -> Iterator[Answer]:
        video = Path(query.video)
        with video.with_name("log").open("a") as log:
            log.write(f"{video.stem} {os.getpid()}\n")
        for ask in query.asks:
            word = ask.sentence
            if word.startswith("once "):
                mark = video.with_suffix(f".{ask.sentence[5:]}")
                if not mark.exists():
                    mark.touch()
                    word = ask.sentence[5:]
            if word == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            elif word == "sleep":
                time.sleep(60)
            elif word == "memory":
                raise TransientError("there is not enough memory")
            elif word == "device":
                raise TransientError("the device is lost", fresh=True)
            elif word == "full":
                raise StopError("the disk is full")
            elif word == "bug":
                raise ZeroDivisionError("nobody knows")
            answer = Answer(ask.id, query.name, ask.sentence, "found", presence=1.0, length=4)
            yield replace(answer, seconds=((0.0, 0.5),), duration=1.0)
