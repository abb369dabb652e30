"""Grounders from a spec, with their weights loaded."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from momentvos.grounding.context import Context, Truth
from momentvos.grounding.fixed_spans import FixedSpans
from momentvos.grounding.hybrid import Hybrid
from momentvos.grounding.part import FIXED, Part, Spec
from momentvos.grounding.protocol import Grounder
from momentvos.grounding.registry import grounders
from momentvos.grounding.select import TOP_K
from momentvos.grounding.spec import parse


def build(
    spec: str | Spec,
    device: str = "auto",
    model: Callable[[Part], Grounder] | None = None,
    truth: Truth | None = None,
) -> Grounder:
    """Build the grounder of a spec; several parts choose inside each other.

    Args:
        spec: see docs/grounding.md.
        device, model, truth: see :class:`Context`.

    Raises:
        ModelError: the spec is malformed, or weights cannot be had.
        DataError: the oracle's file is no annotation.
        DeviceError: the device is not there.
    """
    parts = parse(spec) if isinstance(spec, str) else spec
    context = Context(device, model, truth)
    return reduce(Hybrid, (_one(part, context) for part in parts))


def _one(part: Part, context: Context) -> Grounder:
    if part.name == FIXED:
        return FixedSpans(part.source or "", part.k or TOP_K)
    return grounders()[part.name].load()(part, context)
