"""The steps of a run: batches of those that go together, and what SAM2 does with one."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from torch import Tensor
from transformers import Sam2VideoModel

from momentvos.propagation.bank import Bank, Selection
from momentvos.propagation.lifetime import Expiry
from momentvos.propagation.options import DecoderOptions
from momentvos.propagation.plan import Stage
from momentvos.propagation.step import Step
from momentvos.sam2 import (
    Decoded,
    Prompt,
    Pyramid,
    Reading,
    attend,
    attend_unequal,
    decode,
    decode_mask,
    fill_holes,
    remember,
)

FeatureSource = Callable[[Sequence[Step]], Pyramid]
PromptSource = Callable[[Sequence[Step]], Prompt]
MemoryMaskHook = Callable[[Sequence[Step], Pyramid, Decoded], Tensor]

PARTS = {"tokens": "tokens", "points": "points", "box": "boxes", "mask": "mask"}
"""The part of a :class:`momentvos.sam2.Prompt` that a step's kind of prompt must have."""


def batches(
    stage: Stage, bank: Bank, size: int
) -> Iterator[tuple[tuple[Step, ...], tuple[Selection, ...]]]:
    """Steps of a stage that go together, at most `size`, and what each reads of the bank.

    They want the same kind of features and of prompt.
    """
    for part in _parts(stage, size):
        groups: dict[tuple[str, str | None], list[tuple[Step, Selection]]] = {}
        for step in part:
            groups.setdefault((step.features, step.prompt), []).append((step, bank.select(step)))
        for (_, prompt), group in groups.items():
            rows = iter(group)
            while batch := tuple(islice(rows, 1 if prompt == "points" else size)):
                steps, selections = zip(*batch, strict=True)
                yield steps, selections


def _parts(stage: Stage, size: int) -> Iterator[Sequence[Step]]:
    """A stage as it is; one in which nothing is written, which may be a video, in parts.

    So what is known of its steps beforehand does not grow with the video.
    """
    if any(step.write for step in stage):
        yield stage
        return
    for start in range(0, len(stage), size):
        yield stage[start : start + size]


@dataclass(frozen=True)
class Engine:
    """One run's parts; each call does a batch of steps of the same kind."""

    sam: Sam2VideoModel
    bank: Bank
    features: FeatureSource
    prompts: PromptSource
    options: DecoderOptions
    memory_mask_hook: MemoryMaskHook | None

    def segment(
        self,
        steps: tuple[Step, ...],
        selections: tuple[Selection, ...],
        unread: Container[Expiry] = (),
    ) -> Decoded:
        """Attend, decode and, where a step writes, remember: one row per step.

        Of memories that are `unread` only the name is written, and none is made.

        Raises ValueError for a prompt that is not of its steps' kind, or has not one row per step.
        """
        pyramid = self.features(steps)
        prompt = self._prompt(steps)
        options = self.options
        if prompt.mask is not None and steps[0].prompt == "mask":
            decoded = decode_mask(self.sam, pyramid, prompt.mask, multimask=options.chooses_given)
        else:
            decoded = decode(
                self.sam,
                pyramid.with_top(self._attended(pyramid.top, steps, selections)),
                prompt,
                multimask=options.chooses(prompt),
                gate=options.gate,
                stable=options.stable,
                scored=options.scored,
            )
        filled = decoded
        if options.fill_holes:
            filled = replace(decoded, logits=fill_holes(decoded.logits, options.fill_holes))
        if any(step.write for step in steps):
            self._remember(steps, pyramid, filled if _given(steps) else decoded, unread)
        return filled

    def _prompt(self, steps: Sequence[Step]) -> Prompt:
        kind = steps[0].prompt
        if kind is None:
            return Prompt()
        prompt = self.prompts(steps)
        if getattr(prompt, PARTS[kind]) is None:
            raise ValueError(f'a step prompted by "{kind}" needs Prompt({PARTS[kind]}=...)')
        if kind == "box" and prompt.points is not None:
            raise ValueError('a step whose prompt is a box and points is of kind "points"')
        if len(prompt) != len(steps):
            raise ValueError(f"{len(steps)} steps were given a prompt of {len(prompt)} rows")
        return prompt

    def _attended(
        self, top: Tensor, steps: Sequence[Step], selections: Sequence[Selection]
    ) -> Tensor:
        """Features [N, C, h, w] after memory attention."""
        groups: dict[tuple[int, int], list[int]] = {}
        for row, chosen in enumerate(selections):
            groups.setdefault((len(chosen.frames), len(chosen.pointers)), []).append(row)
        parts = [
            (rows, self._reading([steps[row] for row in rows], [selections[row] for row in rows]))
            for rows in groups.values()
        ]
        if len(parts) > 1:
            return attend_unequal(self.sam, top, parts)
        ((_, read),) = parts
        return attend(self.sam, top, read.memories, read.slots, read.pointers, read.offsets)

    def _reading(self, steps: Sequence[Step], selections: Sequence[Selection]) -> Reading:
        """What some steps read, equally much each."""
        read = self.bank.gather(steps, selections)
        if read is None:
            return Reading()
        offsets = None
        if read.distances is not None and self.options.pointer_offsets:
            most = self.sam.config.max_object_pointers_in_encoder
            offsets = read.distances / self.options.pointer_span(most)
        return Reading(read.memories, read.slots, read.pointers, offsets)

    def _remember(
        self,
        steps: Sequence[Step],
        pyramid: Pyramid,
        decoded: Decoded,
        unread: Container[Expiry],
    ) -> None:
        binarize = self.options.binarize and _given(steps)
        logits = decoded.logits
        if binarize and self.options.full_masks and decoded.full is not None:
            logits = decoded.full
        if self.memory_mask_hook is not None:
            logits = self.memory_mask_hook(steps, pyramid, decoded)
        rows = [
            row
            for row, step in enumerate(steps)
            if step.write and Expiry(step.obj_id, step.frame, pointer=False) not in unread
        ]
        memories: dict[int, Tensor] = {}
        if rows:
            top, logits, score = (_pick(x, rows) for x in (pyramid.top, logits, decoded.score))
            made = remember(self.sam, top, logits, score, binarize=binarize)
            memories = dict(zip(rows, made, strict=True))
        for row, step in enumerate(steps):
            if step.write:
                self.bank.write(step, memories.get(row), decoded.pointer[row])


def _pick(x: Tensor, rows: Sequence[int]) -> Tensor:
    """Some rows; of one row that is expanded as many."""
    if len(rows) == len(x) or x.stride(0) == 0:
        return x[: len(rows)]
    return x[list(rows)]


def _given(steps: Sequence[Step]) -> bool:
    """Whether a user's points, box or mask says what to segment in these steps."""
    return steps[0].prompt in ("points", "box", "mask")
