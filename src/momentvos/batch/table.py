"""Rows of a table of questions: CSV in its dialects, or JSON lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from momentvos.batch.inputs import MOST, read_text
from momentvos.errors import DataError
from momentvos.json_text import from_text
from momentvos.ranges import shown

COLUMNS = ("video", "sentence", "moment", "id")
"""What a row may have, the first two what it must."""
_DELIMITERS = ",;\t|"


class Row(NamedTuple):
    """A question of a table; sentence: "" where the table has none. line: where it begins."""

    line: int
    video: str
    sentence: str
    moment: str | None
    id: str | None


def read_table(path: str, with_sentences: bool = True) -> list[Row]:
    """The rows of a table. with_sentences: whether each must have one.

    Raises DataError that names the line at fault.
    """
    text = read_text(path)
    lines = text.lstrip().startswith("{") or path.lower().endswith((".jsonl", ".ndjson"))
    rows = []
    for line, cells in _json_rows(path, text) if lines else _csv_rows(path, text, with_sentences):
        rows.append(_row(path, line, cells, with_sentences))
        if len(rows) > MOST:
            raise DataError(f"'{path}' has over {MOST} rows; make several batches of it.")
    if not rows:
        raise DataError(f"'{path}' has no rows; give at least one video and sentence.")
    return rows


def _row(path: str, line: int, cells: Mapping[str, Any], with_sentences: bool) -> Row:
    values: dict[str, str | None] = {}
    for name in COLUMNS:
        value = cells.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if value is not None and not isinstance(value, str):
            raise DataError(f"'{path}', line {line}: '{name}' must be text, not {shown(value)}.")
        if value is not None and "\0" in value:
            raise DataError(f"'{path}', line {line}: '{name}' holds a NUL character.")
        values[name] = value if name == "video" else (value or "").strip() or None
    video, sentence = (values["video"] or "").strip("\r\n"), values["sentence"] or ""
    if not video.strip():
        raise DataError(f"'{path}', line {line}: it names no video.")
    if with_sentences and not sentence:
        raise DataError(f"'{path}', line {line}: it has no sentence for '{video}'.")
    return Row(line, video, sentence, values["moment"], values["id"])


def _json_rows(path: str, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for line, content in enumerate(text.split("\n"), start=1):
        if not content.strip():
            continue
        try:
            value = from_text(content)
        except ValueError as error:
            raise DataError(f"'{path}', line {line}: it is not JSON ({error}).") from None
        if not isinstance(value, dict):
            raise DataError(
                f"'{path}', line {line}: give one object a line, such as "
                '{"video": "a.mp4", "sentence": "the dog"}.'
            )
        yield line, value


def _csv_rows(
    path: str, text: str, with_sentences: bool
) -> Iterator[tuple[int, Mapping[str, str]]]:
    lines = io.StringIO(text, newline="")
    names, delimiter = _header(path, text, with_sentences)
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
    line, first = 1, True
    try:
        for cells in reader:
            start, line = line, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if first:
                first = False
                continue
            if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
                raise DataError(
                    f"'{path}', line {start}: it has {len(cells)} cells, the header {len(names)}; "
                    f"put a sentence with '{delimiter}' in it into \"quotes\"."
                )
            yield start, dict(zip(names, cells, strict=False))
    except csv.Error as error:
        raise DataError(f"'{path}', line {line}: it is no CSV ({error}).") from None


def _header(path: str, text: str, with_sentences: bool) -> tuple[list[str], str]:
    """Names of the columns, and what stands between them."""
    head = next((one for one in text.splitlines() if one.strip()), "")
    wanted = {"video", "sentence"} if with_sentences else {"video"}
    best: list[str] = []
    for delimiter in _DELIMITERS:
        try:
            cells = next(csv.reader([head], delimiter=delimiter, skipinitialspace=True), [])
        except csv.Error as error:
            raise DataError(f"'{path}', line 1: it is no CSV ({error}).") from None
        names = [cell.strip().lower() for cell in cells]
        if wanted <= set(names):
            twice = [name for name in COLUMNS if names.count(name) > 1]
            if twice:
                raise DataError(f"'{path}', line 1: there are two columns '{twice[0]}'.")
            return names, delimiter
        best = max(best, names, key=len)
    there = ", ".join(best[:6]) or "nothing"
    raise DataError(
        f"'{path}', line 1: the first line must name the columns, video,sentence and, where "
        f"wanted, moment and id; it has {there[:200]}."
    )
