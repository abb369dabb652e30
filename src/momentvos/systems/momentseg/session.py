"""MomentSeg on a video: ground the moment, sample its frames, segment from them both ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from torch import Tensor

from momentvos.mllm import VisualInput
from momentvos.propagation import Plan
from momentvos.propagation.step import PromptKind
from momentvos.results.record import State
from momentvos.systems.momentseg.find import longest_run
from momentvos.systems.momentseg.plan import from_anchors
from momentvos.systems.momentseg.prompter import Find, find, segmentation_prompt
from momentvos.systems.momentseg.refresh import Refresh
from momentvos.systems.momentseg.sampling import moment_centric
from momentvos.systems.momentseg.video_context import VideoContext, image_inputs
from momentvos.systems.sa2va.sampling import Anchors, first, uniform
from momentvos.systems.sa2va.session import Sa2VaSession
from momentvos.systems.session import Grounded, Progress, Request, Search

if TYPE_CHECKING:
    from momentvos.systems.momentseg.model import MomentSegModel


class MomentSegSession(Sa2VaSession):
    """See `InferenceSession`."""

    model: MomentSegModel
    method = "MomentSeg"
    moment_from_masks = False
    trusts_object_score = True

    def __init__(self, model: MomentSegModel, request: Request) -> None:
        if request.config.grounding == "none":
            self.method = Sa2VaSession.method
        super().__init__(model, request, mode="stretch" if request.config.precise else "momentseg")
        self._with_masks = request.masks
        self._context: VideoContext | None = None
        self._finds: dict[int, Find] = {}

    @property
    def context(self) -> VideoContext:
        """The low-resolution video, which all sentences share."""
        if self._context is None:
            self._context = VideoContext.of(self.model, self.video)
        return self._context

    def ground(self, progress: Progress | None = None) -> Iterator[Grounded]:
        """Ask for [FIND], and patches; the moment is the longest run of relevant frames."""
        length = len(self.video)
        for row, (sentence, given) in enumerate(zip(self.texts, self.moments, strict=True)):
            if given is not None:
                one = Find(tuple(map(float, given.flags(length))))
            elif self.config.grounding == "none" or (length == 1 and self._with_masks):
                one = Find(None)
            else:
                one = self.journal.memo(
                    f"find-{row}",
                    partial(self._find, sentence),
                    lambda made: State({"curve": made.curve, "text": made.text}),
                    partial(_read_find, length=length),
                )
            presence = 1.0
            if self.patches is not None and given is None and one.curve is not None:
                curve = self.patches.relevance(row, one.curve, self.config.patch_share)
                one, presence = replace(one, curve=curve), self.patches.presence(row)
            self._finds[row] = one
            self._anchors[row] = self._sample(one)
            moment = None
            if one.curve is not None:
                moment = longest_run(one.curve, self.config.relevance_threshold)
            if progress is not None:
                progress("grounding", length, length)
            yield Grounded(one.curve, moment, presence)

    def plan(self, row: int, grounded: Grounded) -> Plan:
        """Bidirectional Anchor-updated Propagation, or Sa2VA's one direction."""
        config, anchors = self.config, self._anchors[row]
        frames = range(len(self.video))
        both = config.walk == "anchors"
        centre = anchors.centre if both else 0
        refresh = Refresh(config.refresh_ratio, config.refresh_radius)
        rule = refresh if config.refresh and both else None
        if config.walk == "alone":
            return Plan((tuple(self.candidate_step(row, frame) for frame in frames),))
        if self.hands_over:
            self.hand_over(row)
            return from_anchors(
                frames, anchors.frames, centre, given="mask", tracked=None, refresh=rule, obj_id=row
            )
        tracked: PromptKind | None = "tokens" if config.inject and both else None
        return from_anchors(
            frames, anchors.frames, centre, tracked=tracked, refresh=rule, obj_id=row
        )

    def notes(self, row: int) -> tuple[str, ...]:
        """Notes on frames shrunk for the language model, and on an answer without [FIND]."""
        one, notes = self._finds[row], super().notes(row)
        if one.text and one.curve is None:
            return (*notes, f'the model named no moment; it said "{one.text}"')
        return notes

    def search(self, row: int, grounded: Grounded, trained: bool) -> Search:
        """Every frame, whatever [FIND] says, where a trained selector corrects it."""
        length = len(self.video)
        if trained:
            told = grounded.relevance if self.patches is not None else None
            return Search(range(length), told or (1.0,) * length)
        return super().search(row, grounded, trained)

    def ask(self, row: int) -> tuple[Tensor | None, str]:
        """See `Sa2VaSession`."""
        images: list[VisualInput] = []
        if self.config.view != "video":
            images = image_inputs(self.model, self.video, self._anchors[row].frames)
        self._images[row] = images
        low_resolution = self.config.view != "multi-frame" and self.config.grounding != "none"
        context = self.context if low_resolution and len(self.video) > 1 else None
        return segmentation_prompt(
            self.model, self.config, self.video, context, images, self.texts[row]
        )

    def _find(self, sentence: str) -> Find:
        return find(self.model, self.context, sentence)

    def _sample(self, one: Find) -> Anchors:
        """The frames sampled for the language model."""
        config, length = self.config, len(self.video)
        if config.sampling == "first":
            return first(length, config.frames)
        if config.sampling == "uniform" or one.curve is None:
            return uniform(length, config.frames)
        return moment_centric(
            one.curve,
            config.frames,
            config.window,
            dedupe=config.dedupe,
            power=config.power,
            floor=config.floor,
            precise=config.precise,
        )


def _read_find(state: State, length: int) -> Find:
    curve = state.values["curve"]
    if curve is None:
        return Find(None, str(state.values["text"]))
    if len(curve) != length:
        raise ValueError(f"a curve of {len(curve)} values")
    return Find(tuple(map(float, curve)), str(state.values["text"]))
