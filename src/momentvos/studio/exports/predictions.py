"""Answers of people in the form of a model's, so that every exporter takes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from momentvos.masklet import Masklet
from momentvos.media.facts import VideoFacts
from momentvos.moment import Moment
from momentvos.results.prediction import Prediction
from momentvos.studio.exports.lists import clock
from momentvos.studio.masks import MaskReader
from momentvos.studio.snapshot import Film, Result, Snapshot

WITHOUT_MASKS = ("edl", "elan", "fcpxml", "otio", "srt")
"""Exporters that write times alone."""


def predictions(snapshot: Snapshot, masks: bool = True) -> list[Prediction]:
    """A prediction for each object of each expression that can be used.

    masks: False leaves them empty, for formats without any. Raises DataError where masks are gone.
    """
    reader = MaskReader()
    return [
        _prediction(film, result, name, moment, label, reader if masks else None)
        for film in snapshot.films
        for result in film.results
        if not result.unusable
        for name, moment, label in _objects(film, result)
    ]


def _objects(film: Film, result: Result) -> Iterator[tuple[str, Moment, str]]:
    several = len(result.moments) > 1
    for name, moment in result.moments.items():
        label = f"{result.sentence} ({film.labels.get(name, name)})" if several else result.sentence
        yield name, moment, label


def _prediction(
    film: Film, result: Result, name: str, moment: Moment, label: str, reader: MaskReader | None
) -> Prediction:
    height, width = film.masks.size
    length = film.masks.frames
    times, durations = clock(film)
    place = film.place.get("file") or film.place["images"]
    facts = VideoFacts(str(Path(place)), width, height, film.fps, length, times[-1] + durations[-1])
    masklet = Masklet(film.masks.size)
    if reader is not None and name:
        row = reader.corrected(film.masks, 0, length, [name])[name]
        for frame, counts in enumerate(row):
            if counts is not None:
                masklet.set_rle(frame, counts)
    flags = tuple(float(one) for one in moment.flags(length))
    shown = frozenset(masklet.frames())
    return Prediction(
        video=facts,
        sentence=label,
        model=", ".join(one or "adjudication" for one in result.authors) or "data set",
        found=bool(moment),
        presence=1.0 if moment else 0.0,
        moment=moment,
        seconds=tuple(moment.seconds(times, durations)),
        relevance=flags,
        scores=tuple(float(frame in shown) for frame in range(length)),
        masklet=masklet,
        method="annotation",
    )
