"""Export of a project by the name of a format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from momentvos.errors import OutputError
from momentvos.results.atomic_directory import NOTHING, atomic_directory
from momentvos.results.export.registry import exporters
from momentvos.results.text_file import save_text
from momentvos.studio.exports import lists, mevis
from momentvos.studio.snapshot import Snapshot
from momentvos.studio.states import DISPUTED
from momentvos.suggestion import did_you_mean

OWN: Mapping[str, str] = {
    "mevis-m": "MeViS-M: a folder with meta_expressions.json and mask_dict.json",
    "frames": "indices of frames by video, expression and object (.json)",
    "spans": "a table with a row a span (.csv)",
}
"""Formats of the studio, beside those of `momentvos export`."""
_NOT = ("csv", "mevis", "davis", "matte", "alpha", "alpha-webm", "cutout")
"""Exporters whose place the studio's own have, and those that make films of single answers."""


def formats() -> dict[str, str]:
    """Names and titles of formats."""
    return dict(OWN) | {name: one.title for name, one in exporters().items() if name not in _NOT}


def check(to: str) -> None:
    """Raise OutputError for an unknown format."""
    if to not in formats():
        names, hint = ", ".join(formats()), did_you_mean(to, formats())
        raise OutputError(f"There is no format '{to}'; there are {names}{hint}")


def write(snapshot: Snapshot, to: str, out: Path, images: bool = False) -> tuple[str, ...]:
    """Write a snapshot in a format; notes. It appears when it is complete.

    out: a folder that is new or empty for "mevis-m", else a file (or what the exporter takes).
    images: frames too, in "mevis-m". Raises OutputError, DataError.
    """
    check(to)
    notes = _notes(snapshot)
    if to == "mevis-m":
        with _new(out) as folder:
            return notes + mevis.write(snapshot, folder, images)
    if to in OWN:
        save_text(out, lists.frames(snapshot) if to == "frames" else lists.spans(snapshot))
        return notes
    from momentvos.results.export import export
    from momentvos.studio.exports.predictions import WITHOUT_MASKS, predictions

    answers = predictions(snapshot, masks=to not in WITHOUT_MASKS)
    return notes + export(answers, to, out).notes


def _notes(snapshot: Snapshot) -> tuple[str, ...]:
    """What whoever takes the answers should know."""
    number = sum(one.status == DISPUTED for film in snapshot.films for one in film.results)
    if not number:
        return ()
    return (
        f"Disputed expressions: {number}; until somebody decides, the answer that the first of two "
        "annotators handed in stands for them, or what most of three or more say.",
    )


@contextmanager
def _new(out: Path) -> Iterator[Path]:
    """A folder that takes its place when it is whole."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out} already holds something; choose a new or an empty folder.")
    try:
        with atomic_directory(out, NOTHING) as folder:
            yield folder
    except OSError as error:
        raise OutputError(f"Cannot write to {out}: {error.strerror or error}.") from error
