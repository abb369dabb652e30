"""The training loop: one process on CPU or GPU, or several on one or more machines."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
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
from momentvos.training.loader import Batch, Source, load, steps_of
from momentvos.training.logs import Log
from momentvos.training.meter import Meter
from momentvos.training.options import Recipe, StageOptions
from momentvos.training.order import Order, order
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
    Batches and random numbers depend only on the seed, the step and the place in the global batch,
    so a resumed run repeats what an uninterrupted one would have done. Raises RecipeError where it
    has another global batch than the checkpoint.
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
    run.check_order(parts)
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
        run.save(done=reason is None)
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
        self._check_same_start(output)
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
        self.order = self._order(stage)
        self.progress.size, self.progress.beside = self.order.size, self.order.beside
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
        done, order = self.progress.within, self.order
        if stage.precompute is None:
            return load(source, order.numbers(done, steps), stage.data.workers)
        cache = BatchCache(self._cache_folder(stage), stage.precompute, self.recipe.seed, order)
        numbers = cache.numbers(done, steps)
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
        """One optimiser step over the process's micro-batches; returns the gradient's norm."""
        assert self.optimiser is not None
        device = self.accelerator.device
        bf16 = self.recipe.precision == "bf16"
        self.optimiser.zero_grad(set_to_none=True)
        for place in self.order.places:
            torch.manual_seed(self._seed(place))
            batch = next(series).to(device)
            with self.layout.waiting(wrapped, place != self.order.places[-1]):
                with precision(device, bf16):
                    losses: dict[str, Tensor] = wrapped(batch, stage)
                (losses["loss"] / self.order.accumulate).backward()
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

    def save(self, done: bool = False) -> None:
        """Write `last/`: in shards, if the layout wants that, until the run is `done`."""
        if self.layout.saves_shards and not done:
            checkpoint.save_shards(
                self.output / "last", self.model, self.optimiser, self.layout, self.progress
            )
        elif self.main or self.layout.sharded:
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

    def _seed(self, place: int) -> int:
        """Of a micro-batch's place, so that whichever process has it draws the same numbers."""
        return (self.recipe.seed * 1_000_003 + self.progress.step) * 997 + place

    def _order(self, stage: StageOptions) -> Order:
        return order(stage, self.accelerator.process_index, self.processes)

    def check_order(self, parts: Sequence[tuple[StageOptions, Source]]) -> None:
        """Raises RecipeError where data would come twice or never, as the global batch changed."""
        was = self.progress
        if not was.within or not was.size or was.stage >= len(parts):
            return
        stage = parts[was.stage][0]
        now = self._order(stage)
        name = f"stages.{stage.name}"
        if now.size != was.size:
            raise RecipeError(
                f"The checkpoint has learned from {was.size} micro-batches a step and would go on "
                f"with {now.size}; set {name}.micro_batches={was.size} and "
                f"{name}.accumulate=1, or start the run with --no-resume."
            )
        if now.beside != was.beside and (stage.together or stage.precompute is not None):
            raise RecipeError(
                f"The stage '{stage.name}' has `together` or `precompute`, whose order is one for "
                f"{was.beside} processes unless the recipe has `micro_batches` from the start; go "
                f"on with {was.beside} processes, or start the run with --no-resume."
            )

    def _check_same_start(self, output: Path) -> None:
        """Machines without a common file system would start at different steps, and never meet."""
        if self.processes == 1:
            return
        mine = torch.tensor([self.progress.step], device=self.accelerator.device)
        steps = self.accelerator.gather(mine)
        if bool((steps != steps[0]).any()):
            raise RecipeError(
                f"Not all processes read the same checkpoint in {output}; a run's folder must lie "
                "on a file system that all machines share, or be copied to each."
            )

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
