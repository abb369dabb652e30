"""A prediction as a piece of HTML that needs nothing else, for notebooks."""

from __future__ import annotations

import io
from base64 import b64encode
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from momentvos.results.sheet import Tile, tiles
from momentvos.results.timeline import timeline

if TYPE_CHECKING:
    from momentvos.results.prediction import Prediction

_FRAMES, _SIDE = 6, 240
"""Pictures of the sheet, and pixels of their longer side."""
_LONGEST = 300
"""Letters of a sentence or a note."""


def to_html(prediction: Prediction) -> str:
    """Verdict, frames with their masks, timeline and notes; pictures are in the text itself.

    Everything that comes from a user or a file is escaped. Without the video there are no frames.
    """
    parts = [
        '<div class="momentvos" style="max-width:60em;font-family:sans-serif">',
        f"<p><b>{_text(prediction.sentence)}</b><br>{_verdict(prediction)}</p>",
        _sheet(prediction),
        _picture(_timeline(prediction), "timeline: relevance, mask score and moment", "100%"),
        *(f'<p style="color:#777">{_text(note)}</p>' for note in prediction.notes),
        "</div>",
    ]
    return "\n".join(part for part in parts if part)


def _verdict(prediction: Prediction) -> str:
    spans = ", ".join(f"{start:.2f}-{end:.2f} s" for start, end in prediction.seconds[:12])
    more = len(prediction.seconds) - 12
    spans += f" and {more} more" if more > 0 else ""
    frames = f" ({len(prediction.moment)} of {prediction.video.length} frames)"
    when = f", {spans}{frames}" if spans else ""
    return (
        f"{_text(prediction.verdict)} (presence {prediction.presence:.2f}){when}; "
        f"{_text(prediction.model)} on {_text(Path(prediction.video.path).name)}"
    )


def _sheet(prediction: Prediction) -> str:
    shown = [_tile(tile) for tile in tiles(prediction, _FRAMES)]
    style = "display:flex;flex-wrap:wrap;gap:6px"
    return f'<div style="{style}">{"".join(shown)}</div>' if shown else ""


def _tile(tile: Tile) -> str:
    image = Image.fromarray(tile.rgb)
    image.thumbnail((_SIDE, _SIDE))
    drawn = io.BytesIO()
    image.save(drawn, "JPEG", quality=85)
    colour = "#c2185b" if tile.inside else "#777"
    label = f"frame {tile.frame}, {tile.second:.2f} s"
    return (
        f'<figure style="margin:0">{_picture(drawn.getvalue(), label)}'
        f'<figcaption style="font-size:80%;color:{colour}">{label}</figcaption></figure>'
    )


def _timeline(prediction: Prediction) -> bytes:
    drawn = io.BytesIO()
    timeline(prediction, drawn, times=prediction.times)
    return drawn.getvalue()


def _picture(data: bytes, label: str, width: str = "") -> str:
    kind = "png" if data.startswith(b"\x89PNG") else "jpeg"
    style = f' style="max-width:{width}"' if width else ""
    return f'<img alt="{label}"{style} src="data:image/{kind};base64,{b64encode(data).decode()}">'


def _text(text: str) -> str:
    return escape(text if len(text) <= _LONGEST else text[:_LONGEST] + "…")
