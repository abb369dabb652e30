"""Text files of exports: UTF-8 with plain line ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from momentvos.json_text import to_text


def write_text(path: Path, text: str) -> None:
    """Write text, whose halves of letters (lone surrogates) become question marks."""
    path.write_bytes(text.encode("utf-8", "replace"))


def write_json(path: Path, value: Any) -> None:
    """Write plain values as JSON on one line."""
    write_text(path, to_text(value, ensure_ascii=False) + "\n")
