"""MomentSeg on a video: ground the moment, sample its frames, segment from them both ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from momentvos.mllm import VisualInput
from momentvos.propagation import DecoderOptions, Plan, Step, run
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.propagation.step import PromptKind
from momentvos.results.record import State
from momentvos.sam2 import Prompt, Pyramid
from momentvos.sam2.geometry import Mode
from momentvos.systems.momentseg.find import longest_run
from momentvos.systems.momentseg.plan import from_anchors
from momentvos.systems.momentseg.prompter import Find, find, segmentation_prompt
from momentvos.systems.momentseg.refresh import Refresh
from momentvos.systems.momentseg.sampling import Anchors, first, moment_centric, uniform
from momentvos.systems.momentseg.video_context import VideoContext, image_inputs
from momentvos.systems.session import (
    Grounded,
    InferenceSession,
    Progress,
    Request,
    Search,
    Segmented,
)

if TYPE_CHECKING:
    from momentvos.systems.momentseg.config import MomentSegConfig
    from momentvos.systems.momentseg.model import MomentSegModel


class MomentSegSession(InferenceSession):
    """See `InferenceSession`."""

    model: MomentSegModel
    method = "MomentSeg"

    def __init__(self, model: MomentSegModel, request: Request) -> None:
        mode: Mode = "stretch" if request.config.precise else "momentseg"
        super().__init__(model, request, mode=mode)
        self._masks = request.masks
        self._context: VideoContext | None = None
        self._finds: dict[int, Find] = {}
        self._images: dict[int, list[VisualInput]] = {}
        self._tokens: dict[int, tuple[Tensor | None, str]] = {}
        self._anchors: dict[int, Anchors] = {}
        if self.config.grounding == "none":
            self.method = "Sa2VA"
        if self.config.decoder == "original":
            self.sam = model.tracker()
            self._tracking = FeatureCache(self.sam, self.video, mode, self.config.image_resizer)

    @property
    def context(self) -> VideoContext:
        """The low-resolution video, which all sentences share."""
        if self._context is None:
            self._context = VideoContext.of(self.model, self.video)
        return self._context

    def ground(self, progress: Progress | None = None) -> Iterator[Grounded]:
        """Ask for [FIND]; the moment is the longest run of relevant frames."""
        length = len(self.video)
        for row, (sentence, given) in enumerate(zip(self.texts, self.moments, strict=True)):
            if given is not None:
                one = Find(tuple(map(float, given.flags(length))))
            elif self.config.grounding == "none" or (length == 1 and self._masks):
                one = Find(None)
            else:
                one = self.journal.memo(
                    f"find-{row}",
                    partial(self._find, sentence),
                    lambda made: State({"curve": made.curve, "text": made.text}),
                    partial(_read_find, length=length),
                )
            self._finds[row] = one
            self._anchors[row] = self._sample(one)
            moment = None
            if one.curve is not None:
                moment = longest_run(one.curve, self.config.relevance_threshold)
            if progress is not None:
                progress("grounding", length, length)
            yield Grounded(one.curve, moment)

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
        if config.decoder == "original":
            self._segment_anchors(row)
            return from_anchors(
                frames, anchors.frames, centre, given="mask", tracked=None, refresh=rule, obj_id=row
            )
        tracked: PromptKind | None = "tokens" if config.inject and both else None
        return from_anchors(
            frames, anchors.frames, centre, tracked=tracked, refresh=rule, obj_id=row
        )

    def features(self, steps: Sequence[Step]) -> Pyramid:
        """See `InferenceSession`; features for the decoder that tracks."""
        handed = steps[0].prompt != "tokens" and self.config.decoder == "original"
        return (self._tracking if handed else self.cache)([step.frame for step in steps])

    def prompts(self, steps: Sequence[Step]) -> Prompt:
        """[SEG], or the anchors' masks where SAM2's own decoder tracks them (Sa2VA-i)."""
        if steps[0].prompt == "tokens":
            tokens = [self._token(step.obj_id)[0] for step in steps]
            return Prompt(tokens=torch.cat([token for token in tokens if token is not None]))
        masks = [self.segmented[step.obj_id, step.frame].logits for step in steps]
        size = (self.config.image_size, self.config.image_size)
        full = F.interpolate(torch.stack(masks)[:, None].float(), size, mode="bilinear")
        return Prompt(mask=(full > 0).float())

    @property
    def decoder_options(self) -> DecoderOptions:
        """See `decoder_options`."""
        return decoder_options(self.config)

    def counts(self, step: Step) -> bool:
        """Only anchors count for presence."""
        return step.frame in self._anchors[step.obj_id].frames

    def refusal(self, row: int) -> str | None:
        """An answer without [SEG]."""
        token, text = self._token(row)
        return (
            None if token is not None else f'the model named nothing to segment; it said "{text}"'
        )

    def notes(self, row: int) -> tuple[str, ...]:
        """Notes on frames shrunk for the language model, and on an answer without [FIND]."""
        images = self._images.get(row, [])
        shrunk = dict.fromkeys(filter(None, (one.note for one in images)))
        notes = [*super().notes(row), *shrunk]
        one = self._finds[row]
        if one.text and one.curve is None:
            notes.append(f'the model named no moment; it said "{one.text}"')
        return tuple(notes)

    def search(self, row: int, grounded: Grounded, trained: bool) -> Search:
        """Every frame, whatever [FIND] says, where a trained selector corrects it."""
        length = len(self.video)
        if trained:
            return Search(range(length), (1.0,) * length)
        return super().search(row, grounded, trained)

    def release(self, row: int) -> None:
        """See `InferenceSession`."""
        self._images.pop(row, None)
        for key in [key for key in self.segmented if key[0] == row]:
            del self.segmented[key]

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

    def _find(self, sentence: str) -> Find:
        return find(self.model, self.context, sentence)

    def _token(self, row: int) -> tuple[Tensor | None, str]:
        if row not in self._tokens:
            images: list[VisualInput] = []
            if self.config.view != "video":
                images = image_inputs(self.model, self.video, self._anchors[row].frames)
            self._images[row] = images
            self._tokens[row] = self.journal.memo(
                f"token-{row}", lambda: self._prompt(row, images), _stored_token, self._read_token
            )
        return self._tokens[row]

    def _prompt(self, row: int, images: list[VisualInput]) -> tuple[Tensor | None, str]:
        low_resolution = self.config.view != "multi-frame" and self.config.grounding != "none"
        context = self.context if low_resolution and len(self.video) > 1 else None
        sentence = self.texts[row]
        return segmentation_prompt(self.model, self.config, self.video, context, images, sentence)

    def _read_token(self, state: State) -> tuple[Tensor | None, str]:
        token = state.tensors.get("token")
        return None if token is None else token.to(self.model.device), str(state.values["text"])

    def _segment_anchors(self, row: int) -> None:
        """The fine-tuned decoder segments the anchors, each alone; these results stand."""
        steps = tuple(self.candidate_step(row, frame) for frame in self._anchors[row].frames)
        options = self.decoder_options
        for part in run(self.model.sam, Plan((steps,)), self.features, self.prompts, options):
            scores = part.decoded.score.float().sigmoid().tolist()
            for step, logits, score in zip(part.steps, part.decoded.logits, scores, strict=True):
                self.segmented[row, step.frame] = Segmented(logits, score)


def _read_find(state: State, length: int) -> Find:
    curve = state.values["curve"]
    if curve is None:
        return Find(None, str(state.values["text"]))
    if len(curve) != length:
        raise ValueError(f"a curve of {len(curve)} values")
    return Find(tuple(map(float, curve)), str(state.values["text"]))


def _stored_token(made: tuple[Tensor | None, str]) -> State:
    token, text = made
    return State({"text": text}, {} if token is None else {"token": token})


def decoder_options(config: MomentSegConfig) -> DecoderOptions:
    """How SAM2's decoder is read: the best of several masks."""
    return DecoderOptions(gate=config.gate, multimask=True, pointer_offsets=config.pointer_offsets)
