"""Execute a plan on SAM2: attend, decode, remember."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from torch import Tensor
from transformers import Sam2VideoModel

from momentvos.propagation.bank import Bank, Selection
from momentvos.propagation.lifetime import lifetimes
from momentvos.propagation.plan import Plan, Stage
from momentvos.propagation.step import Step
from momentvos.sam2 import Decoded, Prompt, Pyramid, attend, decode, remember

FeatureSource = Callable[[Sequence[Step]], Pyramid]
PromptSource = Callable[[Sequence[Step]], Prompt]
Amend = Callable[[Sequence[Step], Pyramid, Decoded], Tensor]


@dataclass(frozen=True)
class Rules:
    """How a system reads SAM2's decoder.

    Attributes:
        gate: blank the mask where the object score is not positive.
        multimask: take the best of several masks by predicted IoU instead of the single mask.
        batch: most steps decoded at once.
        pointer_offsets: give pointers their temporal distance (SAM2.1), else none (SAM2.0).
        scored: the decoder predicts an object score.
    """

    gate: bool = True
    multimask: bool = False
    batch: int = 16
    pointer_offsets: bool = False
    scored: bool = True


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
    rules: Rules | None = None,
    amend: Amend | None = None,
) -> Iterator[Segmented]:
    """Segment every step of the plan.

    Differentiable, and free of any knowledge of papers or videos. Steps of one stage that read
    equally many memories run as one batch. Memories are dropped after their last reader.

    Args:
        sam: SAM2.
        plan: what to do.
        features: gives the image features [N, ...] of some steps that all want the same kind,
            one row per step.
        prompts: gives the prompts of some steps that all have a prompt of the same kind.
        rules: how the decoder is read.
        amend: gives the mask logits [N, h, w] to remember in place of the decoded ones
            (SAMWISE's conditional memory encoder).

    Yields:
        Batches of finished steps, in the plan's order of stages.
    """
    rules = rules or Rules()
    bank = Bank(sam.config.num_maskmem)
    for stage, expired in zip(plan.stages, lifetimes(plan, bank.rows), strict=True):
        for steps, selections in _batches(stage, bank, rules.batch):
            yield _segment(sam, bank, steps, selections, features, prompts, rules, amend)
        for entry in expired:
            bank.forget(entry.lane, entry.frame, pointer=entry.pointer)


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
    rules: Rules,
    amend: Amend | None,
) -> Segmented:
    pyramid = features(steps)
    read = bank.gather(steps, selections)
    if read is None:
        top = attend(sam, pyramid.top)
    else:
        memories, slots, pointers, distances = read
        reach = max(sam.config.max_object_pointers_in_encoder - 1, 1)
        offsets = distances / reach if rules.pointer_offsets else None
        top = attend(sam, pyramid.top, memories, slots, pointers, offsets)
    prompt = prompts(steps) if steps[0].prompt else Prompt()
    decoded = decode(
        sam,
        pyramid.with_top(top),
        prompt,
        multimask=rules.multimask,
        gate=rules.gate,
        scored=rules.scored,
    )
    if any(step.write for step in steps):
        logits = amend(steps, pyramid, decoded) if amend else decoded.logits
        memory = remember(sam, pyramid.top, logits, decoded.score)
        for row, step in enumerate(steps):
            if step.write:
                bank.write(step, memory[row], decoded.pointer[row])
    return Segmented(steps, decoded)
