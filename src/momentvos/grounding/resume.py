"""State of a training run, with which an interrupted one continues exactly."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from momentvos.errors import OutputError, RecipeError
from momentvos.json_text import from_text, to_text
from momentvos.paths import inside
from momentvos.regular_file import open_regular

STATE = "state.safetensors"
_MOMENTS = ("exp_avg", "exp_avg_sq")


def save_state(
    path: Path, module: nn.Module, optimiser: torch.optim.AdamW, step: int, run: str
) -> None:
    """Write trained parameters, AdamW's averages and the number of steps; raises OSError.

    run: names what is trained, and how; `load_state` refuses another.
    """
    from safetensors.torch import save_file

    tensors: dict[str, Tensor] = {}
    for name, parameter in _trained(module).items():
        tensors[f"value.{name}"] = parameter.detach()
        for moment in _MOMENTS:
            kept = optimiser.state[parameter].get(moment)
            tensors[f"{moment}.{name}"] = torch.zeros_like(parameter) if kept is None else kept
    flat = {name: value.cpu().contiguous() for name, value in tensors.items()}
    beside = inside(path.parent, f".{path.name}.part")
    save_file(flat, beside, metadata={"step": to_text(step), "run": run})
    beside.replace(path)


def load_state(path: Path, module: nn.Module, optimiser: torch.optim.AdamW, run: str) -> int:
    """Restore module and optimiser of `save_state`; return the number of steps done.

    0 where there is no such file. Raises RecipeError where it is another run's, and OutputError
    where it is damaged.
    """
    from safetensors import SafetensorError, safe_open

    if not path.exists():
        return 0
    try:
        open_regular(path).close()
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("run") != run:
                raise RecipeError(
                    f"'{path.parent}' holds a run of another recipe; choose another folder with "
                    "--output, or begin anew with --no-resume."
                )
            step = int(from_text(metadata["step"]))
            for name, parameter in _trained(module).items():
                with torch.no_grad():
                    parameter.copy_(file.get_tensor(f"value.{name}"))
                optimiser.state[parameter] = {
                    "step": torch.tensor(float(step)),
                    **{key: file.get_tensor(f"{key}.{name}").to(parameter) for key in _MOMENTS},
                }
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise OutputError(
            f"'{path}' is damaged ({error}); delete it to begin anew, or use --no-resume."
        ) from None
    return step


def _trained(module: nn.Module) -> dict[str, nn.Parameter]:
    return {name: one for name, one in module.named_parameters() if one.requires_grad}
