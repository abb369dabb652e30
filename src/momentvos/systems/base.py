"""What every system is: a grounder, prompts and a plan around one SAM2."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Self, overload

from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase, Sam2VideoModel

from momentvos.errors import ArgumentError, ModelError, RecipeError
from momentvos.grounding.protocol import allowed
from momentvos.grounding.result import Grounding
from momentvos.grounding.select import TOP_K, keyframes
from momentvos.grounding.weights import quiet
from momentvos.guard import MISFITS, guarded
from momentvos.media import Video
from momentvos.media.video import VideoLike
from momentvos.moment import Moment
from momentvos.notice import warn
from momentvos.ranges import shown
from momentvos.results.journal import Journal
from momentvos.results.prediction import Prediction
from momentvos.sam2 import sizes
from momentvos.selection import TrackSelector
from momentvos.sentence import check, check_no_path
from momentvos.systems import driver
from momentvos.systems.arguments import check_choice, folder_of, relevance_of
from momentvos.systems.config import SystemConfig
from momentvos.systems.domain import DomainCheck
from momentvos.systems.kept import journal_of
from momentvos.systems.loading import (
    complete,
    evaluating,
    moments_of,
    one_by_one,
    sentences_of,
    tokenizer_beside,
)
from momentvos.systems.progress import check_progress, reporting
from momentvos.systems.question import question
from momentvos.systems.registry import title
from momentvos.systems.session import Grounded, InferenceSession, Progress, Request, Watch
from momentvos.systems.shared_weights import add_shared
from momentvos.systems.stored import stored
from momentvos.systems.streaming.opening import open_stream
from momentvos.systems.streaming.session import StreamSession
from momentvos.systems.streaming.stream import KEEP, Stream
from momentvos.weights import (
    DOMAIN_FILE,
    LARGEST_SIDE,
    check_files,
    check_finite,
    check_ids,
    check_name,
    check_safe,
)

Given = Moment | str | Sequence[Moment | str | None] | None
"""M+ where it is known: a Moment, text such as "3.2s-5.0s", one of them per sentence, or None."""


class System(PreTrainedModel):  # type: ignore[misc]
    """A model that answers when a sentence holds in a video, and which pixels it means.

    A system supplies `session_class`, which brings its grounder, prompts, features and plan; all
    else stands here.

    Attributes:
        sam: SAM2, all of it.
        selector: the trained selector of track selection (not in the papers), or None, as it is
            until a system makes one.
        tokenizer: saved and loaded with the weights.
        domain_check: statistics of the pictures that the weights were trained on, saved and loaded
            with them; None: nothing is said about videos that the model may not know.
    """

    config_class = SystemConfig
    config: SystemConfig
    session_class: ClassVar[type[InferenceSession]]
    """The system at work on a video; called with the model and a `Request`."""
    stream_class: ClassVar[type[StreamSession]] = StreamSession
    """The system at work on a stream; called with the model, a configuration and a rate."""
    whole_video: ClassVar[str] = "it looks at the whole video first"
    """Why the system cannot stream sentences, where it has no `stream_class` of its own."""
    main_input_name = "batch"
    _supports_sdpa = True
    key_mapping: ClassVar[Mapping[str, str]] = {
        r"^judge\.course\.": "selector.trajectory.",
        r"^judge\.courses\.": "selector.trajectories.",
        r"^judge\.named\.": "selector.nouns.",
        r"^judge\.": "selector.",
    }
    """Names of weights before the second edition, as patterns, and their names now."""

    sam: Sam2VideoModel
    selector: TrackSelector | None
    tokenizer: PreTrainedTokenizerBase | None = None
    domain_check: DomainCheck | None = None

    def __init__(self, config: SystemConfig) -> None:
        if not isinstance(config, self.config_class):
            raise ModelError(
                f"{shown(config)} is no configuration; write {type(self).__name__}"
                f"({self.config_class.__name__}()), or load a model: momentvos.load(NAME)."
            )
        super().__init__(config)
        self.selector = None

    def _init_weights(self, module: nn.Module) -> None:
        """Every part draws its own weights when it is built."""

    def open_session(self, request: Request) -> InferenceSession:
        """Begin work on the sentences of a video.

        Raises ArgumentError for relevance that the system does not sample frames by, ModelError for
        a trace that it does not keep.
        """
        kind = self.session_class
        if request.relevance is not None and not kind.takes_relevance:
            raise ArgumentError(
                f"'{self.name}' does not sample frames by relevance; leave `relevance` out."
            )
        if request.trace is not None and not kind.takes_trace:
            raise ModelError(f"'{self.name}' asks no other model, so there is no trace to keep.")
        with self._guarded():
            return kind(self, request)

    @property
    def can_ground(self) -> bool:
        """Whether it has a grounder of its own."""
        return True

    @property
    def name(self) -> str:
        """How predictions name the model: that of its folder or hub id, or of its system."""
        return Path(str(self.config.name_or_path or self.base_model_prefix)).name

    @property
    def resolution(self) -> int:
        """Side of the square of pixels that frames are fitted to."""
        return self.config.image_size

    @property
    def resolution_step(self) -> int:
        """What `set_resolution` takes a multiple of, in pixels."""
        return sizes.step(self.sam.config)

    def set_resolution(self, side: int) -> None:
        """Let it work at frames of `side` x `side` pixels, in place.

        Weights stay as they are: what was trained at one size loses accuracy at another. Cost and
        memory grow with the square of the side.

        Raises:
            ArgumentError: `side` is no number of pixels, or no multiple of `resolution_step`.
        """
        step = self.resolution_step
        if not isinstance(side, int) or isinstance(side, bool) or not 0 < side <= LARGEST_SIDE:
            raise ArgumentError(
                f"A resolution is a whole number of pixels up to {LARGEST_SIDE}, not {shown(side)}."
            )
        if side % step:
            near = max(round(side / step), 1) * step
            raise ArgumentError(
                f"'{self.name}' works at multiples of {step} pixels, so not at {side}; try {near}."
            )
        sizes.resize(self.sam, side)
        self.config.sam_config = self.sam.config

    @overload
    def segment(  # type: ignore[overload-overlap]  # a str is a sequence of str too
        self,
        video: VideoLike,
        sentence: str,
        moment: Given = None,
        progress: Progress | bool | None = None,
        *,
        selection: bool | None = None,
        relevance: Sequence[float] | None = None,
        trace: str | Path | None = None,
        checkpoint: str | Path | Journal | None = None,
    ) -> Prediction: ...

    @overload
    def segment(
        self,
        video: VideoLike,
        sentence: Sequence[str],
        moment: Given = None,
        progress: Progress | bool | None = None,
        *,
        selection: bool | None = None,
        relevance: Sequence[float] | None = None,
        trace: str | Path | None = None,
        checkpoint: str | Path | Journal | None = None,
    ) -> list[Prediction]: ...

    def segment(
        self,
        video: VideoLike,
        sentence: str | Sequence[str],
        moment: Given = None,
        progress: Progress | bool | None = None,
        *,
        selection: bool | None = None,
        relevance: Sequence[float] | None = None,
        trace: str | Path | None = None,
        checkpoint: str | Path | Journal | None = None,
    ) -> Prediction | list[Prediction]:
        """When the sentence holds in the video (or image), and which pixels it means.

        Args:
            video: a file, a folder of frames, an image, an open :class:`momentvos.Video`, or what
                `Video.from_frames` takes (an array, a tensor, ...), then at 24 frames a second.
            sentence: what to find; several sentences share the encoding of the video.
            moment: M+ where it is known: a Moment, text such as ``"3.2s-5.0s"`` or ``"40:62"``
                or ``"all"``, or one of them (or None) per sentence. None: the model finds it.
            progress: called with the stage's name, frames done and frames in all; or True for a
                bar, False for none. By default there is one in notebooks.
            selection: False runs the system as published (`SystemConfig.published`), True with
                its track selection; None as the configuration says.
            relevance: a value a frame from any grounder, for systems that sample frames by it
                (VRS-HQ, whose released code takes CLIP's).
            trace: folder for the pictures that models were shown and for their answers, of systems
                that ask other models (`tracks`); see its ``index.html``.
            checkpoint: folder that progress is kept in, so that the same call goes on where a
                killed one stopped. It stays, with the answers, until you remove it; see
                docs/long-video.md.

        Returns:
            A Prediction, or a list of them for a list of sentences.

        Raises:
            VideoError, SentenceError, MomentError: the input is unusable.
            ModelError: `selection` is True, but the configuration has none; or `trace` is of no
                use to the system.
            ArgumentError: another argument is of another type, `relevance` has another number of
                values than the video has frames, or the system does not sample by it.
            OutputError: `checkpoint` holds the progress of another question.
        """
        sentences = [check_no_path(one) for one in sentences_of(sentence)]
        answers = self.segment_each(
            video,
            sentences,
            moment,
            progress,
            selection=selection,
            relevance=relevance,
            trace=trace,
            checkpoint=checkpoint,
        )
        predictions = list(answers)
        return predictions[0] if isinstance(sentence, str) else predictions

    def segment_each(
        self,
        video: VideoLike,
        sentences: Sequence[str],
        moment: Given = None,
        progress: Progress | bool | None = None,
        *,
        selection: bool | None = None,
        relevance: Sequence[float] | None = None,
        trace: str | Path | None = None,
        checkpoint: str | Path | Journal | None = None,
        watch: Watch | None = None,
    ) -> Iterator[Prediction]:
        """As `segment`, but Predictions as soon as they are there.

        Up to eight sentences (`InferenceSession.together`) go through the video together. watch:
        called with what is known of a sentence before its Prediction is there, see `Partial`.
        """
        asked = sentences_of(sentences)
        check_progress(progress)
        config = self._config(selection)
        folder = folder_of("trace", trace)
        if not isinstance(checkpoint, Journal):
            checkpoint = folder_of("checkpoint", checkpoint)
        opened = Video.open(video)
        moments = moments_of(moment, opened, len(asked))
        curve = relevance_of(relevance, len(opened))

        def answers() -> Iterator[Prediction]:
            request = Request(opened, asked, moments, config, curve, trace=folder, watch=watch)
            with reporting(progress) as report, journal_of(checkpoint, self, request) as journal:
                session = self.open_session(replace(request, journal=journal))
                with self._guarded():
                    yield from driver.segment(session, report)

        return one_by_one(self, answers())

    def question(
        self,
        video: Video,
        sentences: Sequence[str],
        moment: Given = None,
        *,
        selection: bool | None = None,
    ) -> dict[str, Any]:
        """Facts that tell a call of `segment` from others, for a `momentvos.results.Journal`."""
        moments = moments_of(moment, video, len(sentences))
        return question(self, Request(video, sentences, moments, self._config(selection)))

    def stream(
        self,
        frames: Video | Iterable[Any] | str | Sequence[str] | None = None,
        sentences: str | Sequence[str] | None = None,
        *,
        fps: float | None = None,
        size: tuple[int, int] | None = None,
        selection: bool | None = None,
        keep: int = KEEP,
        name: str | None = None,
    ) -> Stream:
        """Answers about frames that come one by one, each a bounded number of frames later.

        ``for update in model.stream(frames, sentences, fps=30)`` takes the frames itself;
        ``with model.stream(sentences, fps=30) as stream`` is pushed to: `Stream.push`. Either way
        sentences are added and dropped in mid-stream, and memory stays flat. See docs/streaming.md.

        Args:
            frames: any iterable of frames, such as a generator, or an open video; left out where
                they are pushed.
            sentences: what to find; one, several, or none yet.
            fps: frames a second; of an open video its own, else 24 with a note.
            size: (height, width) of all frames; by default of the first one.
            selection: None: as the configuration says, without track selection, which needs the
                whole video (a note says so); False: as published.
            keep: most frames of a sentence whose answers are kept, on disk, for its Prediction at
                the end; 0: none.
            name: stands in for a video's path in predictions.

        Raises:
            ModelError: the system needs the whole video for sentences; see `Stream.add`.
            ArgumentError, VideoError, SentenceError: an argument is none.
        """
        return open_stream(
            self, frames, sentences, fps=fps, size=size, selection=selection, keep=keep, name=name
        )

    def ground(
        self,
        video: VideoLike,
        sentence: str,
        progress: Progress | bool | None = None,
        *,
        selection: bool | None = None,
    ) -> tuple[list[float], Moment]:
        """Relevance 0..1 of every frame, and the moment it means, by the model's own grounder.

        Where the grounder has nothing to say every frame has 0.5, and there is no moment. A system
        without a notion of when but its masks (VRS-HQ) has to segment for it.

        Raises:
            ModelError: the model has no grounder.
            VideoError, SentenceError: the input is unusable.
        """
        asked = check_no_path(check(sentence))
        check_progress(progress)
        opened = Video.open(video)
        with reporting(progress) as report:
            _, (grounded,) = self._grounded(opened, [asked], report, selection)
        if grounded.relevance is None or grounded.moment is None:
            return [0.5] * len(opened), Moment.empty()
        return list(grounded.relevance), grounded.moment

    def groundings(
        self,
        video: Video,
        sentences: Sequence[str],
        inside: Sequence[Moment] | None = None,
        report: Callable[[int, int], None] | None = None,
        *,
        selection: bool | None = None,
    ) -> list[Grounding]:
        """See :class:`momentvos.grounding.Grounder`; raises as `ground`.

        Frames outside what is allowed count for nothing; where presence is below the threshold
        the moment is empty.
        """
        if not sentences:
            return []
        progress = None if report is None else lambda stage, done, of: report(done, of)
        session, found = self._grounded(video, sentences, progress, selection)
        answers = []
        for row, place in enumerate(allowed(video, sentences, inside)):
            curve = found[row].relevance or (0.5,) * len(video)
            flags = place.flags(len(video))
            kept = tuple(one if flag else 0.0 for one, flag in zip(curve, flags, strict=True))
            moment = session.moment_inside(found[row], kept, place)
            best = keyframes(kept, moment, TOP_K) if moment else ()
            notes = session.notes(row)
            answers.append(Grounding(sentences[row], "model", kept, moment, best, notes=notes))
        return answers

    def ask(self, video: VideoLike, question: str | Sequence[str]) -> str | list[str]:
        """A text answer to each question about a video or an image, of systems that speak.

        Raises ModelError for a system without a language model of its own.
        """
        raise ModelError(
            f"'{self.name}' answers with moments and masks, not in words; ask a model of MomentSeg "
            "or VRS-HQ, such as momentseg-mini."
        )

    def __repr__(self) -> str:
        """Which model it is, in a line; its layers are those of its parts, such as `sam`."""
        domain = "" if self.config.domain is None else f", knows {self.config.domain}"
        return f"<{type(self).__name__} '{self.name}' on {self.device}{domain}>"

    def losses(self, batch: Any, stage: Any) -> dict[str, Tensor]:
        """Losses of a training batch, "loss" the one to minimise; see ``train.py`` of the system.

        Raises RecipeError for a system that cannot be trained.
        """
        made: dict[str, Tensor] = self.training_module().losses(self, batch, stage)
        return made

    @classmethod
    def training_module(cls) -> ModuleType:
        """The module ``train`` beside the class's own; see docs/add-a-system.md.

        Raises RecipeError for a system that cannot be trained.
        """
        package = cls.__module__.rpartition(".")[0]
        if not package or find_spec(f"{package}.train") is None:
            raise RecipeError(f"{cls.__name__} cannot be trained: {package} has no `train`.")
        return import_module(f"{package}.train")

    def encode_words(self, sentences: Sequence[str]) -> tuple[Tensor, Tensor]:
        """States of each token [L, N, D], bool [L, N] (True = real token), for a selector."""
        raise ModelError(f"{type(self).__name__} cannot read for a trained selector.")

    def noun_prompts(self, nouns: Sequence[str]) -> Tensor:
        """What nouns look like to F_SAM, vectors [K, C] of any length, for a selector."""
        raise ModelError(f"{type(self).__name__} cannot read for a trained selector.")

    def save_pretrained(self, save_directory: str | Path, **kwargs: Any) -> None:
        """Write config, safetensors, tokenizer and statistics into a folder."""
        super().save_pretrained(save_directory, **kwargs)
        if self.domain_check is not None:
            self.domain_check.save(save_directory)
        else:  # those of weights that were in the folder before
            (Path(save_directory) / DOMAIN_FILE).unlink(missing_ok=True)
        if self.tokenizer is not None:
            self.tokenizer.save_pretrained(save_directory)

    @classmethod
    def from_pretrained(cls, name: str | Path, *args: Any, **kwargs: Any) -> Self:
        """Load a model with its tokenizer from a folder or a hub id.

        Raises:
            ModelError: it is of another kind, or weights are missing or of another shape.
        """
        check_name(name)
        check_files(name)
        with guarded(ModelError, f"The model '{name}' cannot be loaded"):
            config = cls.config_class.get_config_dict(name)[0]
        kind, shares = config.get("model_type"), config.get("shared_weights") is not None
        if kind != cls.config_class.model_type:
            wanted = title(str(cls.config_class.model_type))
            raise ModelError(f"'{name}' is a model of type '{kind}', not a {wanted} model.")
        check_safe(name)
        given = bool(args or kwargs)
        kwargs = {"key_mapping": dict(cls.key_mapping), "output_loading_info": True} | kwargs
        kwargs["use_safetensors"] = True
        model = None if given else stored(cls, name)
        if model is None:
            with quiet() if shares else nullcontext():  # its file alone lacks what is shared
                model, info = super().from_pretrained(name, *args, **kwargs)
            add_shared(model, info)
            complete(name, info)
        check_finite(name, model)
        # transformers would save the weights under the names that it has found them by.
        used = getattr(model, "_weight_conversions", None) or []
        earlier = set(cls.key_mapping)
        if not all(earlier.isdisjoint(one.source_patterns) for one in used):
            warn(
                f"The weights 'judge.*' of '{name}' are 'selector.*' now; save the model to rename "
                "them.",
                FutureWarning,
                stacklevel=2,
            )
        model._weight_conversions = [one for one in used if earlier.isdisjoint(one.source_patterns)]
        text = model.text_model_config
        model.tokenizer = tokenizer_beside(name, text)
        check_ids(name, model.tokenizer, text.get_text_config().vocab_size)
        model.domain_check = DomainCheck.beside(name, model.sam, **kwargs)
        made: Self = model
        return made

    @property
    def text_model_config(self) -> Any:
        """Configuration of the part that the tokenizer belongs to."""
        raise NotImplementedError

    def _config(self, selection: bool | None) -> SystemConfig:
        check_choice("selection", selection)
        if selection is False:
            return self.config.published()
        if selection and self.config.selection is None:
            raise ModelError(f"'{self.name}' has no track selection to run.")
        return self.config

    def _session(
        self,
        video: Video,
        sentences: Sequence[str],
        moments: Sequence[Moment | None],
        config: SystemConfig,
        relevance: Sequence[float] | None = None,
        masks: bool = True,
    ) -> InferenceSession:
        asked = [check(sentence) for sentence in sentences]
        return self.open_session(Request(video, asked, moments, config, relevance, masks))

    def _grounded(
        self,
        video: Video,
        sentences: Sequence[str],
        progress: Progress | None,
        selection: bool | None,
    ) -> tuple[InferenceSession, list[Grounded]]:
        if not self.can_ground:
            raise ModelError("This model has no grounder of its own; give the moment yourself.")
        config = self._config(selection)
        with evaluating(self):
            nothing = [None] * len(sentences)
            session = self._session(video, sentences, nothing, config, masks=False)
            with self._guarded():
                if not session.moment_from_masks:
                    return session, list(session.ground(progress))
                answers = list(driver.segment(session, progress))
            return session, [Grounded(one.relevance, one.moment, one.presence) for one in answers]

    def _guarded(self) -> AbstractContextManager[None]:
        """Where parts do not fit each other, the model is at fault, not its user."""
        return guarded(ModelError, f"The model '{self.name}' cannot work on this", MISFITS)
