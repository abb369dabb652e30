"""VRS-HQ on a video: choose a keyframe, segment it, track the target both ways from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

import torch

from momentvos.propagation import DecoderOptions, Plan, Step
from momentvos.results.record import State
from momentvos.sam2 import Prompt
from momentvos.sam2.geometry import to_output
from momentvos.systems.patches.scores import SessionPatches
from momentvos.systems.session import (
    Grounded,
    InferenceSession,
    Progress,
    Request,
    Search,
    Segmented,
)
from momentvos.systems.vrshq import templates, tks
from momentvos.systems.vrshq.keyframe import Keyframe, select
from momentvos.systems.vrshq.plan import from_keyframe
from momentvos.systems.vrshq.prompter import Prompter
from momentvos.systems.vrshq.sampling import aligned, nearest

if TYPE_CHECKING:
    from momentvos.systems.vrshq.model import VrsHqModel


class VrsHqSession(InferenceSession):
    """See `InferenceSession`; the moment is the frames in which the target has a mask.

    Where the request has a relevance, the frames sampled meet its largest value.
    """

    model: VrsHqModel
    method = "VRS-HQ"
    moment_from_masks = True
    takes_relevance = True

    def __init__(self, model: VrsHqModel, request: Request) -> None:
        super().__init__(model, request, mode="sam")
        self._relevance = request.relevance
        self._keys: dict[int, Keyframe] = {}
        self._notes: list[tuple[str, ...]] = []
        self.patches = SessionPatches.of(self)

    def ground(self, progress: Progress | None = None) -> Iterator[Grounded]:
        """Token-driven Keyframe Selection; a given moment is met by the frames sampled."""
        length = len(self.video)
        for row in range(len(self.texts)):
            key, notes = self.journal.memo(
                f"keyframe-{row}", partial(self._select, row), _stored, self._read
            )
            self._keys[row] = key
            self._notes.append(notes)
            curve: Sequence[float]
            curve = tks.relevance(key.chosen_by, key.frames, length, key.presence)
            presence = key.presence
            if self.patches is not None and self.moments[row] is None:
                curve = self.patches.relevance(row, curve, self.config.patch_share)
                presence = self.patches.presence(row)
            if progress is not None:
                progress("grounding", length, length)
            yield Grounded(tuple(curve), None, presence)

    def _select(self, row: int) -> tuple[Keyframe, tuple[str, ...]]:
        """The keyframe of a sentence, and notes."""
        moment, length = self.moments[row], len(self.video)
        near = nearest(length, moment, self._relevance or self._proposals.get(row))
        if self.config.keyframe == "first" and moment is None:
            near = 0
        sampled = aligned(length, near, self.config.frames)
        tokens = self._prompter.tokens(sampled, self.texts[row])
        inside = [frame for frame in sampled if moment is not None and frame in moment]
        among = inside or sampled
        middle = among.index(near) if near in among else 0
        options = self.decoder_options
        dense = None
        if self.patches is not None:
            dense = self.patches.dense([(row, frame) for frame in among])
        key = select(self.config, self.cache, sampled, tokens, among, options, middle, dense)
        return key, tuple(self._prompter.notes)

    @cached_property
    def _prompter(self) -> Prompter:
        return Prompter(self.model, self.video)

    def _read(self, state: State) -> tuple[Keyframe, tuple[str, ...]]:
        values = state.values
        logits, prompts = (state.tensors[name].to(self.model.device) for name in _TENSORS)
        frames = [int(frame) for frame in values["frames"]]
        key = Keyframe(
            int(values["frame"]),
            float(values["presence"]),
            logits,
            dict(zip(frames, prompts.unbind(), strict=True)),
            tuple(map(float, values["chosen_by"])),
        )
        if key.frame not in frames or len(key.chosen_by) != len(frames):
            raise ValueError("it is of other frames")
        return key, tuple(map(str, values["notes"]))

    def plan(self, row: int, grounded: Grounded) -> Plan:
        """From the keyframe to both ends."""
        key, config = self._keys[row], self.config
        if config.handover == "token" or config.keyframe_mask == "decoded":
            self.segmented[row, key.frame] = Segmented(key.logits, key.presence)
        return from_keyframe(
            range(len(self.video)),
            key.frame,
            given="mask" if config.handover == "mask" else "tokens",
            tracked="tokens" if config.inject else None,
            obj_id=row,
        )

    def prompts(self, steps: Sequence[Step]) -> Prompt:
        """The frame's own token where it was sampled, else the keyframe's; or its mask.

        Beside a token stands what patches say of the frame.
        """
        if steps[0].prompt == "mask":
            return Prompt(mask=torch.stack([self._mask(step.obj_id) for step in steps]))
        tokens = [
            key.prompt if step.read is not None else key.prompts[step.frame]
            for step in steps
            for key in [self._keys[step.obj_id]]
        ]
        dense = None
        if self.patches is not None:
            dense = self.patches.dense([(step.obj_id, step.frame) for step in steps])
        return Prompt(tokens=torch.stack(tokens)[:, None], dense=dense)

    @property
    def decoder_options(self) -> DecoderOptions:
        """The single mask; what is remembered of a mask handed over, and holes, as configured."""
        config = self.config
        return DecoderOptions(
            gate=config.gate,
            pointer_offsets=config.pointer_offsets,
            binarize=config.binarize,
            full_masks=False,
            fill_holes=config.fill_holes,
        )

    def counts(self, step: Step) -> bool:
        """No step counts: presence is the keyframe's, which is known before."""
        return False

    def notes(self, row: int) -> tuple[str, ...]:
        """Notes on frames shrunk for the language model."""
        return (*super().notes(row), *self._notes[row])

    def search(self, row: int, grounded: Grounded, trained: bool) -> Search:
        """The frames that the keyframe was chosen from."""
        return Search(self._keys[row].frames, grounded.relevance or ())

    def release(self, row: int) -> None:
        """See `InferenceSession`."""
        self.segmented.pop((row, self._keys.pop(row).frame), None)

    @cached_property
    def _proposals(self) -> dict[int, tuple[float, ...]]:
        """CLIP's curve of each sentence for which nothing else says which frame to meet."""
        rows = [row for row, moment in enumerate(self.moments) if moment is None]
        needless = self._relevance is not None or len(self.video) == 1 or not rows
        if self.config.proposer is None or needless:
            return {}
        asked = [templates.written(self.texts[row], self.config.sentence_rule) for row in rows]
        curves = self.journal.memo(
            "proposed",
            lambda: self.model.proposer(self.config.proposer).curves(self.video, asked),
            lambda made: State({"curves": made}),
            lambda state: [tuple(map(float, curve)) for curve in state.values["curves"]],
        )
        return dict(zip(rows, curves, strict=True))

    def _mask(self, row: int) -> torch.Tensor:
        """The keyframe's mask over SAM2's square [1, S, S]."""
        logits, cache = self._keys[row].logits, self.cache
        square = (cache.side, cache.side)
        mask = (to_output(logits[None].float(), square, cache.side, square) > 0).float()
        if self.config.crop_handover:
            height, width = cache.content
            mask[:, height:], mask[:, :, width:] = 0, 0
        return mask


_TENSORS = ("logits", "prompts")


def _stored(made: tuple[Keyframe, tuple[str, ...]]) -> State:
    key, notes = made
    values = {
        "frame": key.frame,
        "presence": key.presence,
        "frames": key.frames,
        "chosen_by": key.chosen_by,
        "notes": notes,
    }
    prompts = torch.stack(list(key.prompts.values()))
    return State(values, dict(zip(_TENSORS, (key.logits, prompts), strict=True)))
