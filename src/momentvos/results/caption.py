"""Fonts and line wrapping of captions."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from PIL import ImageFont

_WIDER = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
    "msyh.ttc",
    "wqy-microhei.ttc",
    "Arial Unicode.ttf",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansThai-Regular.ttf",
    "Nirmala.ttf",
    "arial.ttf",
)
"""Fonts of systems, for letters that DejaVu lacks."""


def font_for(text: str, size: int) -> Any:
    """DejaVu Sans; where it lacks letters of the text, the system's font that has most of them.

    Pillow's own default font is not used: at captions' sizes its spaces are 2 pixels wide.
    """
    letters = {ord(letter) for letter in text if not letter.isspace()}
    best, most = _dejavu(), len(letters & _letters(_dejavu()))
    for name in _WIDER if most < len(letters) else ():
        path = _system(name)
        if path is not None and len(letters & _letters(path)) > most:
            best, most = path, len(letters & _letters(path))
    return _font(best, size)


def wrap(text: str, font: Any, width: float, most: int) -> list[str]:
    """Wrap text to at most `most` lines of at most `width` pixels; "…" marks omissions."""
    lines: list[str] = []
    line, words = "", text.split()
    for word in words:
        longer = f"{line} {word}".strip()
        if font.getlength(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        while len(lines) < most and (fits := _fitting(word, font, width)) < len(word):
            lines.append(word[:fits])
            word = word[fits:]
        line = word
        if len(lines) >= most:
            break
    else:
        lines.append(line)
        return lines
    last = lines[most - 1]
    while last and font.getlength(f"{last}…") > width:
        last = last[:-1]
    return [*lines[: most - 1], f"{last.rstrip()}…"]


def _fitting(word: str, font: Any, width: float) -> int:
    """Number of letters of the word that fit, at least one."""
    count = 1
    while count < len(word) and font.getlength(word[: count + 1]) <= width:
        count += 1
    return count


@cache
def _dejavu() -> str:
    from matplotlib import get_data_path

    return str(Path(get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"))


@cache
def _system(name: str) -> str | None:
    """Path of a font that the system has."""
    try:
        return str(ImageFont.truetype(name).path)
    except OSError:
        return None


@cache
def _letters(path: str) -> frozenset[int]:
    """Unicode values of a font's letters."""
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(path).get_charmap())


@cache
def _font(path: str, size: int) -> Any:
    return ImageFont.truetype(path, size)
