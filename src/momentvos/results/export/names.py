"""Names in exported files: of videos, frames and labels."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from momentvos.paths import check_portable, folded

if TYPE_CHECKING:
    from momentvos.results.prediction import Prediction

_LONGEST = 80


@dataclass(frozen=True)
class Group:
    """The predictions about one video, with a name for it that can be a file's."""

    name: str
    predictions: tuple[Prediction, ...]

    @property
    def first(self) -> Prediction:
        """One of them, for the facts on the video, which they share."""
        return self.predictions[0]


def by_video(predictions: Iterable[Prediction]) -> list[Group]:
    """Group predictions by video, in the order in which each first appears.

    Videos are one where path, size and length are. Names are unique, also where a file system does
    not tell upper from lower case.
    """
    groups: dict[tuple[str, int, int, int], list[Prediction]] = {}
    for one in predictions:
        facts = one.video
        groups.setdefault((facts.path, facts.width, facts.height, facts.length), []).append(one)
    names = unique(file_name(Path(key[0]).stem, "video") for key in groups)
    return [Group(name, tuple(ones)) for name, ones in zip(names, groups.values(), strict=True)]


def file_name(text: str, otherwise: str) -> str:
    """A short name for a file from any text, without spaces; `otherwise` where nothing is left."""
    words = re.findall(r"[\w.-]+", unicodedata.normalize("NFC", text))
    name = "-".join(words).strip(".-_")
    while len(name.encode()) > _LONGEST:
        name = name[:-1].strip(".-_")
    try:
        return check_portable(name, "It")
    except ValueError:
        return f"{otherwise}-{name}" if name else otherwise


def unique(names: Iterable[str], longest: int | None = None) -> list[str]:
    """The names, numbered from the second of the same on: ``clip``, ``clip-2``.

    longest: characters that a name may have; longer ones are cut.
    """
    taken: set[str] = set()
    result = []
    for name in names:
        chosen, number = _cut(name, "", longest), 1
        while folded(chosen) in taken:
            number += 1
            chosen = _cut(name, f"-{number}", longest)
        taken.add(folded(chosen))
        result.append(chosen)
    return result


def labels(sentences: Sequence[str], longest: int | None = None) -> list[str]:
    """One line of text per sentence, all different, for formats that have classes or tiers."""
    return unique((line(text) or "object" for text in sentences), longest)


def line(text: str) -> str:
    """The text on one line, without control characters."""
    return " ".join(plain_text(text).split())


def plain_text(text: str) -> str:
    """The text without what XML 1.0 cannot hold: control characters and halves of letters."""
    return "".join(letter for letter in text if letter in "\t\n\r" or _is_text(letter))


def digits(length: int) -> int:
    """Figures in the names of frames, at least five, as data sets have."""
    return max(5, len(str(max(length - 1, 0))))


def frame_names(length: int) -> list[str]:
    """Names of frames without suffix: ``00000``, ``00001``, ..."""
    width = digits(length)
    return [f"{frame:0{width}}" for frame in range(length)]


def _cut(name: str, end: str, longest: int | None) -> str:
    return name + end if longest is None else name[: longest - len(end)].rstrip() + end


def _is_text(letter: str) -> bool:
    return unicodedata.category(letter) not in ("Cc", "Cs") and letter not in "\ufffe\uffff"
