"""The worker of any engine: loaded once, then called with a video and its sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from momentvos.batch.failure import raised
from momentvos.batch.query import Ask, Query
from momentvos.batch.record import Answer, Record, answered, failed
from momentvos.batch.thumbnail import save_thumbnail
from momentvos.errors import MomentVOSError, OutputError
from momentvos.media.blob import Blob
from momentvos.media.blob_video import open_blob
from momentvos.media.stored import stored
from momentvos.media.video import Video
from momentvos.moment import Moment
from momentvos.object_store import is_url, upload
from momentvos.results.attempts import attempts, explain
from momentvos.results.folder import PARTS, save_prediction
from momentvos.results.journal import NO_JOURNAL, Journal
from momentvos.results.prediction import Prediction
from momentvos.sentence import check
from momentvos.systems.execution import Execution

if TYPE_CHECKING:
    from momentvos.grounding import Grounder
    from momentvos.systems.base import System
    from momentvos.systems.session import Partial, Progress, Watch

Save = Literal["none", "json", "masks", "overlay", "all"]
SAVED: dict[Save, tuple[str, ...] | None] = {
    "none": None,
    "json": (),
    "masks": ("masks",),
    "overlay": ("overlay",),
    "all": PARTS,
}
"""What is written of each answer beside prediction.json; None: not even that."""
AFTER = 10.0
"""Seconds of work before progress is kept."""


class _Loaded(NamedTuple):
    model: System
    grounder: Grounder | None


@dataclass(frozen=True)
class Worker:
    """Answers queries; to be pickled, sent to where it works, set up once, and called.

    A question that cannot be answered, for its video or its sentence, has an answer that says so.
    Raises TransientError where another try may do better (memory, a device or a connection was
    not there), StopError where no later query can do better either (a full disk).

    Attributes:
        model, device: as of `momentvos.load`.
        grounder: as of `--grounder`; None: the model finds the moments itself.
        selection: False asks the system as published, without track selection.
        out: folder, or address in a store, for the files; None: nothing is written, and answers
            carry their prediction.
        save: which files.
        threads: of a processor that computes; None as PyTorch has it.
        execution: how the model computes.
        gpus: that it wants, a fraction where several share one; `device` "cpu" wants none.
        inputs, outputs: names of what is read of a query, and of what each answer has.
    """

    model: str = "tgl-mini"
    device: str = "auto"
    grounder: str | None = None
    selection: bool = True
    out: Path | str | None = None
    save: Save = "json"
    threads: int | None = None
    execution: Execution = field(default_factory=Execution)
    gpus: float = 1.0
    _loaded: _Loaded | None = field(default=None, init=False, repr=False, compare=False)

    inputs: ClassVar[tuple[str, ...]] = tuple(one.name for one in fields(Query))
    outputs: ClassVar[tuple[str, ...]] = tuple(one.name for one in fields(Answer))

    @property
    def files(self) -> tuple[str, ...]:
        """What of an answer's folder is worth a link: the overlay, and the data."""
        parts = SAVED[self.save]
        overlay = ("overlay",) if parts and "overlay" in parts else ()
        return () if parts is None else (*overlay, "prediction.json")

    @property
    def resources(self) -> dict[str, float]:
        """What it wants of a machine: `cpus`, and `gpus` unless it is to work on the processor."""
        gpus = 0.0 if self.device in ("cpu", "mps") else self.gpus
        return {"cpus": self.threads or 1, "gpus": gpus}

    def setup(self) -> None:
        """Load the model and the grounder. Raises ModelError."""
        if self._loaded is not None:
            return
        from momentvos.hub import load

        if self.threads is not None:
            import torch

            torch.set_num_threads(self.threads)
        model = load(self.model, device=self.device, **asdict(self.execution))
        object.__setattr__(self, "_loaded", _Loaded(model, self._grounder(model)))

    def __call__(self, query: Query) -> Record:
        """Answer all that is asked of a video."""
        return Record(query.name, tuple(self.answers(query)))

    @property
    def system(self) -> System:
        """The model, loaded."""
        self.setup()
        assert self._loaded is not None
        return self._loaded.model

    def answers(
        self,
        query: Query,
        progress: Progress | None = None,
        watch: Callable[[Ask, Partial], None] | None = None,
        checkpoint: Path | None = None,
    ) -> Iterator[Answer]:
        """Each answer as soon as its files are there; those that need no look at pixels first.

        progress: of the model, see `System.segment`. watch: called with what is known of a
        question before its answer is. checkpoint: folder in which the progress of long work is
        kept until all answers are there, so that another process goes on that asks the same.
        """
        self.setup()
        try:
            video = _opened(query)
        except Exception as error:
            text = _permanent(error, query)
            yield from (self._stamped(failed(query, ask, text)) for ask in query.asks)
            return
        asks, moments = [], {}
        for ask in query.asks:
            try:
                check(ask.sentence)
                moments[ask] = None if ask.moment is None else Moment.parse(ask.moment, video.times)
                asks.append(ask)
            except MomentVOSError as error:
                yield self._stamped(failed(query, ask, str(error)))
        start = perf_counter()
        for one in attempts(
            lambda: video,
            lambda video, part: self._predictions(
                video,
                part,
                [moments[ask] for ask in part],
                progress,
                None if watch is None else lambda found: watch(part[found.row], found),
                checkpoint if len(part) == len(asks) else None,  # a part is another question
            ),
            asks,
            lambda error: (error.with_traceback(None), False),
        ):
            if one.answer is None:
                answer = failed(query, one.question, _permanent(one.problem, query))
            else:
                answer = self._kept(query, one.question, one.answer, video)
            now = perf_counter()
            yield self._stamped(replace(answer, elapsed=round(now - start, 4)))
            start = perf_counter()

    def _grounder(self, model: System) -> Grounder | None:
        if self.grounder is None:
            return None
        from momentvos.grounding import ModelGrounder, Part, build, parse
        from momentvos.systems.pretrained import load_pretrained

        spec = parse(self.grounder)
        if str(spec) == "model":
            return None
        selection = None if self.selection else False

        def own(part: Part) -> ModelGrounder:
            asked = model if part.source is None else load_pretrained(part.source, self.device)
            return ModelGrounder.of(part, asked, selection)

        return build(spec, self.device, own)

    def _predictions(
        self,
        video: Video,
        asks: Sequence[Ask],
        moments: Sequence[Moment | None],
        progress: Progress | None,
        watch: Watch | None,
        checkpoint: Path | None,
    ) -> Iterable[Prediction]:
        assert self._loaded is not None
        model, grounder = self._loaded
        sentences = [ask.sentence for ask in asks]
        options: dict[str, Any] = {"selection": None if self.selection else False}

        def facts() -> dict[str, Any]:
            made = model.question(video, sentences, moments, **options)
            return made | {"grounder": self.grounder}

        with _kept_progress(checkpoint, facts) as journal:
            more = options | {"checkpoint": journal, "watch": watch}
            if grounder is None:
                yield from model.segment_each(video, sentences, moments, progress, **more)
                return
            found = grounder.ground(video, sentences)
            chosen = [
                one.moment if given is None else given
                for given, one in zip(moments, found, strict=True)
            ]
            made = model.segment_each(video, sentences, chosen, progress, **more)
            for prediction, given, one in zip(made, moments, found, strict=True):
                yield prediction if given is not None else one.informing(prediction)

    def _kept(self, query: Query, ask: Ask, prediction: Prediction, video: Video) -> Answer:
        """The answer, with its files in their places."""
        if self.out is None:
            return answered(query, ask, prediction, prediction=prediction.to_json())
        parts = SAVED[self.save]
        try:
            with _delivered(self.out) as out:
                if parts is not None:
                    save_prediction(prediction, out / ask.folder, video, parts=parts)
                save_thumbnail(prediction, video, out / ask.thumbnail)
        except Exception as error:
            return failed(query, ask, _permanent(error, query))
        folder = None if parts is None else ask.folder
        return answered(query, ask, prediction, folder=folder, thumbnail=ask.thumbnail)

    def _stamped(self, answer: Answer) -> Answer:
        return replace(answer, at=datetime.now(UTC).isoformat(timespec="seconds"))

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_loaded": None}


