"""Sentences that lie beside video files: a table of the folder, or a text of each video."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from momentvos.batch.inputs import TABLE_SUFFIXES, read_text
from momentvos.batch.table import read_table
from momentvos.errors import DataError, SentenceError
from momentvos.sentence import check

TABLE = "sentences"
"""Name of the table, with one of `TABLE_SUFFIXES`; its columns are "video" and "sentence"."""


def read(folder: Path, videos: Sequence[Path]) -> dict[str, list[str]]:
    """Sentences by the name of a video's file, each once.

    A table's come first, then those of ``clip.txt`` about ``clip.mp4``, one a line. Raises
    DataError for a video that is not there, and for what is no sentence.
    """
    made: dict[str, list[str]] = {path.name: [] for path in videos}
    for suffix in TABLE_SUFFIXES:
        table = folder / f"{TABLE}{suffix}"
        if table.is_file():
            for row in read_table(str(table)):
                place = f"'{table}', line {row.line}"
                name = Path(row.video).name
                if name not in made:
                    raise DataError(f"{place}: there is no video '{name}' in the folder.")
                _add(made[name], row.sentence, place)
    for path in videos:
        beside = path.with_suffix(".txt")
        if beside.is_file():
            for number, line in enumerate(read_text(str(beside)).splitlines(), start=1):
                if line.strip():
                    _add(made[path.name], line.strip(), f"'{beside}', line {number}")
    return made


def _add(sentences: list[str], sentence: str, place: str) -> None:
    try:
        check(sentence)
    except SentenceError as error:
        raise DataError(f"{place}: {error}") from None
    if "\0" in sentence:  # PostgreSQL keeps none
        raise DataError(f"{place}: a sentence has no NUL in it.")
    if sentence not in sentences:
        sentences.append(sentence)
