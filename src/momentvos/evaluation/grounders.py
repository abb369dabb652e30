"""Who answers while a benchmark runs: a model for masks, and what `--grounder` takes for when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from momentvos.data.sample import Sample
from momentvos.errors import MomentError
from momentvos.grounding import Grounding, Spec, build, parse
from momentvos.masklet import Masklet
from momentvos.media.video import Video
from momentvos.moment import Moment
from momentvos.results.prediction import Prediction

Ground = Callable[[Video, Sequence[Sample]], Sequence[Grounding]]
"""When each sample of one video holds."""

Ask = Callable[[Video, Sequence[Sample]], Iterable[Prediction]]
"""The answers to the samples of one video, in their order, each as soon as it is there."""

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


def room(spec: Spec, device: str, model: Callable[[], Any]) -> Ground:
    """What says when, with its weights loaded; `model` gives what the name "model" stands for.

    Raises ModelError, DeviceError.
    """
    from momentvos.grounding.model_grounder import ModelGrounder

    asked: list[Sample] = []
    built = build(
        spec,
        device,
        model=lambda: ModelGrounder(model()),
        truth=lambda video, sentences: [one.moment for one in asked],
    )

    def ground(video: Video, samples: Sequence[Sample]) -> Sequence[Grounding]:
        asked[:] = samples
        return built.ground(video, [sample.sentence for sample in samples])

    return ground


def segmenting(spec: Spec, device: str, model: Any) -> Ask:
    """Asks a model with the `segment_each` of `TglModel` for masks and moments.

    "model" alone leaves the moments to it. Raises as `room` does.
    """
    ground = None if str(spec) == "model" else room(spec, device, lambda: model)

    def ask(video: Video, samples: Sequence[Sample]) -> Iterable[Prediction]:
        moments: list[Moment | None] = [None] * len(samples)
        if ground is not None:
            moments = [one.moment for one in ground(video, samples)]
        sentences = [sample.sentence for sample in samples]
        found: Iterable[Prediction] = model.segment_each(video, sentences, moments)
        return found

    return ask


def timing(spec: Spec, device: str, model: Callable[[], Any]) -> Ask:
    """Asks for moments alone; masks are empty. Raises as `room` does."""
    ground = room(spec, device, model)

    def ask(video: Video, samples: Sequence[Sample]) -> list[Prediction]:
        return [_timed(video, one) for one in ground(video, samples)]

    return ask


def _timed(video: Video, said: Grounding) -> Prediction:
    return Prediction(
        video=video.facts,
        sentence=said.sentence,
        model=said.grounder,
        found=said.found,
        presence=max(said.relevance, default=0.0),
        moment=said.moment,
        seconds=tuple(said.moment.seconds(video.times, video.durations)),
        relevance=said.relevance,
        scores=(0.0,) * len(video),
        masklet=Masklet(video.size),
        notes=said.notes,
    )