@contextmanager
def _kept_progress(
    folder: Path | None, question: Callable[[], dict[str, Any]]
) -> Iterator[Journal]:
    """The journal of a folder, going on with what is there; it goes with the last answer."""
    if folder is None:
        yield NO_JOURNAL
        return
    journal = Journal(folder, question, AFTER)
    with suppress(OutputError):  # of another question, such as of another version: begin anew
        journal.resume()
    try:
        yield journal
        journal.remove()
    finally:
        journal.close()


def _opened(query: Query) -> Video:
    if isinstance(query.video, bytes):
        return open_blob(Blob.of(query.video, query.name))
    return open_blob(stored(query.video)) if is_url(query.video) else Video.open(query.video)


@contextmanager
def _delivered(out: Path | str) -> Iterator[Path]:
    """The folder of the results; for an address one whose files are sent there."""
    if isinstance(out, Path):
        yield out
        return
    with TemporaryDirectory(prefix="momentvos-results-") as folder:
        yield Path(folder)
        upload(Path(folder), out)


def _permanent(error: Exception | None, query: Query) -> str:
    """What went wrong with a question, by the name that its user gave the video.

    Raises TransientError, StopError for what is none of it.
    """
    assert error is not None
    other = raised(error)
    if other is not None:
        raise other from None
    text = explain(error)
    return text.replace(query.video, query.name) if isinstance(query.video, str) else text
