"""The process that computes on one device: models loaded once, one job after the other.

Run by `worker.py`. It knows files and models, and neither database nor clients.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from queue import Queue
from threading import Event, Thread
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Any

from momentvos.batch.failure import StopError, TransientError, raised
from momentvos.json_text import to_text
from momentvos.notice import handed_on
from momentvos.results.attempts import explain
from momentvos.results.text_file import save_text
from momentvos.server.log import log
from momentvos.server.previews import Previews
from momentvos.server.store import previews
from momentvos.server.wire import Voice

if TYPE_CHECKING:
    from momentvos.batch.worker import Worker
    from momentvos.results.prediction import Prediction

PAUSE = 0.1
"""Seconds between two messages on progress."""
_PROGRESS = "progress-"
"""Folders of progress; the number of the first sentence follows."""


class Cancelled(BaseException):
    """The job is to end; no code that catches errors keeps it."""


def main() -> None:
    """Load models, then work on jobs until the server ends."""
    voice = Voice()
    inbox: Queue[dict[str, Any]] = Queue()
    cancel = Event()
    Thread(target=_listen, args=(voice, inbox, cancel), daemon=True).start()
    start = inbox.get()
    with handed_on(lambda text: log("device.note", device=start["device"], text=text)):
        _work(start, voice, inbox, cancel)


def _work(start: dict[str, Any], voice: Voice, inbox: Queue[dict[str, Any]], cancel: Event) -> None:
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

    def show(number: int, moment: Any, masks: Any) -> None:
        voice.say(say="preview", number=number, moment=moment, masks=masks)

    work = Path(job["work"])
    shutil.rmtree(previews(work), ignore_errors=True)  # of a process that was lost
    watch = Previews(previews(work), show)
    checkpoint, asks = _asked(work, [one for one in job["asks"] if not one["clicks"]])
    if asks:
        queries = tuple(
            Ask(str(one["number"]), one["sentence"], _moment_text(one["moment"])) for one in asks
        )
        there = {one["number"] for one in asks if one["answered"]}
        query = Query(job["video"], job["name"], queries)
        for answer in worker.answers(
            query, report, lambda ask, partial: watch(int(ask.id), partial), checkpoint
        ):
            number = int(answer.id)
            if number not in there:
                if answer.prediction is not None:
                    _save(job, number, answer.prediction)
                yield number, answer.status, _facts(answer.to_json())
    for one in job["asks"]:
        if one["clicks"] and not one["answered"]:
            yield _clicked(worker, job, one, report, partial(watch, one["number"]))


def _asked(work: Path, asks: list[dict[str, Any]]) -> tuple[Path, list[dict[str, Any]]]:
    """Where progress is kept, and what is asked: all that has no answer, which are the last ones.

    Where a process that was lost has kept progress, exactly what it was asked, so as to go on.
    """
    kept = sorted(work.glob(f"{_PROGRESS}*"))
    left = [one["number"] for one in asks if not one["answered"]]
    if not left:
        return work / _PROGRESS, []
    first = int(kept[0].name.removeprefix(_PROGRESS)) if kept else left[0]
    return work / f"{_PROGRESS}{first}", [one for one in asks if one["number"] >= first]


def _clicked(
    worker: Worker, job: dict[str, Any], one: dict[str, Any], report: Any, watch: Any
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
        made: Prediction = choose(
            worker.system, video, one["sentence"], clicks, moment, report, watch
        )
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
