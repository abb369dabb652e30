"""Predictions from result folders, files, and folders of many of either."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from momentvos.errors import PredictionError
from momentvos.json_text import from_text
from momentvos.regular_file import read_text
from momentvos.results.prediction import MAX_BYTES, Prediction

NAME = "prediction.json"
_DEPTH = 8
_MOST = 100_000
"""Levels and files that are looked through below a folder."""


def load(paths: Sequence[str | Path]) -> tuple[list[Prediction], list[Path]]:
    """Predictions of files and folders, in order, with the files that they come from.

    A path is a prediction.json (or what ``momentvos run --json`` printed: an object or an array),
    a result folder, or a folder of such, at any depth, as one run or a batch leaves it. Raises
    PredictionError for one that holds none.
    """
    predictions: list[Prediction] = []
    files = list(dict.fromkeys(file for path in paths for file in _files(Path(path))))
    for file in files:
        predictions += _read(file)
    return predictions, files


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        if not path.exists():
            raise PredictionError(
                f"'{path}' does not exist; give a result folder or a {NAME} of `momentvos run`."
            )
        return [path]
    if (path / NAME).is_file():
        return [path / NAME]
    found = sorted(_below(path), key=lambda file: _natural(str(file.relative_to(path))))
    if not found:
        raise PredictionError(
            f"'{path}' holds no {NAME}; give a result folder of `momentvos run`, or a folder of "
            "several."
        )
    return found


def _below(folder: Path) -> Iterator[Path]:
    """Every prediction.json below a folder; links and hidden folders are not followed."""
    seen = 0
    for home, folders, names in os.walk(folder):
        depth = len(Path(home).relative_to(folder).parts)
        folders[:] = [one for one in folders if not one.startswith(".") and depth < _DEPTH]
        if NAME in names:
            seen += 1
            folders.clear()
            yield Path(home) / NAME
        if seen > _MOST:
            raise PredictionError(f"'{folder}' holds over {_MOST:,} results; give parts of it.")


def _natural(text: str) -> list[tuple[int, str]]:
    parts = re.findall(r"\d+|\D+", text)
    return [(int(part), "") if part.isdecimal() else (-1, part.casefold()) for part in parts]


def _read(path: Path) -> list[Prediction]:
    try:
        data: Any = from_text(read_text(path, MAX_BYTES))
    except OSError as error:
        raise PredictionError(f"'{path}' cannot be read: {error.strerror}.") from None
    except ValueError:
        raise PredictionError(f"'{path}' is not a JSON file.") from None
    try:
        return [Prediction.from_json(one) for one in (data if isinstance(data, list) else [data])]
    except PredictionError as error:
        raise PredictionError(f"In '{path}': {error}") from None
