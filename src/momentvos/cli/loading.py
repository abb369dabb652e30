"""Models for a verb: agreed to, fetched, and announced before PyTorch is imported."""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import Thread

from momentvos.cli.activity import announce


def prepare(name: str, device: str, yes: bool, quiet: bool) -> None:
    """Check what `--model` and `--device` name, fetch it after agreement, and announce it.

    Raises ModelError for what is not there.
    """
    from momentvos.cli.pull import ready
    from momentvos.systems.pretrained import check_available

    ready(name, yes, quiet)
    check_available(name, device)
    announce(f"Loading {name}{on(device)}", quiet)


def import_ahead(*names: str) -> None:
    """Import modules that are needed at the end in a thread, while a model computes."""

    def imported() -> None:
        with suppress(Exception):  # said by who needs them
            for name in names:
                import_module(name)

    Thread(target=imported, daemon=True).start()


def on(device: str) -> str:
    """The words "on cpu", as far as that is known without PyTorch; "" where only it can tell."""
    if device != "auto":
        return f" on {device}"
    if sys.platform == "linux" and not _has_gpu():
        return " on cpu"
    try:
        return " on cpu" if version("torch").endswith("+cpu") else ""
    except PackageNotFoundError:
        return ""


def _has_gpu() -> bool:
    """Whether there is a driver of NVIDIA's or AMD's, or of WSL."""
    return any(Path("/dev", name).exists() for name in ("nvidiactl", "nvidia0", "kfd", "dxg"))
