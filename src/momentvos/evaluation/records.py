"""What some benchmarks count beside masks and moments: tubes of boxes, and tracks of instances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from momentvos.data.formats.saco import PhraseSample
from momentvos.data.formats.tube_samples import TubeSample
from momentvos.data.sample import Sample
from momentvos.evaluation.answer import Told
from momentvos.evaluation.joint import claimed
from momentvos.evaluation.phrases import Phrase, Track, phrase
from momentvos.evaluation.rle import encoded
from momentvos.evaluation.score import Answer
from momentvos.evaluation.tubes import Box, Tube
from momentvos.masklet import Masklet
from momentvos.moment import Moment

Record: TypeAlias = Tube | Phrase


def record(sample: Sample, answer: Answer | Masklet | None) -> Record | None:
    """What the sample's data set counts of an answer; None where that is masks and moments alone.

    answer: None where there is none. Raises DataError where the truth is broken.
    """
    if isinstance(sample, TubeSample):
        return _tube(sample, answer)
    return _phrase(sample, answer) if isinstance(sample, PhraseSample) else None


def _tube(sample: TubeSample, answer: Answer | Masklet | None) -> Tube:
    span, boxes = _answered(sample, answer) if answer is not None else (None, [])
    last = sample.offset + sample.length - 1
    return Tube(
        part=[sample.offset, last],
        fps=sample.fps,
        first=sample.first,
        truth=sample.boxes(),
        span=None if span is None else [sample.offset + frame for frame in span],
        boxes=boxes,
        form=sample.kind,
    )


def _answered(
    sample: TubeSample, answer: Answer | Masklet
) -> tuple[Sequence[int], list[Box | None]]:
    """The moment as one span, the most relevant, and the box of each frame."""
    if isinstance(answer, Masklet):
        frames = claimed(answer, sample.length).frames()
        return ([frames[0], frames[-1]] if frames else []), _boxes(answer, sample.length)
    moment = answer.moment.clip(sample.length) if answer.found else Moment.empty()
    spans = sorted(moment.spans, key=lambda span: -_relevance(answer.relevance, span))
    if isinstance(answer, Told) and answer.boxes:
        return (spans[0] if spans else []), [answer.boxes.get(n) for n in range(sample.length)]
    return (spans[0] if spans else []), _boxes(answer.masklet, sample.length)


def _relevance(curve: Sequence[float], span: tuple[int, int]) -> float:
    part = curve[span[0] : span[1] + 1]
    return sum(part) / len(part) if part else 0.0


def _boxes(masklet: Masklet, length: int) -> list[Box | None]:
    from pycocotools import mask as coco

    boxes: list[Box | None] = []
    for number in range(length):
        rle = masklet.rle(number)
        if rle is None:
            boxes.append(None)
            continue
        left, top, width, height = map(float, coco.toBbox(encoded(rle)))
        boxes.append((left, top, left + width, top + height))
    return boxes


def _phrase(sample: PhraseSample, answer: Answer | Masklet | None) -> Phrase:
    """One answered mask per frame is one track, whatever it covers."""
    truth: list[Track] = [*sample.tracks()]
    tracks, scores = _tracks(answer)
    drawn = [[one.rle(n) for n in range(sample.length)] for one in tracks]
    return phrase(truth, drawn, scores, tuple(sample.crowd))


def _tracks(answer: Answer | Masklet | None) -> tuple[Sequence[Masklet], Sequence[float]]:
    if isinstance(answer, Told) and answer.tracks is not None:
        return answer.tracks, answer.scores
    masklet = answer if answer is None or isinstance(answer, Masklet) else answer.masklet
    if not masklet or not (isinstance(answer, Masklet) or (answer and answer.found)):
        return [], []
    return [masklet], [1.0]
