"""A system at work on the sentences of one video."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from transformers import Sam2VideoModel

from momentvos.media import Video
from momentvos.moment import MEDIAN, Moment
from momentvos.propagation import DecoderOptions, MemoryMaskHook, Plan, Step
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.results.journal import NO_JOURNAL, Journal
from momentvos.results.masklet_builder import MaskletBuilder
from momentvos.results.record import State
from momentvos.sam2 import Prompt, Pyramid
from momentvos.sam2.geometry import Mode
from momentvos.selection.selection import WINDOW
from momentvos.selection.trajectory import CONTEXT
from momentvos.sentence import plain, reading_note
from momentvos.systems import domain

if TYPE_CHECKING:
    from momentvos.systems.base import System

Progress = Callable[[str, int, int], None]
"""Called with the name of a stage, frames of it done, and frames in all."""


TOGETHER = 8
"""Most sentences that go through a video together."""
TRACKED = 256 << 20
"""Bytes of the masks of their tracks, before it is known which tracks are meant."""
SCORED = WINDOW + 2 * CONTEXT
"""Frames in which tracks are scored at once."""


@dataclass(frozen=True)
class Grounded:
    """When one sentence holds, before anything is segmented.

    relevance: per frame, 0..1; None where the system has nothing to say. moment: M+; None for the
    frames in which the target is segmented. presence: how sure it is that the target occurs, 0..1,
    before any object score.
    """

    relevance: tuple[float, ...] | None = None
    moment: Moment | None = None
    presence: float = 1.0


@dataclass(frozen=True)
class Partial:
    """What is known of a sentence before its answer is; all of it may still change.

    row: the sentence's place. moment: M+ as far as it is known, or None. relevance: per frame,
    0..1. masks: those that are there, of the objects that seem to be meant.
    """

    row: int
    moment: Moment | None
    relevance: Sequence[float]
    masks: MaskletBuilder


Watch = Callable[[Partial], None]
"""Called when more is known of a sentence, up to once a mask; it should be quick."""


@dataclass(frozen=True)
class Request:
    """What is asked of one video.

    video: open. sentences: what to find, as it was asked. moments: per sentence M+ where it is
    known, or None. config: the system's configuration, or that of the system as published.
    relevance: a value a frame from any grounder, or None; for systems that sample frames by it.
    masks: whether masks are asked for; False: only when the sentences hold. trace: folder for what
    models were asked and said, or None; for systems that ask any. journal: keeps what is done, so
    that another process can go on. watch: called with what is known before answers are, or None.
    """

    video: Video
    sentences: Sequence[str]
    moments: Sequence[Moment | None]
    config: Any
    relevance: Sequence[float] | None = None
    masks: bool = True
    trace: Path | None = None
    journal: Journal = NO_JOURNAL
    watch: Watch | None = None


class Search(NamedTuple):
    """Where track selection looks for candidates: in which frames, and relevance 0..1 of all."""

    frames: Sequence[int]
    prior: Sequence[float]


class Segmented(NamedTuple):
    """A result that is known before the plan runs: mask logits [h, w], object probability."""

    logits: Tensor
    probability: float


class FrameMask(NamedTuple):
    """A target in a frame of the video: mask bool [H, W], and how sure it is, 0..1."""

    frame: int
    mask: NDArray[np.bool_]
    confidence: float


class InferenceSession(ABC):
    """What a system supplies about one video; sentence k is object k (`Step.obj_id`) of its plans.

    Attributes:
        model: the system.
        config: its configuration, or that of the system as published.
        video: open.
        sentences: what to find, as it was asked.
        texts: the sentences as the system reads them.
        moments: per sentence M+ where it is given, or None.
        sam: SAM2, as it tracks.
        cache: its features of the video's frames, without any sentence.
        segmented: by (row, frame), results that stand whatever the plan's run gives.
        journal: where what is dear is kept, see `Journal.memo`.
        watch: called with what is known before the answers are, or None.

    Args:
        model, request: as of the attributes.
        mode: how frames lie in SAM2's square, see :func:`momentvos.sam2.geometry.fit`.
    """

    method: str = ""
    """The published method that the plans are of, in a few words."""
    moment_from_masks = False
    """Whether the moment is where the target is segmented, unless it is given."""
    trusts_object_score = True
    """Whether a frame without a positive object score has no target, whatever its mask shows."""
    takes_relevance = False
    """Whether frames are sampled by a request's relevance; else a request with one is refused."""
    takes_trace = False
    """Whether what it asks of other models is kept in a request's trace; else it is refused."""

    def __init__(self, model: System, request: Request, *, mode: Mode = "stretch") -> None:
        self.model, self.config, self.video = model, request.config, request.video
        self.sentences, self.moments = request.sentences, request.moments
        self.journal, self.watch = request.journal, request.watch
        decorated = not self.config.plain_sentences
        self.texts = [one if decorated else plain(one) for one in request.sentences]
        self.sam: Sam2VideoModel = model.sam
        self.cache = FeatureCache(model.sam, request.video, mode, self.config.image_resizer)
        self.segmented: dict[tuple[int, int], Segmented] = {}

    @property
    def together(self) -> int:
        """Most sentences that go through the video together, so that memory does not grow on."""
        if self.config.selection is None:
            return TOGETHER
        mask = 4 * (self.cache.side // 4) ** 2
        size: int = self.config.selection.max_tracks * min(len(self.video), SCORED) * mask
        return max(min(TOGETHER, TRACKED // size), 1)

    @abstractmethod
    def ground(self, progress: Progress | None = None) -> Iterable[Grounded]:
        """Say when each sentence holds, in their order; a given moment is not looked for."""

    @abstractmethod
    def plan(self, row: int, grounded: Grounded) -> Plan:
        """The steps that segment sentence `row`."""

    @abstractmethod
    def prompts(self, steps: Sequence[Step]) -> Prompt:
        """Prompts of steps that have one of the same kind; see `propagation.run`."""

    def masks(self, row: int, grounded: Grounded) -> Iterator[FrameMask] | None:
        """Masks of sentence `row` where the session has them, since it tracks objects before it
        reads a sentence; None: the plan makes them. A frame may come more than once.
        """
        return None

    def features(self, steps: Sequence[Step]) -> Pyramid:
        """Image features of steps that want the same kind; see `propagation.run`."""
        return self.cache([step.frame for step in steps])

    @property
    def decoder_options(self) -> DecoderOptions:
        """How SAM2's decoder is read: as SAM2 itself does, unless the system overrides it."""
        options = DecoderOptions.of_sam2(self.config.sam_config, len(self.video))
        return replace(options, gate=self.config.gate)

    @property
    def relevance_median(self) -> int:
        """Width of the median filter on relevance by track selection, in frames, odd."""
        return MEDIAN

    @cached_property
    def in_domain(self) -> bool | None:
        """Whether the video shows what the model knows; None where it has no statistics of that."""
        check = self.model.domain_check
        if check is None:
            return None
        return self.journal.memo(
            "domain",
            lambda: check.holds(self.cache),
            lambda holds: State({"holds": holds}),
            lambda state: bool(state.values["holds"]),
        )

    def memory_mask_hook(self) -> MemoryMaskHook | None:
        """What changes masks before memory stores them, fresh for each run."""
        return None

    def counts(self, step: Step) -> bool:
        """Whether the step's object probability says that the target occurs."""
        return step.write == "conditioning"

    def moment_inside(
        self, grounded: Grounded, relevance: Sequence[float], place: Moment
    ) -> Moment:
        """The moment among the frames of `place`, outside of which `relevance` is 0."""
        return Moment.empty() if grounded.moment is None else grounded.moment & place

    def refusal(self, row: int) -> str | None:
        """Why the system finds nothing to segment, where it says so itself."""
        return None

    def notes(self, row: int) -> tuple[str, ...]:
        """What the user should know about the answer to sentence `row`; systems add to it."""
        unknown = (domain.note(self.config.domain),) if self.in_domain is False else ()
        return (*unknown, *reading_note(self.sentences[row], self.texts[row]))

    def search(self, row: int, grounded: Grounded, trained: bool) -> Search:
        """Where track selection looks for candidates.

        trained: whether a trained selector scores the tracks and no moment is given, so that it
            corrects relevance.
        """
        length = len(self.video)
        moment = grounded.moment or Moment.all(length)
        return Search(moment.frames(), grounded.relevance or (1.0,) * length)

    def candidate_step(self, row: int, frame: int) -> Step:
        """The step that decodes a frame alone, prompted by sentence `row`."""
        return Step(frame, "plain", "tokens", obj_id=row)

    def presence_threshold(self, row: int, selected: bool) -> float:
        """Presence from which on the target occurs; selected: a selector chose the moment."""
        config = self.config.selection if selected else self.config
        return float(config.presence_threshold)

    def release(self, row: int) -> None:  # noqa: B027
        """Free what only sentence `row` needed; nothing, by default."""
