"""Samples whose masks are a folder of pictures per object: what is not black is the object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from momentvos.data.formats import pictures
from momentvos.data.formats.entry import BrokenEntry
from momentvos.data.formats.frame_samples import FrameSample
from momentvos.data.sample import Target
from momentvos.moment import Moment

FPS = 6.0


@dataclass(frozen=True)
class MaskFileSample(FrameSample):
    """One object, with a picture of its mask beside some frames or all.

    counted: the frames that an evaluation counts.
    """

    folder: Path = field(kw_only=True)
    counted: Sequence[int] = field(default=(), repr=False, kw_only=True)

    def _draw(self, masks: np.ndarray, index: int) -> None:
        path = self.folder / f"{self.images[index].stem}.png"
        if not path.exists():
            if not self.folder.is_dir():
                raise BrokenEntry(self.folder, "", "is missing")
            return
        values = pictures.grey(path)
        if values.shape != self.size:
            raise BrokenEntry(
                path,
                "",
                f"is a mask of {values.shape[1]} x {values.shape[0]} pixels for a frame of "
                f"{self.size[1]} x {self.size[0]}",
            )
        masks[:] = values != 0


def mask_file_sample(
    names: tuple[str, str],
    texts: tuple[str, str],
    images: tuple[Path, ...],
    folder: Path | None,
    counted: Sequence[int],
) -> MaskFileSample:
    """Make the sample of a sentence about the object whose masks lie in `folder`.

    names: of video and expression. texts: sentence and kind. folder: None where it is not public.
    """
    known = folder is not None
    return MaskFileSample(
        *names,
        *texts,
        length=len(images),
        fps=FPS,
        targets=(Target(folder.name, Moment.all(len(images))),) if folder is not None else (),
        annotated=known,
        timed=False,
        images=images,
        folder=folder or Path(),
        counted=counted,
    )
