"""Predictions as anyone's code leaves them: a folder per expression, a picture per frame."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from momentvos.data.sample import Sample
from momentvos.errors import BenchmarkError, PredictionError
from momentvos.evaluation.places import place
from momentvos.masklet import Masklet
from momentvos.media.picture import open_picture
from momentvos.results.prediction import Prediction

OWN = "prediction.json"
WRAPPER = "Annotations"


@dataclass(frozen=True)
class Fault:
    """A file or folder that should be there, should not, or cannot be used, and why."""

    kind: Literal["missing", "extra", "wrong"]
    path: str
    why: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.path} ({self.why})"


class NotAnswered(PredictionError):
    """There is no usable answer to an expression. fault: the first reason for it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault.path} is {fault.kind}: {fault.why}.")
        self.fault = fault


class Predictions:
    """A folder of masks, ``video/expression/frame.png`` (0 is background), or of this program's
    results, ``video/expression/prediction.json``; all of it may lie in ``Annotations/``.

    frames: names of a sample's frames. Raises BenchmarkError where `root` is no folder.
    """

    def __init__(self, root: Path, frames: Callable[[Sample], Sequence[str]]) -> None:
        if not root.is_dir():
            raise BenchmarkError(f"'{root}' is no folder; give the one that holds the videos'.")
        self.root = root / WRAPPER if (root / WRAPPER).is_dir() else root
        self._frames = frames

    def folder(self, sample: Sample) -> Path:
        """Where the answer to a sample lies. Raises BenchmarkError as `place` does."""
        return self.root / place(sample)

    def load(self, sample: Sample) -> Prediction | Masklet:
        """The answer to a sample. Raises NotAnswered for the first file that fails it."""
        folder = self.folder(sample)
        if not folder.is_dir():
            missing = folder if folder.parent.is_dir() else self.root / sample.video_id
            raise NotAnswered(Fault("missing", str(missing), "the folder is not there"))
        if (folder / OWN).exists():
            return self._own(folder / OWN, sample)
        masklet = Masklet(sample.size)
        for number, name in enumerate(self._frames(sample)):
            masklet.set(number, _mask(folder / f"{name}.png", sample.size))
        return masklet

    def _own(self, path: Path, sample: Sample) -> Prediction:
        try:
            prediction = Prediction.load(path)
        except PredictionError as error:
            raise NotAnswered(Fault("wrong", str(path), str(error).rstrip("."))) from None
        facts = prediction.video
        if (facts.height, facts.width, facts.length) != (*sample.size, sample.length):
            raise NotAnswered(
                Fault(
                    "wrong",
                    str(path),
                    f"it is about {facts.length} frames of {facts.width} x {facts.height} pixels, "
                    f"the video has {sample.length} of {sample.size[1]} x {sample.size[0]}",
                )
            )
        return prediction

    def surplus(self, samples: Sequence[Sample]) -> list[Fault]:
        """What lies in the folder and answers no sample."""
        places = {self.folder(sample): sample for sample in samples}
        parents = {parent for place in places for parent in place.parents}
        faults = []
        for at, folders, files in os.walk(self.root):
            here = Path(at)
            if here in places:
                known = {f"{name}.png" for name in self._frames(places[here])}
                if (here / OWN).exists():
                    folders.clear()
                    continue
                faults += [_extra(here / name, "no frame's") for name in files if name not in known]
                faults += [_extra(here / name, "a folder among frames") for name in folders]
                folders.clear()
                continue
            faults += [_extra(here / name, "no picture belongs here") for name in files]
            for name in list(folders):
                if here / name not in places and here / name not in parents:
                    faults.append(_extra(here / name, "no video's or expression's"))
                    folders.remove(name)
        return sorted(faults, key=lambda fault: fault.path)


def _extra(path: Path, why: str) -> Fault:
    return Fault("extra", str(path), why)


def _mask(path: Path, size: tuple[int, int]) -> NDArray[np.bool_]:
    """The pixels of a picture that are not black, or whose index in its palette is not 0."""
    from PIL import Image

    if not path.exists():
        raise NotAnswered(Fault("missing", str(path), "a frame's mask is not there"))
    try:
        with open_picture(path) as picture:
            if (picture.height, picture.width) != size:
                why = (
                    f"it is {picture.width} x {picture.height} pixels, the frame is {size[1]} x "
                    f"{size[0]}"
                )
                raise NotAnswered(Fault("wrong", str(path), why))
            opaque = picture.mode.rstrip("A") if picture.mode in ("RGBA", "LA") else None
            values = np.asarray(picture if opaque is None else picture.convert(opaque))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        why = f"it cannot be read: {str(error) or type(error).__name__}"
        raise NotAnswered(Fault("wrong", str(path), why)) from None
    found = values != 0
    return found if found.ndim == 2 else found.any(axis=-1)
