"""Video in and out: frames with exact times, overlays with sound, result folders."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from momentvos.media.export import save_prediction as save_prediction
    from momentvos.media.frame import Frame as Frame
    from momentvos.media.geometry import fit as fit
    from momentvos.media.geometry import to_input as to_input
    from momentvos.media.geometry import to_output as to_output
    from momentvos.media.overlay import Overlay as Overlay
    from momentvos.media.plot import timeline as timeline
    from momentvos.media.video import Video as Video
    from momentvos.media.writer import VideoWriter as VideoWriter

_HOMES = {
    "Frame": "frame",
    "Overlay": "overlay",
    "Video": "video",
    "VideoWriter": "writer",
    "fit": "geometry",
    "save_prediction": "export",
    "timeline": "plot",
    "to_input": "geometry",
    "to_output": "geometry",
}
__all__ = [
    "Frame",
    "Overlay",
    "Video",
    "VideoWriter",
    "fit",
    "save_prediction",
    "timeline",
    "to_input",
    "to_output",
]


def __getattr__(name: str) -> Any:
    """Resolve a public name on first use, so that PyAV, torch and matplotlib load when needed."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
