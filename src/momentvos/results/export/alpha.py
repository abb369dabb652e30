"""Video with the object's opacity as alpha channel: ProRes 4444 (.mov) or VP9 (.webm).

Alpha is straight (not premultiplied): colours are those of the source everywhere, also where
nothing is opaque, so that an editor can still soften or move the edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from numpy.typing import NDArray

from momentvos.results.export.film import Film
from momentvos.results.export.footage import footage, opened, probe
from momentvos.results.export.matte import opacities

if TYPE_CHECKING:
    from momentvos.results.export.exporter import Options
    from momentvos.results.prediction import Prediction

_PRORES = {"profile": "4444", "vendor": "apl0", "alpha_bits": "16"}
_VP9 = {
    "crf": "24",
    "b": "0",
    "deadline": "good",
    "cpu-used": "5",
    "row-mt": "1",
    "auto-alt-ref": "0",
}


def write(predictions: Sequence[Prediction], out: Path, options: Options) -> tuple[str, ...]:
    """Write the video of one prediction; returns notes. Raises OutputError, VideoError."""
    (prediction,) = predictions
    video, clip = opened(prediction, options), footage(prediction, options)
    web = out.suffix == ".webm"
    codec, pixels = ("libvpx-vp9", "yuva420p") if web else ("prores_ks", "yuva444p10le")
    code = None if web else probe(prediction, options).timecode
    with Film(out, video.size, clip, codec, pixels, _VP9 if web else _PRORES, code) as film:
        masks = opacities(prediction, options)
        for frame, (index, opacity) in zip(video.frames(), masks, strict=True):
            film.write(_frame(frame.rgb, opacity, pixels, film.matrix))
            options.report(index + 1, len(video))
    return clip.notes


def _frame(
    rgb: NDArray[np.uint8], opacity: NDArray[np.uint8], pixels: str, matrix: str
) -> av.VideoFrame:
    rgba = np.dstack([rgb, opacity])
    return av.VideoFrame.from_ndarray(rgba, format="rgba").reformat(
        format=pixels, dst_colorspace=matrix, src_color_range="JPEG", dst_color_range="MPEG"
    )
