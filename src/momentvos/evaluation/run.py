"""Ask a model every expression of some videos, and keep each answer as soon as it is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from momentvos.data.sample import Sample
from momentvos.errors import BenchmarkError, DataError, VideoError
from momentvos.evaluation.footage import sample_video
from momentvos.evaluation.grounders import Ask
from momentvos.evaluation.store import Key, Store
from momentvos.results.append_log import Writer
from momentvos.results.attempts import Attempt as Attempted
from momentvos.results.attempts import attempts, explain
from momentvos.results.prediction import Prediction

Score = Callable[[Sample, Prediction], dict[str, Any] | None]
"""The metrics of one answer as plain values; None where the truth is not public."""

Report = Callable[[int, int], None]
"""Called after each expression: expressions done and expressions in all."""

Attempt = Attempted[Sample, Prediction, str]
"""What became of one expression."""

Problem = Callable[[Exception], tuple[str, bool]]
"""See `problem`."""


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
        for row in rows(ask, asked, score):
            writer.append(row)
            if row["error"] is not None:
                failed += 1
                if stop:
                    raise failing(row)
            done += 1
            if report is not None:
                report(done, total)
    return failed


def problem(error: Exception) -> tuple[str, bool]:
    """What is kept of an error, and whether it concerns the video."""
    return explain(error), isinstance(error, DataError | VideoError)


def answers(ask: Ask, samples: Sequence[Sample], problem: Problem = problem) -> Iterator[Attempt]:
    """The model's answers about one video, in the order of its samples.

    The expressions are asked together and each answer is handed on as soon as it is there; one
    that fails, for another reason than the video, takes no other along.
    """
    return attempts(lambda: sample_video(samples[0]), ask, samples, problem)


def rows(
    ask: Ask, samples: Sequence[Sample], score: Score, problem: Problem = problem
) -> Iterator[dict[str, Any]]:
    """The lines that are kept of the answers about one video; see `answers`."""
    for attempt in answers(ask, samples, problem):
        yield _row(attempt, score)


def unanswered(key: Key, error: str | None) -> dict[str, Any]:
    """The line of an expression, by video and name, that has no answer yet, and why."""
    video, expression = key
    return {
        "video": video,
        "expression": expression,
        "error": error,
        "seconds": 0.0,
        "scores": None,
        "prediction": None,
    }


def failing(row: dict[str, Any]) -> BenchmarkError:
    """The error that ends a run at the line of an expression that failed."""
    place = f"'{row['expression']}' of '{row['video']}'"
    return BenchmarkError(f"The expression {place} failed: {row['error']}")


def _row(attempt: Attempt, score: Score) -> dict[str, Any]:
    """The line that is kept of an answer."""
    sample, prediction, error = attempt.question, attempt.answer, attempt.problem
    scores = None
    if prediction is not None:
        try:
            scores = score(sample, prediction)
        except Exception as failure:
            prediction, error = None, explain(failure)
    return unanswered((sample.video_id, sample.expression_id), error) | {
        "seconds": round(attempt.seconds, 4),
        "scores": scores,
        "prediction": None if prediction is None else prediction.to_json(),
    }
