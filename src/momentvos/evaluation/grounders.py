"""Who answers while a benchmark runs: a model for masks, and what `--grounder` takes for when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from momentvos.data.sample import Sample
from momentvos.errors import MomentError
from momentvos.grounding import Grounding, Part, Spec, build, parse
from momentvos.grounding.spec import FIXED
from momentvos.media.video import Video
from momentvos.moment import Moment
from momentvos.results.prediction import Prediction

Ground = Callable[[Video, Sequence[Sample]], Sequence[Grounding]]
"""When each sample of one video holds."""

Ask = Callable[[Video, Sequence[Sample]], Iterable[Prediction]]
"""The answers to the samples of one video, in their order, each as soon as it is there."""

GIVEN = ("oracle", FIXED, "all", "uniform")
"""Grounders that look at no pixel: their moments are given, so that scoring them says nothing."""


def checked(text: str) -> Spec:
    """A spec as `momentvos.grounding.parse` reads it, without loading anything.

    Raises ModelError for no grounder, MomentError for no moment. A moment that lies outside a
    video is found out when that video's turn comes.
    """
    spec = parse(text)
    for part in spec:
        if part.name == FIXED:
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


def grounding_by(
    spec: Spec, device: str, model: Callable[[], Any], selection: bool = True
) -> Ground:
    """What says when, with its weights loaded; `model` gives what the name "model" stands for.

    selection: False asks a model's own grounder as published. Raises ModelError, DeviceError.
    """
    from momentvos.grounding.model_grounder import ModelGrounder
    from momentvos.systems.pretrained import load_pretrained

    asked: list[Sample] = []

    def own(part: Part) -> ModelGrounder:
        asked = model() if part.source is None else load_pretrained(part.source, device)
        return ModelGrounder.of(part, asked, None if selection else False)

    built = build(
        spec,
        device,
        own,
        truth=lambda video, sentences: [one.moment for one in asked],
    )

    def ground(video: Video, samples: Sequence[Sample]) -> Sequence[Grounding]:
        asked[:] = samples
        return built.ground(video, [sample.sentence for sample in samples])

    return ground


def segmenting(spec: Spec, device: str, model: Any, selection: bool = True) -> Ask:
    """Asks a model with the `segment_each` of `System` for masks and moments.

    "model" alone leaves the moments to it. selection: False asks it as published. Raises as
    `grounding_by` does.
    """
    options = {} if selection else {"selection": False}
    ground = None if str(spec) == "model" else grounding_by(spec, device, lambda: model, selection)

    def ask(video: Video, samples: Sequence[Sample]) -> Iterable[Prediction]:
        moments: list[Moment | None] = [None] * len(samples)
        if ground is not None:
            moments = [one.moment for one in ground(video, samples)]
        sentences = [sample.sentence for sample in samples]
        predictions: Iterable[Prediction] = model.segment_each(video, sentences, moments, **options)
        return predictions

    return ask


def timing(spec: Spec, device: str, model: Callable[[], Any], selection: bool = True) -> Ask:
    """Asks for moments alone; masks are empty. Raises as `grounding_by` does."""
    from momentvos.systems.driver import grounded_prediction

    ground = grounding_by(spec, device, model, selection)

    def ask(video: Video, samples: Sequence[Sample]) -> list[Prediction]:
        return [grounded_prediction(video, one, one.grounder) for one in ground(video, samples)]

    return ask
