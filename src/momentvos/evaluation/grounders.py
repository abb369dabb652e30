"""Who says when a sentence holds while a benchmark runs: the names `--grounder` takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from momentvos.data.sample import Sample
from momentvos.errors import BenchmarkError, MomentError
from momentvos.media.video import Video
from momentvos.moment import Moment

Grounder = Callable[[Video, Sequence[Sample]], Sequence[Moment | None]]
"""Per sample of one video its M+, or None where the model itself is to find it."""


def model(video: Video, samples: Sequence[Sample]) -> list[None]:
    """The model's own grounder; all frames where it has none."""
    return [None] * len(samples)


def oracle(video: Video, samples: Sequence[Sample]) -> list[Moment]:
    """The true moments."""
    return [sample.moment for sample in samples]


def everything(video: Video, samples: Sequence[Sample]) -> list[Moment]:
    """Every frame, which makes TGL its baseline SAMWISE."""
    return [Moment.all(len(video))] * len(samples)


NAMED: dict[str, Callable[[Any], Grounder]] = {
    "model": lambda model_: model,
    "oracle": lambda model_: oracle,
    "all": lambda model_: everything,
}
"""Name -> what makes the grounder from the model. Further grounders are entered here."""


def grounder(name: str, model: Any) -> Grounder:
    """The grounder of a name, or one that says the same moment of every video.

    name: a key of `NAMED`, or a moment as `Moment.parse` reads it ("40:62", "3.2s-5.0s").
    Raises BenchmarkError for anything else. A moment that lies outside a video raises
    MomentError when that video's turn comes.
    """
    if name in NAMED:
        return NAMED[name](model)
    if not any(letter.isdigit() for letter in name):
        raise BenchmarkError(
            f"There is no grounder '{name}': choose {', '.join(NAMED)}, or give a moment such as "
            "40:62 or 3.2s-5.0s."
        )
    try:
        Moment.parse(name, [frame / 1000 for frame in range(10)])
    except MomentError as error:
        if "outside" not in str(error):
            raise
    return lambda video, samples: [Moment.parse(name, video.times)] * len(samples)
