"""Execute a plan on SAM2: attend, decode, remember."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from transformers import Sam2VideoModel

from momentvos.propagation.bank import Bank
from momentvos.propagation.checkpoint import Checkpoint, RunState
from momentvos.propagation.engine import (
    Engine,
    FeatureSource,
    MemoryMaskHook,
    PromptSource,
    batches,
)
from momentvos.propagation.lifetime import Expiry, lifetimes
from momentvos.propagation.options import DecoderOptions
from momentvos.propagation.plan import Plan
from momentvos.propagation.step import Step
from momentvos.sam2 import Decoded


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
    checkpoint: Checkpoint | None = None,
    bank: Bank | None = None,
    kept: Callable[[Expiry], bool] | None = None,
) -> Iterator[Segmented]:
    """Segment every step of the plan.

    Differentiable, and free of any knowledge of papers or videos. Steps of one stage that want the
    same kind of features and of prompt run as one batch, whatever they read; those prompted by
    points run alone, since each may have another number of them. Memories are dropped after their
    last reader, and those without any are not made.

    Args:
        sam: SAM2.
        plan: what to do.
        features: gives the image features [N, ...] of some steps that all want the same kind,
            one row per step.
        prompts: gives the prompts of some steps that all have a prompt of the same kind, one row
            per step. With kind "mask" it is the result itself, `Prompt(mask=[N,1,S,S])` of 0 and 1
            at input size.
        options: how the decoder is read.
        memory_mask_hook: gives the mask logits [N, h, w] to remember in place of the decoded ones
            (SAMWISE's conditional memory encoder).
        checkpoint: keeps how far the run has come, and where it starts; nothing is kept where a
            hook has a state that cannot be.
        bank: of a run before, whose objects go on; default an empty one.
        kept: says which entries of the bank a run after this one reads, and so remain.

    Yields:
        Batches of finished steps, in the plan's order of stages.

    Raises:
        ValueError: a prompt is not of its steps' kind, or has not one row per step.
    """
    bank = Bank(sam.config.num_maskmem) if bank is None else bank
    engine = Engine(sam, bank, features, prompts, options or DecoderOptions(), memory_mask_hook)
    hook = plan.hook() if plan.hook is not None else None
    at = RunState(bank, (hook, memory_mask_hook))
    if checkpoint is not None and checkpoint.start is not None:
        at.restore(checkpoint.start, sam.no_memory_embedding)
    if checkpoint is not None and not at.able:
        checkpoint = None
    expiries = lifetimes(plan, bank.rows)
    for number in range(at.stage, len(plan.stages)):
        stage, expired = plan.stages[number], expiries[number]
        if kept is not None:
            expired = {entry for entry in expired if not kept(entry)}
        if hook is not None and not at.batches:
            for step in stage:
                hook.before(step, bank)
        # Steps that only read, or only write, do not depend on each other.
        apart = not (any(step.write for step in stage) and any(step.read for step in stage))
        todo = batches(stage, bank, engine.options.batch)
        for steps, selections in islice(todo, at.batches, None):
            decoded = engine.segment(steps, selections, expired)
            if hook is not None:
                hook.after(steps, decoded)
            yield Segmented(steps, decoded)
            if not apart:
                continue
            at.batches += 1
            for pointer in (False, True):
                own = {Expiry(step.obj_id, step.frame, pointer) for step in steps}
                _forget(bank, own & expired)
            if checkpoint is not None and checkpoint.due():
                checkpoint.keep(at.state())
        _forget(bank, expired)
        at.stage, at.batches = number + 1, 0
        if checkpoint is not None and checkpoint.due():
            checkpoint.keep(at.state())


def _forget(bank: Bank, entries: Iterable[Expiry]) -> None:
    for entry in entries:
        bank.forget(entry.obj_id, entry.frame, pointer=entry.pointer)
