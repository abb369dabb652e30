"""Agreement to a download: size and licence are said before anything is fetched."""

from __future__ import annotations

import os
import sys

from momentvos.errors import ModelError
from momentvos.home import RECORD, part_folder
from momentvos.hub.catalogue import PublicModel, PublicPart

VARIABLE = "MOMENTVOS_YES"


def terms(entry: PublicModel | PublicPart) -> str:
    """Size, licence and what it forbids, in a few sentences."""
    forbids = f" {entry.forbids}" if entry.forbids else ""
    left = missing(entry)
    there = f" (another {readable(entry.size - left)} are here)" if left < entry.size else ""
    return (
        f"{entry.name}: {entry.title}. Download: {readable(left)}{there}; licence: "
        f"{entry.licence}.{forbids}"
    )


def missing(entry: PublicModel | PublicPart) -> int:
    """Bytes to download: parts that other models share may be here already."""
    return sum(
        source.size
        for source in entry.sources.values()
        if not (source.part and (part_folder(source.address, source.revision) / RECORD).is_file())
    )


def agree(entry: PublicModel | PublicPart, yes: bool = False) -> None:
    """Ask once at a terminal. Raises ModelError for a no, and where nobody can be asked.

    yes: agreed already; the environment variable MOMENTVOS_YES=1 says the same.
    """
    if yes or os.environ.get(VARIABLE) == "1":
        return
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        raise ModelError(
            f"{terms(entry)} Nobody can be asked here: `momentvos pull {entry.name} --yes` agrees "
            f"and fetches it; so do {VARIABLE}=1 and, in Python, load(NAME, pull=True)."
        )
    sys.stderr.write(f"{terms(entry)}\nDownload it? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise ModelError("Nothing was downloaded.")


def readable(size: int) -> str:
    """Bytes as people say them."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(round(size / 1e6), 1)} MB"
