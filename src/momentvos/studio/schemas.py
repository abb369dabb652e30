"""What clients of the studio send and get, typed; OpenAPI is made of these."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from momentvos.errors import SentenceError
from momentvos.sentence import check
from momentvos.server.schemas import Span, Strict
from momentvos.studio.changes import AnyAnnotationChange, AnyVideoChange
from momentvos.studio.content import State
from momentvos.studio.states import Status

Number = Annotated[int, Field(ge=0, le=1 << 53)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Key = Annotated[str, Field(min_length=8, max_length=64, pattern="^[A-Za-z0-9-]+$")]


def _sentence(text: str) -> str:
    if "\0" in text:  # PostgreSQL keeps none
        raise ValueError("A sentence has no NUL in it")
    try:
        return check(text)
    except SentenceError as error:
        raise ValueError(str(error)) from None


Sentence = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_sentence)]


class NewProject(Strict):
    """A folder of the server's library to import; `dataset` and `split`: None: by what is there."""

    name: Name
    path: Annotated[str, Field(max_length=1000)]
    dataset: Annotated[str, Field(max_length=100)] | None = None
    split: Annotated[str, Field(max_length=100)] | None = None
    wanted: Annotated[int, Field(ge=1, le=20)] = 1
    agree_at: Annotated[float, Field(ge=0, le=1)] = 0.8


class Project(Strict):
    """A project. counts: expressions by status. mine: drafts of whoever asks."""

    id: int
    name: str
    form: str
    wanted: int
    agree_at: float
    created: datetime
    expressions: int
    counts: dict[Status, int]
    mine: int


class AnnotationState(Strict):
    """That somebody annotates an expression, and how far it is. author: "" is adjudication."""

    id: int
    author: str
    state: State
    version: int


class Listed(Strict):
    """An expression in a list. annotations: those that the one who asks may know of."""

    id: int
    position: int
    name: str
    sentence: str
    kind: str
    video: int
    video_name: str
    status: Status
    agreement: float | None
    annotations: list[AnnotationState]


class Page(Strict):
    """A part of a list: `items` from `offset` on, of `total`."""

    total: int
    offset: int
    items: list[Listed]


class NewExpression(Strict):
    """A sentence about a video of the project."""

    video: Number
    sentence: Sentence


class Assignment(Strict):
    """Who gets what. expressions: None: all. each: annotators of one; videos stay together.

    blank: begin without the moments of the data set.
    """

    to: Annotated[list[Name], Field(min_length=1, max_length=200)]
    expressions: Annotated[list[Number], Field(max_length=100_000)] | None = None
    each: Annotated[int, Field(ge=1, le=20)] = 1
    blank: bool = False


class ObjectMoment(Strict):
    """When the expression holds for an object; "" is the expression as a whole."""

    object: str
    spans: list[Span]


class Annotation(Strict):
    """What one person says of an expression. undos, redos: how many are possible."""

    id: int
    expression: int
    author: str
    version: int
    undos: int
    redos: int
    moments: list[ObjectMoment]
    state: State
    reason: str


class AnnotationWrite(Strict):
    """A change of the annotation of a version. key: name of the change; sent twice it is one."""

    version: Number
    key: Key | None = None
    change: AnyAnnotationChange


class VideoWrite(Strict):
    """The same of a video's corrections."""

    version: Number
    key: Key | None = None
    change: AnyVideoChange


class Exchange(Strict):
    """Two objects whose masks are each other's in some frames."""

    first: str
    second: str
    spans: list[Span]


class Corrections(Strict):
    """What people changed about the masks of a video."""

    id: int
    version: int
    undos: int
    redos: int
    exchanges: list[Exchange]
    added: list[str]


class VideoObject(Strict):
    """An object of a video. name: of its masks. label: as its data set numbers objects."""

    name: str
    label: str
    added: bool


class Video(Strict):
    """A video. times, durations: of each frame in seconds; null where frames are even at `fps`."""

    id: int
    name: str
    frames: int
    fps: float
    width: int
    height: int
    times: list[float] | None
    durations: list[float] | None
    objects: list[VideoObject]
    corrections: Corrections


class Expression(Strict):
    """An expression with all that its page shows. previous, next: in the project's list."""

    id: int
    project: int
    position: int
    name: str
    sentence: str
    kind: str
    status: Status
    agreement: float | None
    video: Video
    annotations: list[Annotation]
    previous: int | None
    next: int | None


class NewObject(Strict):
    """An object whose masks are an answer of a job about this video; see `source`."""

    version: Number
    key: Key | None = None
    object: Name
    job: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    answer: Annotated[int, Field(ge=0, le=1000)] = 0


class Source(Strict):
    """The video as the server's jobs know it."""

    video: str


class StudioMasks(Strict):
    """Masks of frames `start` up to `stop` by object: COCO's counts of each, null where empty."""

    size: tuple[int, int]
    start: int
    stop: int
    masks: dict[str, list[str | None]]


class Event(Strict):
    """A change that was made."""

    version_before: int
    version: int
    who: str
    at: datetime
    change: dict[str, Any]


class Pair(Strict):
    """Agreement of two annotators over the expressions that both handed in."""

    first: str
    second: str
    expressions: int
    tiou: float | None
    alpha: float | None


class Agreement(Strict):
    """Agreement of a project: mean tIoU by object, and Krippendorff's alpha over frames.

    expressions: those that at least two handed in as usable.
    """

    expressions: int
    tiou: float | None
    alpha: float | None
    pairs: list[Pair]


class Conflict(Strict):
    """What a refused change gets beside the problem (409); see `studio.conflict`."""

    type: str
    title: str
    status: int
    detail: str
    current: dict[str, Any]
    base: dict[str, Any]
    mine: dict[str, Any] | None
    since: list[Event]
