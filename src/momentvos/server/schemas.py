"""What clients send and get, typed; OpenAPI is made of these."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from momentvos.errors import MomentError, SentenceError
from momentvos.moment import Moment
from momentvos.sentence import check
from momentvos.server.states import State, Status
from momentvos.server.user import Role

Id = Annotated[str, Field(pattern="^[0-9a-f]{32}$", description="of a video or a job")]
Span = tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]]


def _sentence(text: str) -> str:
    try:
        return check(text)
    except SentenceError as error:
        raise ValueError(str(error)) from None


def _spans(spans: list[Span]) -> list[Span]:
    try:
        return list(Moment(spans).spans)
    except MomentError as error:
        raise ValueError(str(error)) from None


class Strict(BaseModel):
    """No field that is not named; values as they are, without conversion."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Click(Strict):
    """A point of a frame, in pixels of the video, that is of the object, or is not."""

    frame: Annotated[int, Field(ge=0, le=10_000_000)]
    x: Annotated[float, Field(ge=0, le=16384, allow_inf_nan=False)]
    y: Annotated[float, Field(ge=0, le=16384, allow_inf_nan=False)]
    object: bool = True


class Ask(Strict):
    """A sentence, and what the client knows of its answer.

    moment: when it holds: inclusive spans of frame numbers, or text as of `--moment`; without it
    the model finds out. clicks: points that say which object is meant, or which is not.
    """

    sentence: Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_sentence)]
    moment: (
        Annotated[str, Field(min_length=1, max_length=2000)]
        | Annotated[list[Span], Field(min_length=1, max_length=1000), AfterValidator(_spans)]
        | None
    ) = None
    clicks: Annotated[list[Click], Field(max_length=1000)] = []


class NewJob(Strict):
    """Sentences about a video. model: of `Info.models`; without it the first one."""

    video: Id
    asks: Annotated[list[Ask], Field(min_length=1, max_length=1000)]
    model: Annotated[str, Field(max_length=200)] | None = None


class Login(Strict):
    """Who one is: name and password of an account, or the server's token."""

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    password: Annotated[str, Field(min_length=1, max_length=1000)] | None = Field(None, repr=False)
    token: Annotated[str, Field(min_length=1, max_length=4096)] | None = Field(None, repr=False)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        given = (self.name is not None, self.password is not None, self.token is not None)
        if given not in ((True, True, False), (False, False, True)):
            raise ValueError("give name and password, or a token")
        return self


class Me(Strict):
    """Who one is. name: None without an account. login: whether this server asks for one."""

    name: str | None
    role: Role
    login: bool


class Registration(Strict):
    """A video of the server's library: its path below that folder, with slashes."""

    path: Annotated[str, Field(min_length=1, max_length=1000)]


class Video(Strict):
    """A video: size in pixels, fps on average, number of frames, seconds, bytes of its file."""

    id: Id
    name: str
    width: int
    height: int
    fps: float
    frames: int
    duration: float
    bytes: int
    audio: bool
    notes: list[str]
    created: datetime


class Times(Strict):
    """Start and duration of each frame in seconds; the first starts at 0."""

    times: list[float]
    durations: list[float]


class Answer(Strict):
    """What became of a sentence. number: its place in the job.

    presence: how sure it is that the target occurs, 0..1. moment: inclusive spans of frames;
    seconds: the same in seconds. elapsed: seconds it took. error: why it failed.
    """

    number: int
    sentence: str
    status: Status
    presence: float | None = None
    in_domain: bool | None = None
    moment: list[Span] = []
    seconds: list[tuple[float, float]] = []
    notes: list[str] = []
    method: str | None = None
    elapsed: float = 0.0
    error: str | None = None


class Progress(Strict):
    """How far a running job is: name of the stage, frames of it done, frames in all."""

    stage: str
    done: int
    total: int


class Preview(Strict):
    """What is known of a sentence while its job runs; all of it may change with the answer.

    number: its place in the job. moment, seconds: as of `Answer`, empty as long as they are not
    known. frames: masks are there of frames 0 up to, without, this one. masks: inclusive spans of
    all frames that have a mask so far, which need not begin at 0.
    """

    number: int
    moment: list[Span] = []
    seconds: list[tuple[float, float]] = []
    frames: int = 0
    masks: list[Span] = []


class Job(Strict):
    """A job, with the answers that are there. ahead: jobs that wait before it.

    previews: of sentences without an answer, while the job runs.
    """

    id: Id
    video: Id
    model: str
    asks: list[Ask]
    state: State
    ahead: int = 0
    progress: Progress | None = None
    answers: list[Answer] = []
    previews: list[Preview] = []
    error: str | None = None
    created: datetime
    started: datetime | None = None
    ended: datetime | None = None


class Masks(Strict):
    """Masks of frames `start` up to, without, `stop`: a COCO RLE each, null where it is empty.

    size: (height, width) of all. preview: whether the answer is not there yet, so that they may
    change, and are null also where none has come, see `Preview.masks`.
    """

    size: tuple[int, int]
    start: int
    stop: int
    masks: list[dict[str, Any] | None]
    preview: bool = False


class Relevance(Strict):
    """Per frame, 0..1: how likely it belongs to the moment, and how sure its mask is.

    domain: what the model's training data show, null where nobody says. preview: whether all of it
    may still change; scores are empty then.
    """

    relevance: list[float]
    scores: list[float] = []
    domain: str | None = None
    preview: bool = False


class Info(Strict):
    """What the server is and can: models, formats of exports, styles of overlays, limits.

    unready: why jobs wait, such as that models are still loading; null where it answers.
    """

    version: str
    models: list[str]
    exporters: dict[str, str]
    styles: list[str]
    limits: dict[str, float]
    library: bool
    unready: str | None = None


class ProblemContent(Strict):
    """What goes wrong: `detail` is one plain sentence."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
