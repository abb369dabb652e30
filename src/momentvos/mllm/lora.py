"""Low-rank adapters on a language model, by `peft`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Annotated, Any

from torch import nn

from momentvos.errors import ModelError
from momentvos.ranges import Range, Share, check

LINEAR = (
    *("q_proj", "k_proj", "v_proj", "o_proj"),
    *("gate_proj", "up_proj", "down_proj"),
)


@dataclass(frozen=True)
class Lora:
    """Width and placement of the adapters.

    rank, alpha, dropout: as in LoRA (Hu et al., 2022). targets: names of the linear layers of the
    language model that get one; the default is all of them.
    """

    rank: Annotated[int, Range(1, 4096)] = 128
    alpha: Annotated[int, Range(1, 65536)] = 256
    dropout: Share = 0.05
    targets: tuple[str, ...] = LINEAR

    def __post_init__(self) -> None:
        """Raise ValueError for a value out of its bounds."""
        check(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a configuration."""
        return {**asdict(self), "targets": list(self.targets)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Lora:
        """Back from `to_dict`. Raises ValueError for unknown names and impossible values."""
        if unknown := sorted(values.keys() - {one.name for one in fields(cls)}):
            raise ValueError(f"adapters have no '{unknown[0]}'")
        targets = values.get("targets", LINEAR)
        return cls(
            **{**values, "targets": tuple(targets) if isinstance(targets, list) else targets}
        )


def add_lora(mllm: nn.Module, lora: Lora) -> None:
    """Put adapters on the language model's layers, in place; those parameters alone train there.

    The vision tower has layers of the same names and gets none.

    Raises:
        ModelError: `peft` is not installed.
    """
    peft = _peft()
    names = [
        name
        for name, module in mllm.named_modules()
        if isinstance(module, nn.Linear)
        and "language_model" in name
        and name.rsplit(".", 1)[-1] in lora.targets
    ]
    config = peft.LoraConfig(
        r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=names
    )
    peft.inject_adapter_in_model(config, mllm)


def merge_lora(mllm: nn.Module) -> None:
    """Fold the adapters into the layers, in place; afterwards `peft` is not needed any more."""
    from peft.tuners.lora import LoraLayer

    for name, module in list(mllm.named_modules()):
        if isinstance(module, LoraLayer):
            module.merge()
            parent, _, child = name.rpartition(".")
            setattr(mllm.get_submodule(parent), child, module.get_base_layer())


def _peft() -> Any:
    try:
        import peft
    except ImportError as error:
        raise ModelError(
            "This model has LoRA adapters, which need peft: pip install 'momentvos[mllm]'."
        ) from error
    return peft
