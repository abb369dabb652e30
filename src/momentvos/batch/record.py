"""What became of a question and of a query, as plain values: the lines of a manifest."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from momentvos.batch.query import Ask, Key, Query
from momentvos.ranges import check, shown
from momentvos.results.prediction import Prediction

SCHEMA = 1
Status = Literal["found", "not_found", "failed"]
Failure = Literal["permanent", "transient", "time_limit"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A line of the manifest.

    Attributes:
        id, video, sentence, asked_moment: the question, `video` as its user wrote it.
        status: "found", "not_found", or "failed".
        in_domain, presence, moment, seconds, notes, model, method: see `Prediction`.
        width, height, fps, length, duration: of the video; `length` in frames.
        elapsed: seconds that the answer took, with its files.
        folder, thumbnail: its files, relative to the folder of the batch; None where there are
            none.
        failure: why it failed: "permanent" (the video or the sentence is at fault), "transient"
            (it was tried several times), "time_limit"; else None.
        error: the same as a sentence.
        tries: how many times the question was asked.
        at: when it was answered, in UTC (ISO 8601).
        prediction: of `Prediction.to_json`, where no folder keeps it; not in the manifest.
    """

    id: str
    video: str
    sentence: str
    status: Status
    asked_moment: str | None = None
    in_domain: bool | None = None
    presence: float | None = None
    moment: tuple[tuple[int, int], ...] = ()
    seconds: tuple[tuple[float, float], ...] = ()
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    length: int | None = None
    duration: float | None = None
    model: str | None = None
    method: str | None = None
    elapsed: float = 0.0
    folder: str | None = None
    thumbnail: str | None = None
    failure: Failure | None = None
    error: str | None = None
    notes: tuple[str, ...] = ()
    tries: int = 1
    at: str = ""
    prediction: dict[str, Any] | None = None

    @property
    def key(self) -> Key:
        return self.id, self.sentence, self.asked_moment or ""

    @property
    def failed(self) -> bool:
        return self.status == "failed"

    def to_json(self) -> dict[str, Any]:
        """The line of the manifest."""
        return {"schema": SCHEMA} | {
            one.name: getattr(self, one.name) for one in fields(self) if one.name != "prediction"
        }

    @classmethod
    def from_json(cls, row: Any) -> Answer:
        """Back from `to_json`. Raises ValueError, one sentence."""
        if not isinstance(row, dict) or row.get("schema") != SCHEMA:
            raise ValueError(f"it is no line of schema {SCHEMA}")
        known = {one.name for one in fields(cls)} - {"prediction"}
        row = {name: value for name, value in row.items() if name in known}
        missing = {"id", "video", "sentence", "status"} - set(row)
        if missing:
            raise ValueError(f"it has no '{min(missing)}'")
        for name in ("moment", "seconds"):
            spans = row.get(name, ())
            if not isinstance(spans, list | tuple) or not all(isinstance(s, list) for s in spans):
                raise ValueError(f"'{name}' must be spans, not {shown(spans)}")
            row[name] = tuple(map(tuple, spans))
        answer = cls(**row)
        check(answer)
        return answer


@dataclass(frozen=True)
class Record:
    """What became of a query: one answer to each of its sentences."""

    video: str
    answers: tuple[Answer, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dumps`, with the predictions that no folder keeps."""
        rows = []
        for one in self.answers:
            kept = {} if one.prediction is None else {"prediction": one.prediction}
            rows.append(one.to_json() | kept)
        return {"schema": SCHEMA, "video": self.video, "answers": rows}


def failed(
    query: Query, ask: Ask, error: str, failure: Failure = "permanent", **facts: Any
) -> Answer:
    """The answer that says why there is none."""
    return Answer(
        ask.id,
        query.name,
        ask.sentence,
        "failed",
        asked_moment=ask.moment,
        failure=failure,
        error=error,
        **facts,
    )


def answered(query: Query, ask: Ask, made: Prediction, **facts: Any) -> Answer:
    """The answer of a prediction."""
    video = made.video
    return Answer(
        ask.id,
        query.name,
        ask.sentence,
        "found" if made.found else "not_found",
        asked_moment=ask.moment,
        in_domain=made.in_domain,
        presence=made.presence,
        moment=made.moment.spans,
        seconds=made.seconds,
        width=video.width,
        height=video.height,
        fps=float(video.fps),
        length=video.length,
        duration=float(video.duration),
        model=made.model,
        method=made.method,
        notes=made.notes,
        **facts,
    )


STATUSES: tuple[Status, ...] = get_args(Status)
