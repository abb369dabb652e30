"""Text and JSON files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from momentvos.errors import OutputError
from momentvos.json_text import to_text


def save_json(path: str | Path, data: Mapping[str, Any]) -> None:
    """Write a JSON file, whole or not at all. Raises OutputError where that is not possible."""
    save_text(path, to_text(data, indent=1, ensure_ascii=False))


def save_text(path: str | Path, text: str) -> None:
    """Write a text file, whole or not at all. Raises OutputError where that is not possible."""
    save_bytes(path, text.encode("utf-8"))


def save_bytes(path: str | Path, content: bytes) -> None:
    """Write a file, whole or not at all. Raises OutputError where that is not possible."""
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        raise OutputError(f"Cannot write {path}: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):
            beside.unlink()
