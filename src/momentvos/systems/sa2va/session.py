"""Sa2VA on a video: show sampled frames to the language model, segment them by [SEG], track."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from momentvos.mllm import VisualInput
from momentvos.propagation import DecoderOptions, Plan, Step, both_ways, run
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.results.record import State
from momentvos.sam2 import Prompt, Pyramid
from momentvos.sam2.geometry import Mode
from momentvos.systems.patches.scores import SessionPatches
from momentvos.systems.sa2va.handover import handed_over
from momentvos.systems.sa2va.pictures import picture_inputs
from momentvos.systems.sa2va.prompter import sampled, segmentation_prompt
from momentvos.systems.sa2va.sampling import Anchors
from momentvos.systems.session import Grounded, InferenceSession, Progress, Request

if TYPE_CHECKING:
    from momentvos.systems.config import MllmSystemConfig
    from momentvos.systems.sa2va.model import Sa2VaModel


class Sa2VaSession(InferenceSession):
    """See `InferenceSession`; the moment is the frames in which the target has a mask."""

    model: Sa2VaModel
    method = "Sa2VA"
    moment_from_masks = True
    trusts_object_score = False  # the training of the decoder leaves it out

    def __init__(self, model: Sa2VaModel, request: Request, *, mode: Mode = "momentseg") -> None:
        super().__init__(model, request, mode=mode)
        self._images: dict[int, list[VisualInput]] = {}
        self._kept_notes: dict[int, list[str]] = {}
        self._tokens: dict[int, tuple[Tensor | None, str]] = {}
        self._anchors: dict[int, Anchors] = {}
        self._handed: dict[tuple[int, int], Tensor] = {}
        self.patches = SessionPatches.of(self)
        self.hands_over = self.config.decoder == "original" and len(self.video) > 1
        """Whether SAM2's own decoder tracks what the fine-tuned one has segmented (Sa2VA-i)."""
        if self.hands_over:
            self.trusts_object_score = True
            self.method = "Sa2VA-i" if self.method == "Sa2VA" else self.method
            self.sam = model.tracker()
            self._tracking = FeatureCache(self.sam, self.video, mode, self.config.image_resizer)

    def ground(self, progress: Progress | None = None) -> Iterator[Grounded]:
        """Sample frames; Sa2VA has no notion of when."""
        length = len(self.video)
        for row in range(len(self.texts)):
            self._anchors[row] = sampled(self.config, length)
            yield Grounded()

    def plan(self, row: int, grounded: Grounded) -> Plan:
        """Forwards from the first sampled frame."""
        frames, anchors = range(len(self.video)), self._anchors[row].frames
        if not self.hands_over:
            return both_ways(frames, anchors, 0, given="tokens", obj_id=row)
        self.hand_over(row)
        return both_ways(frames, anchors, 0, obj_id=row)

    def features(self, steps: Sequence[Step]) -> Pyramid:
        """See `InferenceSession`; features for the decoder that tracks."""
        tracked = self.hands_over and steps[0].prompt != "tokens"
        return (self._tracking if tracked else self.cache)([step.frame for step in steps])

    def prompts(self, steps: Sequence[Step]) -> Prompt:
        """[SEG] and what patches say, or masks that SAM2's own decoder tracks."""
        if steps[0].prompt == "tokens":
            tokens = [self._token(step.obj_id)[0] for step in steps]
            dense = None
            if self.patches is not None:
                dense = self.patches.dense([(step.obj_id, step.frame) for step in steps])
            given = torch.cat([token for token in tokens if token is not None])
            return Prompt(tokens=given, dense=dense)
        return Prompt(mask=torch.stack([self._handed[step.obj_id, step.frame] for step in steps]))

    @property
    def decoder_options(self) -> DecoderOptions:
        """See `decoder_options`."""
        return decoder_options(self.config)

    def counts(self, step: Step) -> bool:
        """Only sampled frames count for presence, where the object score says anything."""
        return self.trusts_object_score and step.frame in self._anchors[step.obj_id].frames

    def refusal(self, row: int) -> str | None:
        """An answer without [SEG]."""
        token, text = self._token(row)
        return (
            None if token is not None else f'the model named nothing to segment; it said "{text}"'
        )

    def notes(self, row: int) -> tuple[str, ...]:
        """Notes on frames shrunk for the language model."""
        return (*super().notes(row), *self._shrunk(row))

    def release(self, row: int) -> None:
        """See `InferenceSession`."""
        self._images.pop(row, None)
        for key in [key for key in self._handed if key[0] == row]:
            del self._handed[key]

    def ask(self, row: int) -> tuple[Tensor | None, str]:
        """SAM2's prompt token for sentence `row`, or None, and the language model's answer."""
        frames = self._anchors[row].frames
        images = self._images[row] = picture_inputs(self.model, self.video, frames)
        return segmentation_prompt(self.model, self.video, images, self.texts[row])

    def hand_over(self, row: int) -> None:
        """Let the fine-tuned decoder segment the sampled frames, each alone."""
        steps = tuple(self.candidate_step(row, frame) for frame in self._anchors[row].frames)
        options = self.decoder_options
        for part in run(self.model.sam, Plan((steps,)), self.features, self.prompts, options):
            for step, logits in zip(part.steps, part.decoded.logits, strict=True):
                mask = handed_over(logits, self.video.size, self.cache.side)
                self._handed[row, step.frame] = mask

    def _token(self, row: int) -> tuple[Tensor | None, str]:
        if row not in self._tokens:
            self._tokens[row] = self.journal.memo(
                f"token-{row}",
                partial(self.ask, row),
                partial(self._stored_token, row),
                partial(self._read_token, row),
            )
        return self._tokens[row]

    def _stored_token(self, row: int, made: tuple[Tensor | None, str]) -> State:
        token, text = made
        tensors = {} if token is None else {"token": token}
        return State({"text": text, "shrunk": self._shrunk(row)}, tensors)

    def _read_token(self, row: int, state: State) -> tuple[Tensor | None, str]:
        self._kept_notes[row] = [str(note) for note in state.values["shrunk"]]
        token = state.tensors.get("token")
        return None if token is None else token.to(self.model.device), str(state.values["text"])

    def _shrunk(self, row: int) -> list[str]:
        """Notes on frames that were shrunk."""
        if row in self._kept_notes:
            return self._kept_notes[row]
        return list(dict.fromkeys(filter(None, (one.note for one in self._images.get(row, [])))))


def decoder_options(config: MllmSystemConfig) -> DecoderOptions:
    """How SAM2's decoder is read: the best of several masks, but for a given mask's pointer."""
    return DecoderOptions(
        gate=config.gate,
        multimask=True,
        given_multimask=False,
        pointer_offsets=config.pointer_offsets,
    )
