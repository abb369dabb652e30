"""Agreement to a download: size and licence are said before anything is fetched."""

from __future__ import annotations

import os
import sys

from momentvos.errors import ModelError
from momentvos.hub.catalogue import PublicModel

VARIABLE = "MOMENTVOS_YES"


def terms(entry: PublicModel) -> str:
    """Size, licence and what it forbids, in a few sentences."""
    forbids = f" {entry.forbids}" if entry.forbids else ""
    return (
        f"{entry.name}: {entry.title}. Download: {readable(entry.size)}; licence: "
        f"{entry.licence}.{forbids}"
    )


def agree(entry: PublicModel, yes: bool = False) -> None:
    """Ask once at a terminal. Raises ModelError for a no, and where nobody can be asked.

    yes: agreed already; the environment variable MOMENTVOS_YES=1 says the same.
    """
    if yes or os.environ.get(VARIABLE) == "1":
        return
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        raise ModelError(
            f"{terms(entry)} Nobody can be asked here; run `momentvos pull {entry.name}` in a "
            f"terminal, or set {VARIABLE}=1."
        )
    sys.stderr.write(f"{terms(entry)}\nDownload it? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise ModelError("Nothing was downloaded.")


def readable(size: int) -> str:
    """Bytes as people say them."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(round(size / 1e6), 1)} MB"
