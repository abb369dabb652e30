"""What a run has taken: time, frames a second, and memory at its peak."""

from __future__ import annotations

import sys
from time import monotonic
from typing import Any

import typer

from momentvos.cli.activity import duration


class Usage:
    """Time since it was made, and since the model was there."""

    def __init__(self) -> None:
        self._start = self._loaded = monotonic()

    def loaded(self) -> None:
        """Note that the model is there."""
        self._loaded = monotonic()

    def report(self, frames: int, sentences: int, model: Any, quiet: bool) -> None:
        """Say on stderr how long it took, and how much memory.

        frames: of the video. model: a system, whose device is named.
        """
        if quiet:
            return
        now = monotonic()
        working, loading = now - self._loaded, self._loaded - self._start
        asked = "" if sentences == 1 else f" for {sentences} sentences"
        unit = "frame" if frames == 1 else "frames"
        rate = f"{frames / working:.1f} frames/s" if working > 0 else "at once"
        device = str(getattr(model, "device", "cpu"))
        typer.echo(
            f"{frames} {unit}{asked} in {duration(working)} on {device}: {rate}; loading took "
            f"{duration(loading)}; peak memory {_size(peak_memory())}{_gpu(device)}",
            err=True,
        )


def peak_memory() -> int:
    """Bytes of main memory that this process has had at most."""
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _gpu(device: str) -> str:
    if not device.startswith("cuda"):
        return ""
    import torch

    return f", {_size(torch.cuda.max_memory_allocated(device))} on the GPU"


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
