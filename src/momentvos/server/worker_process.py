"""The process that computes on one device: models loaded once, one job after the other.

Run by `worker.py`. It knows files and models, and neither database nor clients.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from queue import Queue
from threading import Event, Thread
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Any

from momentvos.batch.failure import StopError, TransientError, raised
from momentvos.json_text import to_text
from momentvos.results.attempts import explain
from momentvos.results.text_file import save_text
from momentvos.server.wire import Voice

if TYPE_CHECKING:
    from momentvos.batch.worker import Worker
    from momentvos.results.prediction import Prediction

PAUSE = 0.1
"""Seconds between two messages on progress."""


class Cancelled(BaseException):
    """The job is to end; no code that catches errors keeps it."""


def main() -> None:
    """Load models, then work on jobs until the server ends."""
    voice = Voice()
    inbox: Queue[dict[str, Any]] = Queue()
    cancel = Event()
    Thread(target=_listen, args=(voice, inbox, cancel), daemon=True).start()
    start = inbox.get()
    if start["threads"] is not None:
        os.environ["OMP_NUM_THREADS"] = str(start["threads"])
    from momentvos.batch.worker import Worker
    from momentvos.systems.execution import Execution

    workers = {}
    try:
        for name in start["models"]:
            workers[name] = Worker(
                name,
                start["device"],
                start["grounder"],
                start["selection"],
                threads=start["threads"],
                execution=Execution(**start["execution"]),
            )
            workers[name].setup()
    except Exception as error:
        voice.say(say="stop", text=explain(error))
        return
    voice.say(say="ready")
    while True:
        job = inbox.get()
        cancel.clear()
        try:
            for number, status, facts in _answers(workers[job["model"]], job, voice, cancel):
                voice.say(say="answer", number=number, status=status, facts=facts)
            voice.say(say="done")
        except Cancelled:
            voice.say(say="cancelled")
        except TransientError as error:
            voice.say(say="again", text=error.text)
            if error.fresh:
                return
        except StopError as error:
            voice.say(say="failed", text=str(error))
        except Exception as error:
            voice.say(say="failed", text=explain(error))
        _free_memory()


def _listen(voice: Voice, inbox: Queue[dict[str, Any]], cancel: Event) -> None:
    for message in voice.messages():
        if message["do"] == "cancel":
            cancel.set()
        else:
            inbox.put(message)
    os._exit(0)  # the server has ended


def _answers(
    worker: Worker, job: dict[str, Any], voice: Voice, cancel: Event
) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Number, status and facts of each answer, as soon as its file is there."""
    from momentvos.batch.query import Ask, Query

    last = 0.0

    def report(stage: str, done: int, total: int) -> None:
        nonlocal last
        if cancel.is_set():
            raise Cancelled
        if monotonic() - last >= PAUSE:
            last = monotonic()
            voice.say(say="progress", stage=stage, done=int(done), total=int(total))

    asks = [one for one in job["asks"] if not one["clicks"]]
    if asks:
        queries = tuple(
            Ask(str(one["number"]), one["sentence"], _moment_text(one["moment"])) for one in asks
        )
        query = Query(job["video"], job["name"], queries)
        for answer in worker.answers(query, report):
            facts = answer.to_json()
            if answer.prediction is not None:
                _save(job, int(answer.id), answer.prediction)
            yield int(answer.id), answer.status, _facts(facts)
    for one in job["asks"]:
        if one["clicks"]:
            yield _clicked(worker, job, one, report)


def _clicked(
    worker: Worker, job: dict[str, Any], one: dict[str, Any], report: Any
) -> tuple[int, str, dict[str, Any]]:
    """The answer to clicks."""
    from momentvos.batch.query import Ask, Query
    from momentvos.batch.record import answered, failed
    from momentvos.media.video import Video
    from momentvos.moment import Moment
    from momentvos.systems.click import Click
    from momentvos.systems.clicks import choose

    number, start = int(one["number"]), perf_counter()
    ask = Ask(str(number), one["sentence"])
    query = Query(job["video"], job["name"], (ask,))
    moment = None if one["moment"] is None else Moment(one["moment"])
    clicks = [Click(**click) for click in one["clicks"]]
    try:
        video = Video.open(job["video"])
        made: Prediction = choose(worker.system, video, one["sentence"], clicks, moment, report)
    except Exception as error:
        other = raised(error)
        if other is not None:
            raise other from None
        answer = failed(query, ask, explain(error).replace(job["video"], job["name"]))
    else:
        _save(job, number, made.to_json())
        answer = answered(query, ask, made)
    answer = replace(answer, elapsed=round(perf_counter() - start, 4))
    return number, answer.status, _facts(answer.to_json())


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    names = ("presence", "in_domain", "moment", "seconds", "notes", "method", "elapsed", "error")
    return {name: row[name] for name in names}


def _save(job: dict[str, Any], number: int, prediction: dict[str, Any]) -> None:
    """Write an answer, whole or not at all, with the video by the name that its user gave it."""
    prediction["video"] = prediction["video"] | {"path": job["name"]}
    folder = Path(job["out"]) / str(number)
    folder.mkdir(parents=True, exist_ok=True)
    save_text(folder / "prediction.json", to_text(prediction, ensure_ascii=False) + "\n")


def _moment_text(spans: list[list[int]] | None) -> str | None:
    return None if spans is None else ",".join(f"{start}:{end}" for start, end in spans)


def _free_memory() -> None:
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
