"""Label maps of whole videos from answers to single sentences: Ref-DAVIS17's classic protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from momentvos.data.formats import davis, pictures
from momentvos.data.formats.frame_samples import LabelSample
from momentvos.evaluation.davis import ObjectScore, Unsupervised, merge, objects
from momentvos.masklet import Masklet

Lookup = Callable[[LabelSample], Masklet]


def object_scores(videos: Sequence[Sequence[LabelSample]], lookup: Lookup) -> list[ObjectScore]:
    """Every object of every video, once for each annotator whose sentences were answered.

    videos: all sentences about each. Masks are hard: where two objects claim a pixel, the first
    has it, as argmax has it of equals. Raises DataError for a truth that cannot be read.
    """
    return [score for video in videos for score in _video(video, lookup)]


def _video(samples: Sequence[LabelSample], lookup: Lookup) -> Iterator[ObjectScore]:
    by_object = sorted(samples, key=lambda sample: int(sample.expression_id))
    truth = by_object[0].labels
    count = objects(pictures.labels(truth[0]))
    for annotator in range(davis.ANNOTATORS):
        answers = [lookup(one) for one in by_object if davis.annotator(one) == annotator]
        if not answers:
            continue
        video = Unsupervised(count, len(answers))
        for frame, path in enumerate(truth):
            masks = np.stack([answer.get(frame) for answer in answers])
            video.add(pictures.labels(path), merge(masks))
        yield from video.scores(by_object[0].video_id, annotator)
