"""The training loop: one process on CPU or GPU, or several under `accelerate launch`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from momentvos.data.precomputed import Precomputed
from momentvos.errors import OutputError, RecipeError
from momentvos.guard import MISFITS, guarded
from momentvos.paths import inside, remove_folder
from momentvos.training import checkpoint, contract, optimise
from momentvos.training.average import Average
from momentvos.training.checkpoint import Progress
from momentvos.training.layout import Learner, layout
from momentvos.training.loader import Batch, Source, batches, load, steps_of
from momentvos.training.logs import Log
from momentvos.training.meter import Meter
from momentvos.training.options import Recipe, StageOptions
from momentvos.training.precision import precision
from momentvos.training.precompute import BatchCache
from momentvos.training.progress import Report, Status
from momentvos.training.stopping import signals

if TYPE_CHECKING:
    from accelerate import Accelerator

Validate = Callable[[nn.Module], dict[str, float]]
PATIENCE = 20  # steps in a row whose gradient is not finite before the run gives up


@dataclass(frozen=True)
class Result:
    """End of a run: `reason` "done", "minutes", "limit" or "signal" (then its number)."""

    step: int
    steps: int
    reason: str
    best: float | None = None
    signal: int | None = None


def train(
    recipe: Recipe,
    model: nn.Module,
    output: Path,
    sources: Callable[[StageOptions], Source],
    validate: Validate | None = None,
    minutes: float | None = None,
    limit: int | None = None,
    resume: bool = True,
    report: Report | None = None,
) -> Result:
    """Run the stages of a recipe, from the checkpoint `output/last` if there is one.

    model: of any system with a training module (`training.contract`). sources: makes a stage's
    data.
    validate: metrics of the model in eval mode, among them `recipe.validation.metric`.
    minutes, limit: stop after so much time or so many steps of this call, with a checkpoint.
    SIGINT and SIGTERM stop after the step under way, with a checkpoint too.
    Writes `last/` (resumable and loadable), `best/` (loadable) and `log.jsonl` under `output`.
    Batches and random numbers depend only on the seed and the step, so a resumed run repeats
    what an uninterrupted one would have done.
    """
    for stage in recipe.stages:
        with guarded(RecipeError, f"The stage '{stage.name}' cannot be trained", MISFITS):
            contract.of(model).check(stage)
    run = _Run(recipe, model, output, resume, validate, report)
    progress = run.progress
    deadline = math.inf if minutes is None else monotonic() + 60 * minutes
    last = math.inf if limit is None else progress.step + limit
    parts = [(stage, sources(stage)) for stage in recipe.stages]
    lengths = [steps_of(stage, source, run.processes) for stage, source in parts]
    run.total = sum(lengths)
    run.tell(parts[min(progress.stage, len(parts) - 1)][0].name)
    with signals() as caught:

        def stop() -> str | None:
            if caught:
                return "signal"
            if monotonic() >= deadline:
                return "minutes"
            return "limit" if progress.step >= last else None

        reason = None
        while reason is None and progress.stage < len(parts):
            stage, source = parts[progress.stage]
            reason = run.stage(stage, source, lengths[progress.stage], stop)
            if reason is None:
                progress.stage, progress.within = progress.stage + 1, 0
        run.save()
    run.close()
    return Result(
        progress.step, run.total, reason or "done", progress.best, caught[0] if caught else None
    )


class _Run:
    """The state of one call of `train`."""

    def __init__(
        self,
        recipe: Recipe,
        model: nn.Module,
        output: Path,
        resume: bool,
        validate: Validate | None,
        report: Report | None,
    ) -> None:
        self.recipe, self.output, self.validate, self.report = recipe, output, validate, report
        self.accelerator = _accelerator()
        self.layout = layout(self.accelerator)
        self.layout.check(recipe)
        self.main, self.processes = self.accelerator.is_main_process, self.accelerator.num_processes
        self.model = model.to(self.accelerator.device)
        self.learner = Learner(self.model, contract.of(model))
        self.trainable = [name for name, p in model.named_parameters() if p.requires_grad]
        self.average = Average(self.model, recipe.ema) if recipe.ema else None
        self.progress, self.total = Progress(), 0
        self.stored: dict[str, Tensor] = {}
        self.optimiser: torch.optim.Optimizer | None = None
        previous = checkpoint.find(output / "last") if resume else None
        if previous is None:  # an earlier run's precomputed batches may be of other weights
            if self.main:
                remove_folder(output, "precomputed")
            self.accelerator.wait_for_everyone()
        else:
            self.progress, self.stored = checkpoint.load(previous, self.model, self.average)
        self.log = None
        if self.main:
            _make(output)
            self.log = Log(output, self.progress.step, recipe.logging.tensorboard)

    def stage(
        self, stage: StageOptions, source: Source, steps: int, stop: Callable[[], str | None]
    ) -> str | None:
        """Train until the stage is done (None) or `stop` gives a reason."""
        if stage.init and self.progress.within == 0:
            with self._guarded(stage):
                self._init(stage, source)
        chosen = optimise.choose(self.model, self.trainable, stage.optimiser)
        wrapped = self.layout.wrap(self.learner)
        self.optimiser = optimise.optimiser(self.model, chosen, stage.optimiser)
        checkpoint.restore_optimiser(self.model, self.optimiser, self.stored, self.layout)
        self.stored = {}
        series = self._series(stage, source, steps)
        meter, bad = Meter(), 0
        while self.progress.within < steps:
            if (reason := self._agree(stop())) is not None:
                return reason
            rate = optimise.rate(self.progress.within, steps, stage.optimiser)
            optimise.set_rate(self.optimiser, rate)
            wrapped.train()
            with self._guarded(stage):
                norm = self._step(wrapped, series, stage, meter)
            bad = 0 if math.isfinite(norm) else bad + 1
            if bad == PATIENCE:
                raise RecipeError(
                    f"The gradient was not finite for {PATIENCE} steps up to step "
                    f"{self.progress.step}; try a lower lr or precision fp32."
                )
            self.progress.step += 1
            self.progress.within += 1
            self._after(stage.name, meter, {"lr": rate, "grad_norm": norm})
        self.optimiser = None
        if stage.precompute is not None:
            self.accelerator.wait_for_everyone()
            remove_folder(self.output, "precomputed", stage.name)
        del wrapped
        self.accelerator.free_memory()  # or the next stage's DDP would reduce beside this one's
        return None

    def _guarded(self, stage: StageOptions) -> AbstractContextManager[None]:
        """What goes wrong inside is the stage's options or data, which do not fit the model."""
        return guarded(RecipeError, f"The stage '{stage.name}' cannot be trained", MISFITS)

    def _series(
        self, stage: StageOptions, source: Source, steps: int
    ) -> Iterator[Batch | Precomputed]:
        """Micro-batches from the step at hand on."""
        done, micro = self.progress.within, stage.accumulate
        if stage.precompute is None:
            return batches(source, stage, self.accelerator, done, steps)
        cache = BatchCache(
            self._cache_folder(stage),
            stage.precompute,
            self.recipe.seed,
            self.accelerator.process_index,
            self.processes,
        )
        numbers = cache.numbers(done * micro, steps * micro)
        new = load(source, cache.missing(numbers), stage.data.workers)
        return cache.series(numbers, new, partial(self._precompute, stage))

    def _cache_folder(self, stage: StageOptions) -> Path:
        return inside(self.output, "precomputed", stage.name)

    def _precompute(self, stage: StageOptions, batch: Batch) -> Precomputed:
        training = contract.of(self.model)
        return training.precompute(self.model, batch.to(self.accelerator.device), stage)

    def _init(self, stage: StageOptions, source: Source) -> None:
        """The same in every process: seed, weights and batch are."""
        torch.manual_seed(self.recipe.seed)
        batch = source.batch(0).to(self.accelerator.device)
        init_part: Any = getattr(contract.of(self.model), "init_part", None)
        if init_part is None:
            raise RecipeError(f"The stage '{stage.name}': this system has nothing to `init`.")
        for part in stage.init:
            init_part(self.model, part, batch)
        if self.average is not None:
            self.average.restart(self.model)

    def _step(
        self,
        wrapped: nn.Module,
        series: Iterator[Batch | Precomputed],
        stage: StageOptions,
        meter: Meter,
    ) -> float:
        """One optimiser step over `accumulate` micro-batches; returns the gradient's norm."""
        assert self.optimiser is not None
        device = self.accelerator.device
        bf16 = self.recipe.precision == "bf16"
        self.optimiser.zero_grad(set_to_none=True)
        for micro in range(stage.accumulate):
            torch.manual_seed(self._seed(micro))
            batch = next(series).to(device)
            with self.layout.waiting(wrapped, micro + 1 < stage.accumulate):
                with precision(device, bf16):
                    losses: dict[str, Tensor] = wrapped(batch, stage)
                (losses["loss"] / stage.accumulate).backward()
            meter.add(losses)
        parameters = [p for p in self.model.parameters() if p.grad is not None]
        limit = math.inf if stage.optimiser.clip is None else stage.optimiser.clip
        norm = float(self.layout.whole(nn.utils.clip_grad_norm_(parameters, limit)))
        if math.isfinite(norm):
            self.optimiser.step()
            if self.average is not None:
                self.average.update(self.model)
        return norm

    def _after(self, stage: str, meter: Meter, values: dict[str, float]) -> None:
        step, recipe = self.progress.step, self.recipe
        if step % recipe.logging.every == 0:
            means = meter.take(self.accelerator)
            if self.log is not None:
                self.log.write(step, {"stage": stage, **means, **values})
        if self.report is not None and self.main:
            self.report(Status(step, self.total, stage, meter.latest))
        every = recipe.validation.every
        if every and self.validate is not None and step % every == 0:
            if self.main:
                self._validate(self.validate)
            self.accelerator.wait_for_everyone()
        if step % recipe.checkpoint == 0:
            self.save()

    def _validate(self, validate: Validate) -> None:
        metric = self.recipe.validation.metric
        self.model.eval()
        swapped = self.average.swapped(self.model) if self.average else nullcontext()
        with swapped, torch.no_grad():
            values = validate(self.model)
        if metric not in values:
            raise RecipeError(
                f"Validation has no metric '{metric}'; choose one of {', '.join(values)}."
            )
        if self.log is not None:
            self.log.write(self.progress.step, values, "validation")
        if self.progress.best is None or values[metric] > self.progress.best:
            self.progress.best = values[metric]
            checkpoint.replace_folder(
                self.output / "best",
                lambda folder: checkpoint.export(folder, self.model, self.average),
            )

    def tell(self, stage: str) -> None:
        """Report where the run starts."""
        if self.report is not None and self.main:
            self.report(Status(self.progress.step, self.total, stage))

    def save(self) -> None:
        """Write `last/`."""
        if self.main or self.layout.sharded:
            tensors = checkpoint.tensors(self.model, self.optimiser, self.average, self.layout)
            if self.main:
                state = checkpoint.whole_state(self.model, tensors) if self.layout.sharded else None
                checkpoint.save(
                    self.output / "last", tensors, self.model, self.average, self.progress, state
                )
        self.accelerator.wait_for_everyone()

    def close(self) -> None:
        """Close the logs."""
        if self.log is not None:
            self.log.close()

    def _seed(self, micro: int) -> int:
        step = (self.recipe.seed * 1_000_003 + self.progress.step) * 997 + micro
        return step * self.processes + self.accelerator.process_index

    def _agree(self, reason: str | None) -> str | None:
        """The reason any process has to stop."""
        if self.processes == 1:
            return reason
        names = ["", "minutes", "limit", "signal"]
        mine = torch.tensor([names.index(reason or "")], device=self.accelerator.device)
        return names[int(self.accelerator.gather(mine).max())] or None


def _accelerator() -> Accelerator:
    from accelerate import Accelerator, DistributedDataParallelKwargs

    unused = DistributedDataParallelKwargs(find_unused_parameters=True)
    cpu = not torch.accelerator.is_available()
    return Accelerator(mixed_precision="no", cpu=cpu, kwargs_handlers=[unused])


def _make(output: Path) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The output folder {output} cannot be made ({error}).") from None
