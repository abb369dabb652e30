"""Match of a checkpoint's weights with a model's, with a reason for each unused one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from momentvos.errors import ModelError
from momentvos.guard import guarded

LISTED = 20


@dataclass(frozen=True)
class Converted:
    """Report of a conversion.

    folder   where the model is
    used     official names of the weights it is made of
    dropped  official name -> why the model has no use for it
    made     our name -> why it is not from the checkpoint, and what it is
    others   entries of the file that are no weights, such as the optimiser's state
    read     those of them that decided options of the model
    """

    folder: Path
    used: tuple[str, ...]
    dropped: Mapping[str, str]
    made: Mapping[str, str]
    others: tuple[str, ...] = ()
    read: tuple[str, ...] = ()


@dataclass(frozen=True)
class Matched:
    """`weights` by our names, and the official names that they came from."""

    weights: dict[str, Tensor]
    used: tuple[str, ...]
    dropped: dict[str, str]


def match(
    path: Path,
    given: Mapping[str, Tensor],
    wanted: Mapping[str, Tensor],
    sources: Callable[[str], tuple[str, ...]],
    reason: Callable[[str], str | None],
) -> Matched:
    """Fill the weights `wanted` from a checkpoint's.

    Args:
        path: the file, for messages.
        given: weights by official name.
        wanted: weights by our name; only shapes and kinds count (they may be on "meta").
        sources: our name -> official names whose rows make it; none: filled with zeros.
        reason: official name -> why it may be left over, None where it may not.

    Raises:
        ModelError: weights are missing, unknown, of a wrong shape or not finite; all are listed.
    """
    weights: dict[str, Tensor] = {}
    used: set[str] = set()
    missing: list[str] = []
    wrong: list[str] = []
    for name, target in wanted.items():
        names = sources(name)
        used.update(names)
        if absent := [source for source in names if source not in given]:
            missing.extend(absent)
            continue
        parts = [given[source] for source in names]
        shape = list(target.shape)
        if len(parts) > 1:
            shape[0] //= len(parts)
        bad = [_fault(s, part, shape, target) for s, part in zip(names, parts, strict=True)]
        wrong.extend(fault for fault in bad if fault)
        if any(bad):
            continue
        weights[name] = _stored(target, parts)
    left = [name for name in given if name not in used]
    dropped = {name: why for name in left if (why := reason(name)) is not None}
    unknown = [name for name in left if name not in dropped]
    faults = [
        f"{title}: {_listed(names)}"
        for title, names in (
            ("missing", list(dict.fromkeys(missing))),
            ("unknown", unknown),
            ("of a wrong kind", list(dict.fromkeys(wrong))),
        )
        if names
    ]
    if faults:
        raise ModelError(f"{path} is not a checkpoint of this kind; weights {'; '.join(faults)}.")
    return Matched(weights, tuple(name for name in given if name in used), dropped)


def skeleton(path: Path, make: Callable[[], nn.Module]) -> dict[str, Tensor]:
    """Names and shapes of a model's weights, without any memory for them.

    Raises ModelError where the configuration, at that path, is of no model.
    """
    with guarded(ModelError, f"{path} is not of a model of this kind"), torch.device("meta"):
        return make().state_dict()


def _fault(name: str, part: Tensor, shape: list[int], target: Tensor) -> str | None:
    if list(part.shape) != shape:
        return f"{name} {tuple(part.shape)} instead of {tuple(shape)}"
    if part.is_floating_point() != target.is_floating_point():
        return f"{name} of type {part.dtype} instead of {target.dtype}"
    if part.is_floating_point() and not part.isfinite().all():
        return f"{name} with values that are not finite"
    return None


def _stored(target: Tensor, parts: list[Tensor]) -> Tensor:
    """In memory of its own, in the model's own precision."""
    if not parts:
        return torch.zeros(target.shape, dtype=target.dtype)
    whole = parts[0] if len(parts) == 1 else torch.cat(parts)
    return whole.detach().to(target.dtype, copy=True).contiguous()


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more
