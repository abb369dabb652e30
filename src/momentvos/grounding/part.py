"""The text of `--grounder` as values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

FIXED = "told"
"""Name of a part that is a moment; specs and JSON hold the moment itself in its place."""


@dataclass(frozen=True)
class Part:
    """One grounder of a spec.

    name: of a registered grounder, or `FIXED` for a moment in `source`. source: folder, file or
    hub id. k: number of frames; threshold: relevance above which frames are chosen; one of them or
    neither. words: further options, such as the form of a chat model's question.
    """

    name: str
    source: str | None = None
    k: int | None = None
    threshold: float | None = None
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.name == FIXED:
            return self.source or ""
        text = self.name if self.source is None else f"{self.name}={self.source}"
        text += "" if self.k is None else f":{self.k}"
        text += "" if self.threshold is None else f"@{self.threshold:g}"
        return text + "".join(f"~{word}" for word in self.words)


@dataclass(frozen=True)
class Spec:
    """Grounders of which each chooses inside the moment of the one before it."""

    parts: tuple[Part, ...]

    def __str__(self) -> str:
        return "+".join(map(str, self.parts))

    def __iter__(self) -> Iterator[Part]:
        return iter(self.parts)
