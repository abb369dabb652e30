"""Fonts and line wrapping of captions."""

from __future__ import annotations

from typing import Any

from PIL import ImageFont

_LATIN_END = 0x250
_PUNCTUATION = range(0x2010, 0x2027)
_WIDER = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
    "msyh.ttc",
    "wqy-microhei.ttc",
    "Arial Unicode.ttf",
    "arial.ttf",
    "DejaVuSans.ttf",
)


def font_for(text: str, size: int) -> Any:
    """Pillow's default font; for scripts that it lacks, a common system font if available."""
    if any(ord(letter) >= _LATIN_END and ord(letter) not in _PUNCTUATION for letter in text):
        for name in _WIDER:
            try:
                return ImageFont.truetype(name, size)
            except OSError:
                continue
    return ImageFont.load_default(size)


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
