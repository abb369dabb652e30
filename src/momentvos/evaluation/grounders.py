"""Who says when a sentence holds while a benchmark runs: what `--grounder` takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from momentvos.data.sample import Sample
from momentvos.errors import MomentError
from momentvos.grounding import Spec, build, parse
from momentvos.media.video import Video
from momentvos.moment import Moment

Grounder = Callable[[Video, Sequence[Sample]], Sequence[Moment | None]]
"""Per sample of one video its M+, or None where the model itself is to find it."""

GIVEN = ("oracle", "told", "all", "uniform")
"""Names whose moments do not come from looking, so that scoring them would say nothing."""


def checked(text: str) -> Spec:
    """A spec as `momentvos.grounding.parse` reads it, without loading anything.

    Raises ModelError for no grounder, MomentError for no moment. A moment that lies outside a
    video is found out when that video's turn comes.
    """
    spec = parse(text)
    for part in spec:
        if part.name == "told":
            try:
                Moment.parse(part.source or "", [frame / 1000 for frame in range(10)])
            except MomentError as error:
                if "outside" not in str(error):
                    raise
    return spec


def finds(spec: Spec) -> bool:
    """Whether the moments are found by looking, so that they can be scored."""
    return not any(part.name in GIVEN for part in spec)


def asks_truth(spec: Spec) -> bool:
    """Whether the data set's own moments are needed."""
    return any(part.name == "oracle" and part.source is None for part in spec)


def grounder(spec: Spec, device: str = "auto") -> Grounder:
    """What finds the moments of a video's samples, with its weights loaded.

    "model" alone leaves them to the model that segments. Raises ModelError, DeviceError.
    """
    if str(spec) == "model":
        return lambda video, samples: [None] * len(samples)
    asked: list[Sample] = []
    built = build(spec, device, truth=lambda video, sentences: [one.moment for one in asked])

    def ground(video: Video, samples: Sequence[Sample]) -> list[Moment | None]:
        asked[:] = samples
        found = built.ground(video, [sample.sentence for sample in samples])
        return [one.moment for one in found]

    return ground
