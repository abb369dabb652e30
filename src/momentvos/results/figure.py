"""A prediction as a figure: frames with their masks above the timeline."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from momentvos.errors import OutputError
from momentvos.results.sheet import tiles
from momentvos.results.timeline import draw_timeline

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from momentvos.results.prediction import Prediction

_COLUMNS = 4
_WIDTH, _TIMELINE = 11.0, 3.2
"""Inches."""
_INSIDE, _OUTSIDE = "#c2185b", "#5b7083"


def figure(prediction: Prediction, frames: int = 8) -> Figure:
    """See `Prediction.plot`. The figure is not one of pyplot's, so it needs no closing."""
    from matplotlib.figure import Figure

    class NotebookFigure(Figure):
        """A figure that notebooks show without pyplot."""

        def _repr_png_(self) -> bytes:
            drawn = io.BytesIO()
            self.savefig(drawn, format="png", dpi=90)
            return drawn.getvalue()

    made = NotebookFigure()
    draw(prediction, made, frames)
    return made


def draw(prediction: Prediction, target: Any, frames: int = 8) -> None:
    """Draw into an empty figure of matplotlib, and set its size."""
    shown = list(tiles(prediction, frames))
    columns = min(_COLUMNS, len(shown)) or 1
    rows = -(-len(shown) // columns)
    height, width = prediction.video.height, prediction.video.width
    tall = min(_WIDTH / columns * height / width, 6.0) + 0.25
    target.set_size_inches(_WIDTH, rows * tall + _TIMELINE)
    target.set_layout_engine("constrained")
    grid = target.add_gridspec(rows + 1, columns, height_ratios=[*[tall] * rows, _TIMELINE])
    for place, tile in enumerate(shown):
        axes = target.add_subplot(grid[place // columns, place % columns])
        axes.imshow(tile.rgb, interpolation="antialiased")
        axes.set_axis_off()
        colour = _INSIDE if tile.inside else _OUTSIDE
        label = f"frame {tile.frame}, {tile.second:.2f} s"
        axes.set_title(label, fontsize=9, color=colour, loc="left", pad=3)
    draw_timeline(target.add_subplot(grid[rows, :]), prediction, times=prediction.times)


def show(prediction: Prediction) -> None:
    """See `Prediction.show`."""
    from momentvos.results.in_notebook import in_notebook

    if in_notebook():
        from IPython.display import display

        display(prediction)
        return
    import matplotlib as mpl
    from matplotlib.backends import BackendFilter, backend_registry

    windowed = backend_registry.list_builtin(BackendFilter.INTERACTIVE)
    if mpl.get_backend().lower() not in {name.lower() for name in windowed}:
        raise OutputError(
            "There is no window to show the answer in; store a picture of it: "
            'prediction.plot().savefig("answer.png").'
        )
    from matplotlib import pyplot as plt

    draw(prediction, plt.figure())
    plt.show()
