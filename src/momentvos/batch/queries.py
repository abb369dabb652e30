"""Queries of a batch: what is asked of each video, gathered from arguments and tables."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from momentvos.batch.inputs import MOST, Source, beside, find
from momentvos.batch.query import Ask, Key, Query, video_id
from momentvos.batch.table import read_table
from momentvos.errors import DataError
from momentvos.object_store import is_url, place_of
from momentvos.paths import folded


def gather(
    inputs: Sequence[str], sentences: Sequence[str], table: str | None, out: str | Path
) -> list[Query]:
    """One query for each video, in the order of the inputs.

    Args:
        inputs: files, folders, globs, lists of paths ("-": on stdin).
        sentences: asked of each video of `inputs`, and of each of a table that has no sentences.
        table: CSV or JSON lines with the columns of `table.COLUMNS`; its relative paths start
            where it lies.
        out: folder of the results, which are no input.

    Raises DataError, one sentence.
    """
    asked: dict[str, tuple[Source, dict[Key, Ask]]] = {}
    count = 0

    def add(source: Source, ask: Ask) -> None:
        nonlocal count
        asks = asked.setdefault(source.path, (source, {}))[1]
        count += ask.key not in asks
        asks.setdefault(ask.key, ask)
        if count > MOST:
            raise DataError(f"There are over {MOST} questions; make several batches of them.")

    if inputs and not sentences:
        raise DataError('Say what to find in the videos: -s "the dog that jumps".')
    for source in find(inputs, out):
        for sentence in sentences:
            add(source, Ask(video_id(source.path), sentence))
    if table is not None:
        own = not sentences or bool(inputs)
        for source, ask in _of_table(table, () if own else sentences):
            add(source, ask)
    if not asked:
        raise DataError("There is nothing to do: give videos with -s, or a table by --queries.")
    queries = [Query(*source, tuple(asks.values())) for source, asks in asked.values()]
    _check_apart(queries)
    return queries


def _of_table(table: str, sentences: Sequence[str]) -> Iterable[tuple[Source, Ask]]:
    rows = read_table(table, with_sentences=not sentences)
    if sentences and any(row.sentence for row in rows):
        raise DataError(f"The sentences are in '{table}'; leave out -s, or give it videos too.")
    videos: dict[str, tuple[str, int]] = {}
    for row in rows:
        path = place_of(beside(table, row.video))
        if not is_url(path) and not os.path.lexists(path):
            path = place_of(beside(table, row.video.strip()))
        identity = row.id or video_id(path)
        known, line = videos.setdefault(identity, (path, row.line))
        if known != path:
            raise DataError(
                f"'{table}', line {row.line}: the id '{identity}' is that of another video in "
                f"line {line}."
            )
        for sentence in sentences or (row.sentence,):
            yield Source(path, row.video), Ask(identity, sentence, row.moment)


def _check_apart(queries: Iterable[Query]) -> None:
    """Raise DataError where two questions' folders are one on systems that do not tell case."""
    places: dict[str, Ask] = {}
    for query in queries:
        for ask in query.asks:
            other = places.setdefault(folded(ask.folder), ask)
            if other.key != ask.key:
                raise DataError(
                    f"The ids '{other.id}' and '{ask.id}' would name one folder where upper and "
                    "lower case are the same; let them differ otherwise."
                )
