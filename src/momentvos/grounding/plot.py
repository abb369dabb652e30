"""A plot of groundings: relevance over seconds, the moment shaded, the best frames below."""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentvos.errors import OutputError

if TYPE_CHECKING:
    from momentvos.grounding.result import Grounding
    from momentvos.media import Video

_SPAN, _CURVE, _INK, _FAINT = "#ff3d7f", "#c2185b", "#222831", "#b8bfc7"
_WIDTH, _PANEL, _DPI = 10.0, 3.4, 120
_THUMBS, _SIDE = 8, 240
_POINTS = 4000
_TITLE = 88


def timeline(groundings: Sequence[Grounding], video: Video, target: str | Path) -> None:
    """Write a PNG 1200 pixels wide with a panel for each sentence.

    Raises OutputError where the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    height = _PANEL * len(groundings)
    figure = Figure(figsize=(_WIDTH, height), dpi=_DPI, layout="constrained", facecolor="white")
    canvas = FigureCanvasAgg(figure)
    thumbs = _thumbnails(groundings, video)
    panels = figure.subfigures(len(groundings), 1, squeeze=False)[:, 0]
    for panel, grounding in zip(panels, groundings, strict=True):
        grid = panel.add_gridspec(2, _THUMBS, height_ratios=(1.6, 1))
        _curve(panel.add_subplot(grid[0, :]), grounding, video)
        for column, frame in enumerate(sorted(grounding.frames[:_THUMBS])):
            _thumb(panel.add_subplot(grid[1, column]), thumbs[frame], video.times[frame])
    drawn = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing", category=UserWarning)
        canvas.print_png(drawn)
    try:
        Path(target).write_bytes(drawn.getvalue())
    except OSError as error:
        raise OutputError(f"'{target}' cannot be written: {error.strerror}.") from None


def _thumbnails(groundings: Sequence[Grounding], video: Video) -> dict[int, Any]:
    from PIL import Image

    wanted = {frame for grounding in groundings for frame in grounding.frames[:_THUMBS]}
    small = {}
    for frame in video.read(sorted(wanted)):
        image = Image.fromarray(frame.rgb)
        image.thumbnail((_SIDE, _SIDE))
        small[frame.index] = image
    return small


def _curve(axes: Any, grounding: Grounding, video: Video) -> None:
    for start, end in grounding.moment.seconds(video.times, video.durations):
        axes.axvspan(start, end, color=_SPAN, alpha=0.18, linewidth=0)
    values, edges = grounding.relevance, [*video.times, video.duration]
    group = -(-len(values) // _POINTS)
    starts = range(0, len(values), group)
    heights = [max(values[start : start + group]) for start in starts]
    places = [edges[start] for start in starts]
    axes.step([*places, edges[-1]], [*heights, heights[-1]], where="post", color=_CURVE, lw=2)
    for frame in grounding.frames:
        axes.plot(video.times[frame], 1.06, "v", color=_CURVE, ms=6, clip_on=False)
    axes.set_xlim(0, max(video.duration, 1e-3))
    axes.set_ylim(0, 1.1)
    axes.set_yticks([0, 0.5, 1])
    axes.set_xlabel("seconds", color=_INK)
    axes.tick_params(colors=_INK, length=3)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(_FAINT)
    title = textwrap.shorten(grounding.sentence, _TITLE, placeholder=" …")
    title = title if len(title) > 2 else grounding.sentence[:_TITLE] + "…"
    verdict = "" if grounding.found else "   (not found)"
    axes.set_title(
        title + verdict,
        loc="left",
        color=_INK,
        fontsize=12,
        fontweight="bold",
        parse_math=False,
    )


def _thumb(axes: Any, image: Any, second: float) -> None:
    axes.imshow(image)
    axes.set_axis_off()
    axes.set_title(f"{second:.2f} s", fontsize=8, color=_INK, pad=2)
