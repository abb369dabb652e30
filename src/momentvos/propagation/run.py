"""Execute a plan on SAM2: attend, decode, remember."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from torch import Tensor
from transformers import Sam2VideoModel

from momentvos.propagation.bank import Bank, Selection
from momentvos.propagation.lifetime import lifetimes
from momentvos.propagation.options import DecoderOptions
from momentvos.propagation.plan import Plan, Stage
from momentvos.propagation.step import Step
from momentvos.sam2 import Decoded, Prompt, Pyramid, attend, decode, decode_mask, remember

FeatureSource = Callable[[Sequence[Step]], Pyramid]
PromptSource = Callable[[Sequence[Step]], Prompt]
MemoryMaskHook = Callable[[Sequence[Step], Pyramid, Decoded], Tensor]


@dataclass(frozen=True)
class Segmented:
    """Some steps of a plan, done: `decoded` has one row per step."""

    steps: tuple[Step, ...]
    decoded: Decoded


def run(
    sam: Sam2VideoModel,
    plan: Plan,
    features: FeatureSource,
    prompts: PromptSource,
    options: DecoderOptions | None = None,
    memory_mask_hook: MemoryMaskHook | None = None,
) -> Iterator[Segmented]:
    """Segment every step of the plan.

    Differentiable, and free of any knowledge of papers or videos. Steps of one stage that read
    equally many memories run as one batch. Memories are dropped after their last reader.

    Args:
        sam: SAM2.
        plan: what to do.
        features: gives the image features [N, ...] of some steps that all want the same kind,
            one row per step.
        prompts: gives the prompts of some steps that all have a prompt of the same kind. With
            kind "mask" it is the result itself, `Prompt(mask=[N,1,S,S])` of 0 and 1 at input size.
        options: how the decoder is read.
        memory_mask_hook: gives the mask logits [N, h, w] to remember in place of the decoded ones
            (SAMWISE's conditional memory encoder).

    Yields:
        Batches of finished steps, in the plan's order of stages.
    """
    options = options or DecoderOptions()
    bank = Bank(sam.config.num_maskmem)
    hook = plan.hook() if plan.hook is not None else None
    for stage, expired in zip(plan.stages, lifetimes(plan, bank.rows), strict=True):
        if hook is not None:
            for step in stage:
                hook.before(step, bank)
        for steps, selections in _batches(stage, bank, options.batch):
            done = _segment(
                sam, bank, steps, selections, features, prompts, options, memory_mask_hook
            )
            if hook is not None:
                hook.after(steps, done.decoded)
            yield done
        for entry in expired:
            bank.forget(entry.obj_id, entry.frame, pointer=entry.pointer)


def _batches(
    stage: Stage, bank: Bank, size: int
) -> Iterator[tuple[tuple[Step, ...], tuple[Selection, ...]]]:
    groups: dict[tuple[int, int, str, str | None], list[tuple[Step, Selection]]] = {}
    for step in stage:
        chosen = bank.select(step)
        key = (len(chosen.frames), len(chosen.pointers), step.features, step.prompt)
        groups.setdefault(key, []).append((step, chosen))
    for group in groups.values():
        rows = iter(group)
        while batch := tuple(islice(rows, size)):
            steps, selections = zip(*batch, strict=True)
            yield steps, selections


def _segment(
    sam: Sam2VideoModel,
    bank: Bank,
    steps: tuple[Step, ...],
    selections: tuple[Selection, ...],
    features: FeatureSource,
    prompts: PromptSource,
    options: DecoderOptions,
    memory_mask_hook: MemoryMaskHook | None,
) -> Segmented:
    pyramid = features(steps)
    if steps[0].prompt == "mask":
        mask = prompts(steps).mask
        assert mask is not None, "a step prompted by a mask needs one"
        decoded = decode_mask(sam, pyramid, mask, multimask=options.multimask)
        return _remembered(sam, bank, steps, pyramid, decoded, memory_mask_hook)
    read = bank.gather(steps, selections)
    if read is None:
        top = attend(sam, pyramid.top)
    else:
        memories, slots, pointers, distances = read
        reach = max(sam.config.max_object_pointers_in_encoder - 1, 1)
        offsets = distances / reach if options.pointer_offsets else None
        top = attend(sam, pyramid.top, memories, slots, pointers, offsets)
    prompt = prompts(steps) if steps[0].prompt else Prompt()
    decoded = decode(
        sam,
        pyramid.with_top(top),
        prompt,
        multimask=options.multimask,
        gate=options.gate,
        scored=options.scored,
    )
    return _remembered(sam, bank, steps, pyramid, decoded, memory_mask_hook)


def _remembered(
    sam: Sam2VideoModel,
    bank: Bank,
    steps: tuple[Step, ...],
    pyramid: Pyramid,
    decoded: Decoded,
    memory_mask_hook: MemoryMaskHook | None,
) -> Segmented:
    if any(step.write for step in steps):
        logits = decoded.logits
        if memory_mask_hook is not None:
            logits = memory_mask_hook(steps, pyramid, decoded)
        memory = remember(sam, pyramid.top, logits, decoded.score)
        for row, step in enumerate(steps):
            if step.write:
                bank.write(step, memory[row], decoded.pointer[row])
    return Segmented(steps, decoded)
