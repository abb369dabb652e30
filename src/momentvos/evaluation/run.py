"""Ask a model every expression of some videos, and keep each answer as soon as it is there."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from momentvos.data.sample import Sample
from momentvos.errors import BenchmarkError, DataError, MomentVOSError, VideoError
from momentvos.evaluation.footage import sample_video
from momentvos.evaluation.grounders import Ask
from momentvos.evaluation.store import Store, Writer
from momentvos.results.prediction import Prediction

Score = Callable[[Sample, Prediction], dict[str, Any] | None]
"""The metrics of one answer as plain values; None where the truth is not public."""

Report = Callable[[int, int], None]
"""Called after each expression: expressions done and expressions in all."""


@dataclass(frozen=True)
class Attempt:
    """What became of one expression: a prediction or what went wrong, and the seconds it took."""

    sample: Sample
    prediction: Prediction | None
    error: str | None
    seconds: float


def run(
    ask: Ask,
    videos: Sequence[Sequence[Sample]],
    store: Store,
    writer: Writer,
    score: Score,
    report: Report | None = None,
    stop: bool = False,
) -> int:
    """Answer what is not in the store yet, video by video; returns how many expressions failed.

    ask: is given a video once with all its expressions. An expression that fails is noted with its
    error, and asked again when the run is started anew. stop: raise its error instead of going on.
    """
    total = sum(map(len, videos))
    done = failed = 0
    for samples in videos:
        asked = [one for one in samples if not store.done((one.video_id, one.expression_id))]
        done += len(samples) - len(asked)
        if report is not None:
            report(done, total)
        for attempt in answers(ask, asked):
            row = _row(attempt, score)
            writer.append(row)
            if row["error"] is not None:
                failed += 1
                if stop:
                    place = f"'{row['expression']}' of '{row['video']}'"
                    raise BenchmarkError(f"The expression {place} failed: {row['error']}")
            done += 1
            if report is not None:
                report(done, total)
    return failed


def answers(ask: Ask, samples: Sequence[Sample]) -> Iterator[Attempt]:
    """The model's answers about one video, in the order of its samples.

    The expressions are asked together and each answer is handed on as soon as it is there. Where
    one fails, for another reason than the video, those left are asked in ever smaller parts, so
    that only those are lost which fail by themselves.
    """
    left = list(samples)
    if not left:
        return
    start = perf_counter()
    problem, shared = "The model gave fewer answers than it was asked for.", False
    try:
        video = sample_video(left[0])
        start = perf_counter()
        for prediction in ask(video, left[:]):
            now = perf_counter()
            yield Attempt(left.pop(0), prediction, None, now - start)
            start = perf_counter()  # scoring and keeping the answer is not the model's time
    except Exception as error:
        # What the error holds on to, such as a GPU's memory, must be free before the next try.
        problem, shared = explain(error), isinstance(error, DataError | VideoError)
    if len(left) > 1 and not shared:
        half = len(left) // 2
        yield from answers(ask, left[:half])
        yield from answers(ask, left[half:])
        return
    seconds = (perf_counter() - start) / max(len(left), 1)
    for sample in left:
        yield Attempt(sample, None, problem, seconds)


def _row(attempt: Attempt, score: Score) -> dict[str, Any]:
    """The line that is kept of an answer."""
    sample, prediction, error = attempt.sample, attempt.prediction, attempt.error
    scores = None
    if prediction is not None:
        try:
            scores = score(sample, prediction)
        except Exception as failure:
            prediction, error = None, explain(failure)
    return {
        "video": sample.video_id,
        "expression": sample.expression_id,
        "error": error,
        "seconds": round(attempt.seconds, 4),
        "scores": scores,
        "prediction": None if prediction is None else prediction.to_json(),
    }


def explain(error: Exception) -> str:
    """One line that says what went wrong, and for a fault of the program where."""
    text = " ".join(str(error).split())
    if isinstance(error, MomentVOSError):
        return text
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {text}"[:1000] + place
