"""SubRip subtitles: each sentence is shown while it holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from momentvos.results.export.names import plain_text
from momentvos.results.export.text_file import write_text
from momentvos.results.export.time_text import srt_time

if TYPE_CHECKING:
    from momentvos.results.export.exporter import Options
    from momentvos.results.prediction import Prediction


def write(predictions: Sequence[Prediction], out: Path, options: Options) -> None:
    """Write a subtitle per moment, by start; none at all where nothing is found."""
    cues = sorted(
        (start, end, _lines(one.sentence)) for one in predictions for start, end in one.seconds
    )
    blocks = [
        f"{number}\n{srt_time(start)} --> {srt_time(end)}\n{text}\n"
        for number, (start, end, text) in enumerate(cues, start=1)
    ]
    write_text(out, "\n".join(blocks))


def _lines(sentence: str) -> str:
    """The sentence without empty lines, which end a subtitle, and without SRT's arrow."""
    lines = [" ".join(line.split()) for line in plain_text(sentence).splitlines()]
    return "\n".join(line for line in lines if line).replace("-->", "→") or "…"
