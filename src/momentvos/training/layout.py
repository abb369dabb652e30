"""Layout of a model over processes: whole in one, whole in each, or in shards."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from momentvos.errors import RecipeError
from momentvos.systems.options import StageTask
from momentvos.training.contract import SystemTraining
from momentvos.training.options import Recipe

if TYPE_CHECKING:
    from accelerate import Accelerator


class Learner(nn.Module):
    """A model with its losses, so that what wraps it sees the tensors that go backward."""

    def __init__(self, model: nn.Module, system: SystemTraining) -> None:
        super().__init__()
        self.model = model
        self._system = system

    def forward(self, batch: Any, stage: StageTask) -> dict[str, Tensor]:
        """Losses of a batch, "loss" the one to minimise."""
        return self._system.losses(self.model, batch, stage)


class Layout:
    """Every process has the whole model; where there are several, their gradients are averaged."""

    sharded = False
    saves_shards = False

    def __init__(self, accelerator: Accelerator) -> None:
        self.accelerator = accelerator

    def check(self, recipe: Recipe) -> None:
        """Raises RecipeError where a recipe asks for what this layout cannot do."""

    def wrap(self, learner: Learner) -> nn.Module:
        """Wrap the losses that a stage calls, once its trained parameters are chosen."""
        if self.accelerator.num_processes == 1:
            return learner
        wrapped: nn.Module = self.accelerator.prepare_model(learner)
        return wrapped

    def waiting(self, wrapped: nn.Module, waits: bool) -> AbstractContextManager[None]:
        """Inside, gradients are summed in each process alone if `waits`."""
        if not waits or self.accelerator.num_processes == 1:
            return nullcontext()
        held: AbstractContextManager[None] = self.accelerator.no_sync(wrapped)
        return held

    def whole(self, value: Tensor) -> Tensor:
        """A tensor of the model as if it were alone; every process must ask."""
        return value

    def part(self, value: Tensor, like: nn.Parameter) -> Tensor:
        """The share of a whole tensor that lies where a parameter's does."""
        return value.to(like.device)


class Shards(Layout):
    """Parameters, gradients and moments are cut over the processes (torch's FSDP2).

    The language model's layers are gathered one by one, when they are needed; the rest of the
    model is whole during a step. Chosen by `accelerate launch` with an FSDP configuration, of
    which it takes `fsdp_reshard_after_forward`, `fsdp_offload_params` and `fsdp_state_dict_type`
    (SHARDED_STATE_DICT: each process writes its own part of a checkpoint).
    """

    sharded = True

    @property
    def saves_shards(self) -> bool:  # type: ignore[override]
        """Whether each process writes its own part of a checkpoint."""
        return os.environ.get("FSDP_STATE_DICT_TYPE", "") == "SHARDED_STATE_DICT"

    def check(self, recipe: Recipe) -> None:
        if recipe.ema or recipe.validation.every or len(recipe.stages) > 1:
            raise RecipeError(
                "In shards (FSDP) a recipe has one stage, no `ema` and no `validation`; set "
                "ema=0 and validation.every=0, and train stage by stage from `model.path`."
            )
        if recipe.stages[0].init:
            raise RecipeError("In shards (FSDP) there is no `init`.")

    def wrap(self, learner: Learner) -> nn.Module:
        from torch.distributed.fsdp import CPUOffloadPolicy, OffloadPolicy, fully_shard

        away = _switch("FSDP_OFFLOAD_PARAMS", "false")
        options: dict[str, Any] = {
            "reshard_after_forward": _switch("FSDP_RESHARD_AFTER_FORWARD", "true"),
            "offload_policy": CPUOffloadPolicy() if away else OffloadPolicy(),
        }
        for layer in _layers(learner.model):
            fully_shard(layer, **options)
        fully_shard(learner, **options)
        return learner

    def waiting(self, wrapped: nn.Module, waits: bool) -> AbstractContextManager[None]:
        wrapped.set_requires_gradient_sync(not waits)  # type: ignore[operator]
        return nullcontext()

    def whole(self, value: Tensor) -> Tensor:
        from torch.distributed.tensor import DTensor

        return value.full_tensor() if isinstance(value, DTensor) else value

    def part(self, value: Tensor, like: nn.Parameter) -> Tensor:
        from torch.distributed.tensor import DTensor, distribute_tensor

        if not isinstance(like, DTensor):
            return value.to(like.device)
        return distribute_tensor(value.to(like.device), like.device_mesh, like.placements)


def layout(accelerator: Accelerator) -> Layout:
    """The layout that `accelerate launch` configures. Raises RecipeError for DeepSpeed."""
    if str(accelerator.distributed_type).endswith("DEEPSPEED"):
        raise RecipeError(
            "Training under DeepSpeed is not supported; use an FSDP configuration instead."
        )
    if accelerator.num_processes > 1 and _switch("ACCELERATE_USE_FSDP", "false"):
        return Shards(accelerator)
    return Layout(accelerator)


def _switch(name: str, default: str) -> bool:
    return os.environ.get(name, default).lower() == "true"


def _layers(model: nn.Module) -> list[nn.Module]:
    """The language model's layers, as its authors name what must not be split."""
    language = getattr(model, "mllm", None)
    if not isinstance(language, nn.Module):
        return []
    parts = list(language.modules())
    names = {name for part in parts for name in getattr(part, "_no_split_modules", None) or ()}
    return [part for part in parts if type(part).__name__ in names]
