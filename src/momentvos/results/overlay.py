"""Overlay of predictions on the frames of their video: objects, contours, sentences and moments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from momentvos.results.palette import choose
from momentvos.results.panel import Panel
from momentvos.results.styles import DEFAULT, STYLES, Object, check_style, render

if TYPE_CHECKING:
    from momentvos.media import Video
    from momentvos.results.prediction import Prediction


class Overlay:
    """Renderer of overlay frames, for one prediction or several about one video.

    Inside its moment an object is drawn in the style, outside it has a thin contour. A panel names
    the sentences, and shows their moments and the current frame on bars. It lies over the lower
    edge of pictures whose shorter side has 480 pixels or more, and else below the picture, as it
    does where it would cover over a seventh of it: the picture is then the upper part of a frame.

    Attributes:
        size: (height, width) of what `draw` returns.
        colours: RGB of each prediction's object, 0..255.
    """

    def __init__(
        self,
        predictions: Prediction | Sequence[Prediction],
        style: str = DEFAULT,
        *,
        video: Video | None = None,
        caption: bool = True,
    ) -> None:
        """Choose the colours and draw what stays the same.

        style: highlight, contour, fill, spotlight, blur or cutout. video: a few of its frames are
        looked at, so that colours are unlike what lies below. caption: whether there is a panel.
        Raises OutputError for an unknown style, and ValueError for predictions about videos of
        different sizes or lengths.
        """
        self._predictions = (
            list(predictions) if isinstance(predictions, Sequence) else [predictions]
        )
        facts = {(one.video.height, one.video.width, one.video.length) for one in self._predictions}
        if len(facts) != 1:
            raise ValueError("predictions about one video are needed, and at least one")
        ((height, width, _),) = facts
        self._style = STYLES[check_style(style)]
        self._line = max(2, round(min(height, width) / 200)) if min(height, width) >= 96 else 1
        self.colours = choose(self._predictions, video)
        self._panel: Panel | None = None
        self.size = (height, width)
        if caption:
            self._panel = Panel(self._predictions, self.colours, (height, width))
            below = 0 if self._panel.covers else self._panel.height
            self.size = (height + below, width)

    def draw(
        self,
        rgb: NDArray[np.uint8],
        masks: NDArray[np.bool_] | Sequence[NDArray[np.bool_]],
        index: int,
    ) -> NDArray[np.uint8]:
        """The overlay of frame `index`, uint8 [*size, 3].

        rgb: the frame, uint8 [H, W, 3]; it is left as it is. masks: bool [H, W], for several
        predictions one each, [N, H, W].
        """
        each = [masks] if isinstance(masks, np.ndarray) and masks.ndim == 2 else list(masks)
        objects = [
            Object(mask, index in one.moment, colour)
            for mask, one, colour in zip(each, self._predictions, self.colours, strict=True)
        ]
        drawn = render(np.ascontiguousarray(rgb), objects, self._style, self._line)
        if self._panel is None or not self._panel.height:
            return drawn
        if not self._panel.covers:
            whole = np.empty((*self.size, 3), np.uint8)
            whole[: len(drawn)] = drawn
            drawn = whole
        self._panel.draw(drawn[-self._panel.height :], index)
        return drawn
