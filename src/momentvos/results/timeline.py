"""Timeline plot of a prediction: relevance over time, with the moment shaded."""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from momentvos.errors import OutputError

if TYPE_CHECKING:
    from momentvos.moment import Moment
    from momentvos.results.prediction import Prediction

_SPAN, _CURVE, _SCORE, _TRUTH, _INK = "#ff3d7f", "#c2185b", "#5b7083", "#2a9df4", "#222831"
_INCHES, _DPI = (10.0, 3.4), 120
_TITLE = 88
_MOST_POINTS = 4000


def timeline(
    prediction: Prediction,
    target: str | Path | BinaryIO,
    truth: Moment | None = None,
    times: Sequence[float] | None = None,
) -> None:
    """Write a PNG of 1200 x 408 pixels: relevance, mask score, predicted and true moment.

    times: start of each frame in seconds; by default spread evenly over the duration.
    Raises OutputError where the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=_INCHES, dpi=_DPI, layout="constrained", facecolor="white")
    canvas = FigureCanvasAgg(figure)
    draw_timeline(figure.add_subplot(), prediction, truth, times)
    drawn = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing", category=UserWarning)
        canvas.print_png(drawn)
    if not isinstance(target, str | Path):
        target.write(drawn.getvalue())
        return
    try:
        Path(target).write_bytes(drawn.getvalue())
    except OSError as error:
        raise OutputError(f"'{target}' cannot be written: {error.strerror}.") from None


def draw_timeline(
    axes: Any,
    prediction: Prediction,
    truth: Moment | None = None,
    times: Sequence[float] | None = None,
) -> None:
    """Draw it into axes of matplotlib; arguments as of `timeline`."""
    length, duration = prediction.video.length, prediction.video.duration or 1.0
    starts = [n * duration / length for n in range(length)] if times is None else list(times)
    for number, (start, end) in enumerate(prediction.seconds):
        label = "predicted moment" if number == 0 else None
        axes.axvspan(start, end, color=_SPAN, alpha=0.18, linewidth=0, label=label, zorder=1)
    if truth is not None:
        for number, (start, end) in enumerate(truth.clip(length).seconds(starts)):
            end = duration if end >= starts[-1] else end
            label = "true moment" if number == 0 else None
            axes.plot(
                [start, end], [1.045] * 2, color=_TRUTH, lw=5, solid_capstyle="butt", label=label
            )
    edges = [*starts, duration]
    for values, colour, width, label, order in (
        (prediction.scores, _SCORE, 1.1, "mask score", 3),
        (prediction.relevance, _CURVE, 2.2, "relevance", 4),
    ):
        seconds, heights = _stairs(edges, values)
        axes.plot(seconds, heights, color=colour, lw=width, label=label, zorder=order)
    axes.set_xlim(0, max(edges[-1], 1e-3))
    axes.set_ylim(0, 1.09)
    axes.set_yticks([0, 0.5, 1])
    axes.set_xlabel("seconds", color=_INK)
    axes.grid(axis="y", color="#e4e7eb", lw=0.8, zorder=0)
    axes.set_axisbelow(True)
    axes.tick_params(colors=_INK, length=3)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#b8bfc7")
    verdict = f"{prediction.verdict}, presence {prediction.presence:.2f}"
    title = textwrap.shorten(prediction.sentence, _TITLE, placeholder=" …")
    title = title if len(title) > 2 else prediction.sentence[:_TITLE] + "…"
    axes.set_title(
        title, loc="left", pad=24, color=_INK, fontsize=12, fontweight="bold", parse_math=False
    )
    axes.annotate(
        verdict,
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 7),
        textcoords="offset points",
        fontsize=10,
        color=_INK,
    )
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1, 1),
        ncols=4,
        frameon=False,
        fontsize=9,
        borderaxespad=0.2,
        handlelength=1.6,
    )


def _stairs(edges: Sequence[float], values: Sequence[float]) -> tuple[list[float], list[float]]:
    """Step function of the frames' values over time.

    Very many frames are grouped, and each group is drawn with its highest value.
    """
    group = -(-len(values) // _MOST_POINTS)
    seconds: list[float] = []
    heights: list[float] = []
    for first in range(0, len(values), group):
        last = min(first + group, len(values))
        seconds += [edges[first], edges[last]]
        heights += [max(values[first:last])] * 2
    return seconds, heights
