"""Doors of videos and pictures: one for each kind of container, with the files that failed once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tests.fuzz.door import Door
from tests.fuzz.files import BINARY
from tests.fuzz.pictures import PICTURES, photo
from tests.fuzz.videos import VIDEOS

if TYPE_CHECKING:
    from momentvos.media.facts import VideoFacts
    from momentvos.results.prediction import Prediction


def watch(path: Path) -> None:
    """Read every frame, some again out of order, and write the overlay with its sound."""
    from momentvos.media import Video

    video = Video.open(path)
    length = sum(1 for _ in video.frames())
    assert length == len(video) == len(video.times)
    for number in (length // 2, length - 1):
        assert next(video.read([number])).rgb.shape == (*video.size, 3)
    assert np.isfinite(video.times).all() and np.diff([-1, *video.times]).min() > 0
    answer = _answer(video.facts, video.durations[0])
    answer.save((path if path.is_dir() else path.parent) / "out/answer", video=video)


def _answer(facts: VideoFacts, end: float) -> Prediction:
    """The whole first frame."""
    from momentvos.masklet import Masklet
    from momentvos.moment import Moment
    from momentvos.results.prediction import Prediction

    masklet = Masklet((facts.height, facts.width))
    masklet.set(0, np.ones(masklet.size, bool))
    even = (0.5,) * facts.length
    moment = Moment([[0, 0]])
    return Prediction(
        facts, "the dog that jumps", "m", True, 0.9, moment, ((0.0, end),), even, even, masklet
    )


def _imported(_: Path) -> None:
    """Load what decodes and encodes without using it, and draw, which needs no threads."""
    import io

    import av
    import PIL.Image

    import momentvos.media.animation
    import momentvos.media.container
    import momentvos.media.images
    import momentvos.results.folder
    from momentvos.media.facts import VideoFacts
    from momentvos.results.overlay import Overlay
    from momentvos.results.timeline import timeline

    PIL.Image.init()
    answer = _answer(VideoFacts("x", 64, 48, 8.0, 4, 0.5), 0.1)
    timeline(answer, io.BytesIO())
    Overlay(answer).draw(np.zeros((48, 64, 3), np.uint8), answer.masklet.get(0), 0)
    assert av.library_versions and momentvos.results.folder


def _door(makers: dict[str, Callable[[Path], object]]) -> Door:
    def make(folder: Path) -> None:
        for name, write in makers.items():
            write(folder / name)

    return Door(make, watch, dict.fromkeys(makers, BINARY), alone=True, warm=_imported)


def _folder(folder: Path) -> None:
    for number in range(3):
        photo(number).save(folder / f"{number:05}.jpg")
        photo(number).save(folder / f"{number + 3:05}.png")


_FOLDER = Door(
    _folder,
    watch,
    dict.fromkeys(("00000.jpg", "00001.jpg", "00003.png", "00004.png"), BINARY),
    warm=_imported,
)
DOORS = {kind: _door(makers) for kind, makers in (VIDEOS | PICTURES).items()} | {"folder": _FOLDER}
