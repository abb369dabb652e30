"""Precision of a training step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel


@contextmanager
def precision(device: torch.device, bf16: bool) -> Iterator[None]:
    """bfloat16 by autocast, or float32.

    On a CPU bfloat16 goes with plain attention: the fused one's gradient takes four times as long
    there, which would eat up what the faster products gain.
    """
    with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
        if bf16 and device.type == "cpu":
            with sdpa_kernel(SDPBackend.MATH):
                yield
        else:
            yield
